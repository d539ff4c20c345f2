"""An account is not a person: what somebody gets who registers with the address of somebody else."""

from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock
from core.courses import team
from core.courses.models import TeamRole
from core.db import db
from core.errors import Invalid
from core.institutions.models import Institution, InstitutionRole, Membership
from core.tenancy import institution_scope
from core.users import roster
from core.users.models import ApiToken, RowOutcome, User
from core.users.roster_plan import Decision
from core.users.service import make_token
from tests.browser_less import forms_of, submit
from tests.client import Client
from tests.factories import PASSWORD, Factory
from tests.users.conftest import Letters, link_in, text_of

TEACHER = "teacher@school.edu.cn"
EVIL = "http://evil.example"


def bring(institution: Institution, email: str) -> Decision:
    """The institution's list names an instructor by the address."""
    row = {"name": "王老师", "external_id": "", "email": email, "username": "", "role": "instructor", "class_name": ""}
    with institution_scope(institution.id):
        decision = roster.add_person(institution, row)
        db.session.commit()
    return decision


def roles_of(user: User, institution: Institution) -> list[InstitutionRole]:
    with institution_scope(institution.id):
        return list(db.session.scalars(select(Membership.role).where(Membership.user_id == user.id)))


def test_a_stranger_who_registers_a_teachers_address_does_not_inherit_the_role(make: Factory) -> None:
    stranger = make.user(email=TEACHER, password=PASSWORD, confirmed_at=None)
    school = make.institution()
    decision = bring(school, TEACHER)
    assert decision.outcome == RowOutcome.REFUSED
    assert decision.reason["code"] == "row_email_unconfirmed"
    assert roles_of(stranger, school) == []

    stranger.confirmed_at = clock.now()
    assert bring(school, TEACHER).outcome == RowOutcome.JOINED
    assert roles_of(stranger, school) == [InstitutionRole.INSTRUCTOR]


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["not activated", "activated"])
def test_another_institutions_list_does_not_prove_an_address(make: Factory, password: str | None) -> None:
    other, school = make.institution(), make.institution()
    # The other institution's administrator wrote the address and can open the account with its link.
    account = make.user(email=TEACHER, password=password, confirmed_at=None, home_id=other.id)
    assert bring(school, TEACHER).outcome == RowOutcome.REFUSED
    assert roles_of(account, school) == []


def test_an_institution_believes_its_own_list(make: Factory) -> None:
    school = make.institution()
    account = make.user(email=TEACHER, confirmed_at=None, home_id=school.id)
    assert bring(school, TEACHER).outcome == RowOutcome.JOINED
    assert roles_of(account, school) == [InstitutionRole.INSTRUCTOR]


def test_a_team_takes_nobody_whose_address_may_be_borrowed(make: Factory) -> None:
    course = make.course()
    make.user(email=TEACHER, password=PASSWORD, confirmed_at=None)
    with institution_scope(course.institution_id):
        with pytest.raises(Invalid) as refusal:
            team.add_member(course.id, TEACHER, TeamRole.INSTRUCTOR)
        assert refusal.value.field == "login"
        with pytest.raises(Invalid) as refusal:
            team.name_reviewer(course.id, TEACHER)
        assert refusal.value.field == "reviewer"


def test_the_owner_takes_the_account_over_whole(app: Flask, client: Client, make: Factory, letters: Letters) -> None:
    user = make.user(email=TEACHER, password=PASSWORD, confirmed_at=None)
    token = make_token(user, name="for later", read_only=False, expires_at=None)
    db.session.commit()
    borrowed = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/me", headers=borrowed).status_code == 200

    submit(client, "/reset", {"email": TEACHER})
    (letter,) = letters()
    submit(client, link_in(letter), {"password": token_hex(12)})
    assert app.test_client().get("/api/v1/me", headers=borrowed).status_code == 401
    assert db.session.scalars(select(ApiToken)).all() == []


def test_links_in_letters_lead_to_this_site_whatever_host_was_asked(
    client: Client, make: Factory, letters: Letters
) -> None:
    make.user(email=TEACHER, password=PASSWORD)
    (form,) = [form for form in forms_of(client.get("/reset", base_url=EVIL)) if form.action == "/reset"]
    assert client.post("/reset", data={**form.values, "email": TEACHER}, base_url=EVIL).status_code == 303
    (letter,) = letters()
    assert "evil.example" not in text_of(letter)
    assert "http://127.0.0.1:8000/reset/" in text_of(letter)
