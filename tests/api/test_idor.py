"""Every address of the site, walked by people who may and people who may not."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.api.conftest import Furnished
from tests.client import Client

Login = Callable[..., Client]
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
OTHERWISE = {
    "filename": "css/base.css",
    "token": "made-up",
    "upload_id": "0" * 32,
    "stream_id": "0" * 32,
    "anything": "x",
}
"""Values for parameters that name nothing of an institution."""

PARAMETERS = (
    *("q", "page", "sort", "state", "group", "run", "role", "next", "lang", "removed", "saved", "stream", "as", "t"),
    *("cursor", "limit", "level", "subject", "open", "w", "width", "since", "action", "job", "kind", "outcome"),
)
"""Names that pages look for in their address, and some that none does."""
GONE_ALREADY = {"teach.delete_group", "teach.remove_member"}
"""Taking away what is not there (any more) is no error to a double click, and changes nothing."""
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Offset": "0"}


def rules(app: Flask, method: str, under: str = "/") -> Iterator[Rule]:
    """The site's addresses for a method."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.rule.startswith(under):
            yield rule


def address(rule: Rule, values: dict[str, Any]) -> str:
    """The address with ``values`` in it; what has none is 1."""

    def fill(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        value = values.get(name, OTHERWISE.get(name, 1))
        return str(value[0] if isinstance(value, list) else value)

    return re.sub(r"<([^<>]+)>", fill, rule.rule)


@pytest.mark.parametrize("person", [None, "student", "teacher", "administrator", "stranger", "operator"])
def test_no_page_breaks_for_anybody(furnished: Furnished, login: Login, person: str | None) -> None:
    client = login(furnished.people[person]) if person else furnished.app.test_client()
    for values in (furnished.ids, furnished.private, {}):
        for rule in rules(furnished.app, "GET"):
            if rule.endpoint == "security.logout":
                continue
            answer = client.get(address(rule, values))
            answer.close()
            assert answer.status_code < 500, f"{address(rule, values)}: {answer.status_code}"


@pytest.mark.parametrize("value", ["%00", "9" * 30, "-1", "%ED%A0%80", "%FF", "x" * 3000, "'%3B--", "[]"])
def test_no_parameter_breaks_a_page(furnished: Furnished, login: Login, value: str) -> None:
    query = "&".join(f"{name}={value}" for name in PARAMETERS)
    clients = [login(furnished.people[person]) for person in ("administrator", "student")]
    for rule in rules(furnished.app, "GET"):
        if rule.endpoint == "security.logout":
            continue
        for client in clients:
            answer = client.get(f"{address(rule, furnished.ids)}?{query}")
            answer.close()
            assert answer.status_code < 500, f"{rule.rule}?…={value[:20]}: {answer.status_code}"


@pytest.mark.parametrize("method", UNSAFE)
def test_nothing_is_changed_by_people_who_did_not_log_in(furnished: Furnished, method: str) -> None:
    client = furnished.app.test_client()
    walked = 0
    for rule in rules(furnished.app, method, "/api/"):
        answer = client.open(address(rule, furnished.ids), method=method, json={})
        assert answer.status_code in {401, 404}, f"{method} {rule.rule}: {answer.status_code}"
        assert answer.mimetype == "application/problem+json"
        walked += 1
    assert walked


def test_what_another_institution_keeps_to_itself_is_not_found(furnished: Furnished, login: Login) -> None:
    for person in ("teacher", "administrator", "student"):
        client = login(furnished.people[person])
        walked = 0
        for method in ("GET", *UNSAFE):
            for rule in rules(furnished.app, method):
                if not rule.arguments & furnished.private.keys():
                    continue
                options: dict[str, Any] = {"json": {}} if rule.rule.startswith("/api/") else {}
                headers = client.csrf() | TUS if method != "GET" else {}
                answer = client.open(address(rule, furnished.private), method=method, headers=headers, **options)
                assert answer.status_code in _not_found(rule, method), f"{person} {method} {rule.rule}: {answer.status}"
                walked += 1
        assert walked > 60


def test_a_private_id_in_ones_own_course_is_not_found_either(furnished: Furnished, login: Login) -> None:
    """The course in the address is one's own; what stands behind it belongs to others."""
    client = login(furnished.people["teacher"])
    for method in ("GET", *UNSAFE):
        for rule in rules(furnished.app, method):
            inner = rule.arguments & furnished.private.keys() - {"course_slug"}
            if "course_slug" not in rule.arguments or not inner or rule.endpoint in GONE_ALREADY:
                continue
            for name in inner:
                where = address(rule, {**furnished.ids, name: furnished.private[name]})
                options: dict[str, Any] = {"json": {}} if where.startswith("/api/") else {}
                headers = client.csrf() | TUS if method != "GET" else {}
                answer = client.open(where, method=method, headers=headers, **options)
                assert answer.status_code in _not_found(rule, method), f"{method} {where}: {answer.status}"


def _not_found(rule: Rule, method: str) -> set[int]:
    # A body that lacks something is refused before it is asked whom it is for; nothing is said about the address then.
    reads_body_first = rule.rule.startswith("/api/") or rule.endpoint in {"upload_pages.form", "teach.keep_draft"}
    return {404, 422} if reads_body_first and method in {"POST", "PUT", "PATCH"} else {404}
