"""Words that want to be markup, in every field that people fill in, on every page that shows them."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from core.courses.models import Caption, CourseState, TeamRole
from core.db import db
from core.progress.models import Appeal
from core.tenancy import institution_scope
from core.users.models import ApiToken, RosterImport, RosterRow, RowOutcome
from tests.client import Client
from tests.factories import Factory
from tests.web.test_every_address import NOBODYS, WORDS, addresses

EVIL = "x</script><script>evil()</script>\"'><img src=x onerror=evil()>{{7*7}}"
MARKDOWN = (
    f"{EVIL}\n\n[a](javascript:evil())\n\n<svg onload=evil()></svg>\n\n![b](javascript:evil())\n\n<style>*{{}}</style>"
)


class Findings(HTMLParser):
    """What the rules of the site forbid in a page, wherever it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "style"} and "nonce" not in given and given.get("type") != "application/ld+json":
            self.found.append(f"<{tag}> without a nonce")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"{name}={value!r} in <{tag}>")
            if re.match(r"\s*javascript:", value or "", re.IGNORECASE):
                self.found.append(f"{name}={value!r}")
        if tag == "img" and given.get("src") == "x":
            self.found.append("an element that somebody typed")

    def handle_data(self, data: str) -> None:
        if "49}}" in data or "'>49" in data or "=evil()>49" in data:
            self.found.append("a template that somebody typed was run")


def findings(html: str) -> list[str]:
    parser = Findings()
    parser.feed(html)
    return parser.found


@pytest.fixture
def hostile(make: Factory) -> dict[str, Any]:
    """A course whose every word is hostile, with all that can be seen of it."""
    institution = make.institution(name=EVIL)
    leader = make.member(institution, "administrator", name=EVIL)
    learner = make.member(institution, name=EVIL)
    texts = {"summary": EVIL, "description": MARKDOWN, "outcomes": MARKDOWN, "audience": MARKDOWN}
    course = make.course(institution, leader, title=EVIL, state=CourseState.PUBLISHED, **texts)
    mate = make.teammate(course, make.user(name=EVIL), TeamRole.INSTRUCTOR)
    chapter = make.chapter(course, title=EVIL)
    video = make.lesson(course, chapter, kind="video", title=EVIL, body=MARKDOWN)
    page = make.lesson(course, chapter, title=EVIL, body=MARKDOWN, is_preview=True)
    run = make.run(course, title=EVIL)
    group = make.class_group(run, name=EVIL[:60])
    enrolment = make.enrolment(run, learner, message=EVIL, class_group_id=group.id)
    cue = f"<v {EVIL[:9]}>a<b onclick=evil()>b</b>&lt;img src=x onerror=evil()&gt;"
    with institution_scope(institution.id):
        appeal = Appeal(enrolment_id=enrolment.id, lesson_id=video.id, text=EVIL)
        caption = Caption(
            lesson_id=video.id,
            language="zh-CN",
            label=EVIL[:40],
            vtt=f"WEBVTT\n\n00:00.000 --> 00:09.000\n{cue}\n",
        )
        roster = RosterImport(file_name=EVIL, counts={"refused": 1}, state="checked")
        token = ApiToken(user_id=leader.id, name=EVIL[:80], token_hash="h")
        db.session.add_all([appeal, caption, roster, token])
        db.session.flush()
        values = {"name": EVIL, "external_id": EVIL, "email": EVIL, "username": EVIL, "class_name": EVIL}
        reason = {"code": "row_email", "column": "email", "params": {"email": EVIL}}
        db.session.add(
            RosterRow(import_id=roster.id, number=1, values=values, outcome=RowOutcome.REFUSED, reason=reason)
        )
        db.session.commit()
    found = {
        "course_slug": course.slug,
        "institution_slug": institution.slug,
        "chapter_id": chapter.id,
        "run_id": run.id,
        "group_id": group.id,
        "enrolment_id": enrolment.id,
        "member_id": mate.id,
        "appeal_id": appeal.id,
        "import_id": roster.id,
        "user_id": learner.id,
        "caption_id": caption.id,
        "asset_id": video.asset_id,
    }
    return {
        "leader": leader,
        "learner": learner,
        "values": {**WORDS, **NOBODYS, **found},
        "lessons": [video.id, page.id],
    }


@pytest.mark.parametrize("who", ["leader", "learner", "visitor"])
def test_no_page_takes_words_for_markup(
    app: Flask, login: Callable[..., Client], hostile: dict[str, Any], who: str
) -> None:
    client = app.test_client() if who == "visitor" else login(hostile[who])
    seen = 0
    for lesson_id in hostile["lessons"]:
        for _rule, method, address in addresses(app, {**hostile["values"], "lesson_id": lesson_id}):
            if method != "GET":
                continue
            for query in ("", "?q=" + EVIL.replace("&", "").replace("#", "")):
                answer = client.get(address + query)
                assert answer.status_code < 500, f"{address}{query} answers {answer.status_code}"
                if answer.mimetype == "text/html":
                    assert findings(answer.text) == [], f"{address}{query}"
                    seen += answer.status_code == 200 and "x&lt;/script&gt;" in answer.text
                    policy = answer.headers["Content-Security-Policy"]
                    assert "unsafe" not in policy
    assert seen > {"leader": 40, "learner": 8, "visitor": 5}[who]


PARAMETERS = """q page group show sort state role waiting run t as captions next outcome cursor limit tab kind lesson
    level subject language institution hours certificate open stream"""
STRANGE = ("%FF%FE", "%00", "%EF%BF%BD", "-1", "0", "99999999999999999999", "1e308", "nan", "%F0%9F%98%80", "")
QUERIES = ["?" + "&".join(f"{name}={value}" for name in PARAMETERS.split()) for value in STRANGE]


def test_no_address_breaks_on_a_strange_query(
    app: Flask, login: Callable[..., Client], hostile: dict[str, Any]
) -> None:
    clients = [login(hostile["leader"]), login(hostile["learner"])]
    for _rule, method, address in addresses(app, {**hostile["values"], "lesson_id": hostile["lessons"][0]}):
        if method == "GET":
            for query in QUERIES:
                for client in clients:
                    answer = client.get(address + query)
                    assert answer.status_code < 500, f"{address}{query} answers {answer.status_code}"


def test_a_reason_that_cannot_be_stored_is_said_to_be_so(
    app: Flask, login: Callable[..., Client], hostile: dict[str, Any]
) -> None:
    client, values = login(hostile["leader"]), hostile["values"]
    address = f"/teach/{values['course_slug']}/runs/{values['run_id']}/learners"
    sent = {"action": "refuse", "enrolment": values["enrolment_id"], "reason": "no \ufffd room"}
    assert client.post(address, data=sent, headers=client.csrf()).status_code == 422
