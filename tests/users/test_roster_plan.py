"""What becomes of a row, given who is there: found by number, address or user name, and never taken over."""

import pytest
from flask import Flask
from sqlalchemy import select

from core.db import db
from core.institutions.models import Institution, Membership
from core.tenancy import across_institutions, institution_scope
from core.users import roster, roster_words
from core.users.models import RowOutcome, User
from core.users.roster_plan import Decision, Planner
from tests.factories import Factory


def values(**given: str) -> dict[str, str]:
    names = ("name", "external_id", "email", "username", "role", "class_name")
    return dict.fromkeys(names, "") | {"name": "王小明"} | given


def bring(institution: Institution, **given: str) -> Decision:
    with institution_scope(institution.id):
        decision = roster.add_person(institution, values(**given))
        db.session.commit()
    return decision


def member(user_id: int | None, institution: Institution) -> Membership:
    with institution_scope(institution.id):
        return db.session.scalars(select(Membership).where(Membership.user_id == user_id)).one()


@pytest.fixture
def institution(make: Factory) -> Institution:
    return make.institution(slug="jz")


def test_a_new_person_has_no_password_and_belongs_to_the_institution(app: Flask, institution: Institution) -> None:
    decision = bring(institution, external_id="7", email="a@b.cn", role="instructor", class_name="软件1班")
    assert decision.outcome == RowOutcome.CREATED
    user = db.session.get_one(User, decision.user_id)
    assert (user.password, user.confirmed_at, user.home_id, user.active) == (None, None, institution.id, True)
    joined = member(user.id, institution)
    assert (joined.role, joined.external_id, joined.class_name) == ("instructor", "7", "软件1班")


def test_a_number_alone_becomes_the_name_to_log_in_with(app: Flask, make: Factory, institution: Institution) -> None:
    assert bring(institution, external_id="20260001").person["username"] == "20260001"
    # Another school's student may bear the same number: they log in with the school's name before it.
    other = make.institution(slug="hx")
    assert bring(other, external_id="20260001").person["username"] == "hx-20260001"


def test_the_same_row_again_changes_nothing(app: Flask, institution: Institution) -> None:
    row = {"external_id": "7", "email": "a@b.cn", "username": "wang", "role": "student", "class_name": "1班"}
    bring(institution, **row)
    assert bring(institution, **row).outcome == RowOutcome.UNCHANGED
    assert bring(institution, email="a@b.cn").outcome == RowOutcome.UNCHANGED
    assert bring(institution, username="wang").outcome == RowOutcome.UNCHANGED


def test_what_differs_is_named_and_written(app: Flask, institution: Institution) -> None:
    first = bring(institution, external_id="7", email="a@b.cn", class_name="1班")
    decision = bring(institution, external_id="7", name="王晓明", email="c@b.cn", class_name="2班", role="instructor")
    assert decision.outcome == RowOutcome.UPDATED
    assert decision.reason["changes"] == {
        "name": ["王小明", "王晓明"],
        "email": ["a@b.cn", "c@b.cn"],
        "role": ["student", "instructor"],
        "class_name": ["1班", "2班"],
    }
    user = db.session.get_one(User, first.user_id, populate_existing=True)
    assert (user.name, user.email) == ("王晓明", "c@b.cn")
    assert member(user.id, institution).class_name == "2班"


def test_an_account_in_use_keeps_its_address(app: Flask, institution: Institution) -> None:
    first = bring(institution, external_id="7", email="a@b.cn")
    user = db.session.get_one(User, first.user_id)
    user.password = "set by its owner"
    db.session.commit()
    decision = bring(institution, external_id="7", email="thief@b.cn")
    assert (decision.outcome, decision.reason["notes"]) == (RowOutcome.UNCHANGED, ["email_kept"])
    assert db.session.get_one(User, user.id, populate_existing=True).email == "a@b.cn"


def test_an_account_of_somebody_else_joins_and_is_not_touched(
    app: Flask, make: Factory, institution: Institution
) -> None:
    stranger = make.user(name="钱多多", email="q@b.cn", password="correct horse battery")
    decision = bring(institution, name="钱少少", external_id="9", email="q@b.cn", username="qian")
    assert (decision.outcome, decision.user_id) == (RowOutcome.JOINED, stranger.id)
    assert "钱多多" not in roster_words.about_row(decision.outcome, decision.reason)
    user = db.session.get_one(User, stranger.id, populate_existing=True)
    assert (user.name, user.username, user.home_id) == ("钱多多", None, None)
    assert bring(institution, name="钱少少", external_id="9", email="q@b.cn").outcome == RowOutcome.UNCHANGED


def test_administrators_are_not_demoted_by_a_file(app: Flask, make: Factory, institution: Institution) -> None:
    boss = make.member(institution, "administrator", email="boss@b.cn")
    decision = bring(institution, email="boss@b.cn", role="student")
    assert (decision.outcome, decision.reason["notes"]) == (RowOutcome.UNCHANGED, ["administrator_kept"])
    assert member(boss.id, institution).role == "administrator"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"external_id": "1", "email": "two@b.cn"}, "row_number_of_other"),
        ({"external_id": "99", "email": "one@b.cn"}, "row_number_differs"),
        ({"external_id": "99", "username": "two"}, "row_username_taken"),
        ({"username": "stranger"}, "row_username_taken"),
        ({"external_id": "1", "username": "stranger"}, "row_username_taken"),
        ({"external_id": "2026/01"}, "row_number_no_login"),
    ],
)
def test_rows_that_speak_of_two_people_are_refused(
    app: Flask, make: Factory, institution: Institution, row: dict[str, str], code: str
) -> None:
    bring(institution, external_id="1", email="one@b.cn", username="one")
    bring(institution, external_id="2", email="two@b.cn", username="two")
    make.user(name="局外人", username="stranger", email="s@b.cn")
    decision = bring(institution, **row)
    assert decision.outcome == RowOutcome.REFUSED
    assert decision.reason["code"] == code
    assert "局外人" not in roster_words.about_refusal(decision.reason)


def test_two_rows_about_one_person_are_refused_the_second_time(app: Flask, institution: Institution) -> None:
    bring(institution, external_id="1", email="one@b.cn")
    with institution_scope(institution.id):
        decisions = Planner(institution).decide([values(external_id="1"), values(email="one@b.cn")])
    assert [each.outcome for each in decisions] == [RowOutcome.UNCHANGED, RowOutcome.REFUSED]


def test_another_institutions_numbers_mean_nothing_here(app: Flask, make: Factory, institution: Institution) -> None:
    first = bring(institution, external_id="1", email="one@b.cn")
    other = make.institution(slug="hx")
    second = bring(other, external_id="1", email="two@b.cn")
    assert (second.outcome, first.user_id != second.user_id) == (RowOutcome.CREATED, True)
    with across_institutions("a test counts them all"):
        assert len(db.session.scalars(select(Membership)).all()) == 2
