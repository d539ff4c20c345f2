"""Who may open what in the administration: every address × everybody, so that a new address cannot be forgotten."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from core.institutions.models import Institution
from core.tenancy import institution_scope
from core.users.models import RosterImport, User
from tests.factories import Factory

Login = Callable[..., FlaskClient]

OF_INSTITUTIONS = {
    "/people": "GET",
    "/people.csv": "GET",
    "/people/new": "GET",
    "/people/{user}": "GET",
    "/people/{user}/remove": "GET",
    "/people/{user}/link": "POST",
    "/people/links": "POST",
    "/imports": "GET",
    "/imports#": "POST",
    "/imports/template.xlsx": "GET",
    "/imports/{list}": "GET",
    "/imports/{list}/apply": "POST",
    "/imports/{list}/again": "POST",
    "/imports/{list}/links": "POST",
    "/rules": "GET",
    "/rules#": "POST",
    "/profile": "GET",
    "/logo": "POST",
    "/courses": "GET",
    "/log": "GET",
}
"""Addresses below ``/admin/<institution>`` (a mark at the end tells two methods of one address apart)."""

ALLOWED = {200, 201, 303, 409, 422}
"""What those who may are answered: the page, or that something is missing in what was sent."""

EXPECTED = {
    "visitor": {302, 401},
    "stranger": {404},
    "student": {403},
    "instructor": {403},
    "other administrator": {404},
    "administrator": ALLOWED,
    "operator": ALLOWED,
}


@dataclass
class Place:
    """An institution with a member and an import."""

    institution: Institution
    member: User
    roster: RosterImport


@pytest.fixture
def place(make: Factory) -> Place:
    institution = make.institution(slug="jz")
    member = make.member(institution, name="王小明", home_id=institution.id)
    with institution_scope(institution.id):
        roster = RosterImport(file_name="list.csv", state="checked")
        db.session.add(roster)
        db.session.commit()
    return Place(institution, member, roster)


@pytest.fixture
def browsers(app: Flask, make: Factory, login: Login, place: Place) -> dict[str, FlaskClient]:
    """Everybody, each with a browser."""
    return {
        "visitor": app.test_client(),
        "stranger": login(make.user()),
        "student": login(make.member(place.institution)),
        "instructor": login(make.member(place.institution, "instructor")),
        "other administrator": login(make.member(make.institution(), "administrator")),
        "administrator": login(make.member(place.institution, "administrator")),
        "operator": login(make.user(is_operator=True)),
    }


def test_every_address_is_open_to_administrators_and_the_operator_only(
    place: Place, browsers: dict[str, FlaskClient]
) -> None:
    wrong = []
    for pattern, method in OF_INSTITUTIONS.items():
        path = "/admin/jz" + pattern.rstrip("#").format(user=place.member.id, list=place.roster.id)
        for who, client in browsers.items():
            answer = client.open(path, method=method, headers=client.csrf())  # type: ignore[attr-defined]
            if answer.status_code not in EXPECTED[who]:
                wrong.append(f"{method} {path} for the {who}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_the_list_of_addresses_is_complete(app: Flask) -> None:
    listed = {
        ("/admin/<institution_slug>" + pattern.rstrip("#"), method) for pattern, method in OF_INSTITUTIONS.items()
    }
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("admin.") and "institution_slug" in rule.arguments:
            path = (
                rule.rule.replace("<int:user_id>", "{user}").replace("<int:import_id>", "{list}")
                .replace("people.<kind>", "people.csv").replace("template.<kind>", "template.xlsx")
            )  # fmt: skip
            assert any(path == known for known, _method in listed), f"{path} is missing above"


@pytest.mark.parametrize(
    ("path", "open_to"),
    [("/admin", {"administrator", "other administrator", "operator"}), ("/admin/new", {"operator"})],
)
def test_the_sites_own_pages(browsers: dict[str, FlaskClient], path: str, open_to: set[str]) -> None:
    for who, client in browsers.items():
        status = client.get(path).status_code
        expected = {200, 302} if who in open_to else {302} if who == "visitor" else {403}
        assert status in expected, who


def test_another_institutions_people_and_lists_are_not_found(make: Factory, login: Login, place: Place) -> None:
    other = make.institution(slug="hx")
    client = login(make.member(other, "administrator"))
    for path in (f"people/{place.member.id}", f"people/{place.member.id}/remove", f"imports/{place.roster.id}"):
        assert client.get(f"/admin/hx/{path}").status_code == 404


def test_the_way_in_is_shown_to_those_who_may(browsers: dict[str, FlaskClient]) -> None:
    shown = {who for who, client in browsers.items() if 'href="/admin"' in client.get("/courses").text}
    assert shown == {"administrator", "other administrator", "operator"}
