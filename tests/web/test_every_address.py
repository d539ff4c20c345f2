"""Every address of the site, whoever adds it: forged requests, strangers, and ids that belong to somebody else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from core.courses.models import CourseState, TeamRole
from core.db import db
from core.institutions.models import Institution
from core.progress.models import Appeal
from core.tenancy import institution_scope
from core.users.models import RosterImport, User
from tests.client import Client
from tests.factories import Factory

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
NOBODYS = {"upload_id": "0" * 32, "stream_id": "s" * 24, "job_id": 9999, "session_id": 9999, "token_id": 9999}
WORDS = {"language": "zh-CN", "kind": "csv", "width": 128, "name": "x", "seal": "x", "token": "x" * 20, "anything": "x"}
IN_PLACES = {"course_slug", "institution_slug", "lesson_id", "asset_id", "upload_id"}
PUBLIC = {"courses.institution", "institutions.institution", "static"}
"""Addresses that show what everybody may know of an institution."""

OPEN = {"/robots.txt", "/sitemap.xml"}
"""Addresses that say the same to everybody."""


class Place:
    """An institution with a course that nobody else may know of, and everything that an address can name in it."""

    def __init__(self, make: Factory) -> None:
        self.institution: Institution = make.institution()
        self.leader: User = make.member(self.institution, "administrator")
        self.learner: User = make.member(self.institution)
        course = make.course(self.institution, self.leader, state=CourseState.DRAFT)
        lesson, run = make.lesson(course, kind="video"), make.run(course)
        enrolment = make.enrolment(run, self.learner)
        with institution_scope(self.institution.id):
            appeal = Appeal(enrolment_id=enrolment.id, lesson_id=lesson.id, text="x")
            roster = RosterImport(file_name="x")
            db.session.add_all([appeal, roster])
            db.session.commit()
        self.slugs = {"course_slug": course.slug, "institution_slug": self.institution.slug}
        self.ids = {
            **NOBODYS,
            "lesson_id": lesson.id,
            "chapter_id": lesson.chapter_id,
            "caption_id": 1,
            "run_id": run.id,
            "group_id": make.class_group(run).id,
            "enrolment_id": enrolment.id,
            "member_id": make.teammate(course, make.user(), TeamRole.INSTRUCTOR).id,
            "appeal_id": appeal.id,
            "import_id": roster.id,
            "user_id": self.learner.id,
            "asset_id": lesson.asset_id,
        }


def addresses(app: Flask, values: dict[str, Any]) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with each of its methods, filled in."""
    values = {**WORDS, **values}
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            if rule.endpoint == "static" or rule.endpoint.startswith("api-docs"):
                continue
            unknown = rule.arguments - values.keys()
            assert not unknown, f"this test does not know what {unknown} of {rule.rule} could be: tell it"
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield (
                    rule,
                    method,
                    adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method),
                )


def ask(client: Client, rule: Rule, method: str, address: str) -> int:
    body: dict[str, Any] = {"json": {"version": 1, "title": "x"}} if rule.rule.startswith("/api") else {"data": {}}
    headers = {"Tus-Resumable": "1.0.0", **client.csrf()}
    return client.open(address, method=method, headers=headers, **body).status_code


Login = Callable[..., Client]


def test_another_site_cannot_make_a_browser_change_anything(app: Flask, make: Factory, login: Login) -> None:
    place = Place(make)
    client, tried = login(place.leader), 0
    for rule, method, address in addresses(app, place.slugs | place.ids):
        if method in UNSAFE and rule.endpoint != "web.set_language":
            answer = client.open(address, method=method, headers={"Tus-Resumable": "1.0.0"})
            assert answer.status_code == 400, f"{method} {address} answers {answer.status_code} without a token"
            tried += 1
    assert tried > 60


@pytest.mark.parametrize("who", ["stranger", "another administrator"])
def test_what_is_private_to_an_institution_is_not_there_for_others(
    app: Flask, make: Factory, login: Login, who: str
) -> None:
    place = Place(make)
    client = login(make.user() if who == "stranger" else make.member(make.institution(), "administrator"))
    for rule, method, address in addresses(app, place.slugs | place.ids):
        if rule.arguments & IN_PLACES and rule.endpoint not in PUBLIC:
            status = ask(client, rule, method, address)
            # A body that cannot be read is refused before anything is looked up.
            wanted = {404} if method not in UNSAFE else {400, 404, 422}
            assert status in wanted, f"{method} {address} answers {status}"


def test_ids_of_another_institution_lead_nowhere(app: Flask, make: Factory, login: Login) -> None:
    mine, theirs = Place(make), Place(make)
    client = login(mine.leader)
    for rule, method, address in addresses(app, mine.slugs | theirs.ids):
        # Somebody who is not on the team need not be taken off it.
        if rule.arguments & theirs.ids.keys() and rule.endpoint != "teach.remove_member":
            status = ask(client, rule, method, address)
            wanted = {404} if method not in UNSAFE else {400, 404, 422}
            assert status in wanted, f"{method} {address} answers {status}"


def test_nothing_made_for_somebody_is_kept_on_the_way(app: Flask, make: Factory, login: Login) -> None:
    place = Place(make)
    client, seen = login(place.leader), set()
    for _rule, method, address in addresses(app, place.slugs | place.ids):
        if method == "GET":
            answer = client.get(address)
            kept = answer.headers.get("Cache-Control", "")
            allowed = "no-store" in kept or "no-cache" in kept or "private" in kept
            assert allowed or address in OPEN or answer.status_code >= 300, f"{address}: {kept!r}"
            seen.add(answer.mimetype)
    assert {"text/html", "application/json", "text/csv"} <= seen
