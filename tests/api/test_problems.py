"""How the API refuses: always a problem document, in the reader's language, with the headers that belong to it."""

from typing import Any

import pytest
from flask import Flask

from core.web import api
from tests.api.conftest import Furnished
from tests.client import Client

NULL_IN_PATHS = ("/api/v1/courses/a%00b", "/courses/a%00b", "/i/a%00b", "/api/v1/institutions/%00", "/teach/%00/review")


@pytest.mark.parametrize(
    ("method", "address", "options", "status"),
    [
        ("GET", "/api/v1/nothing", {}, 404),
        ("POST", "/api/v1/nothing", {}, 404),
        ("GET", "/api/v1/me", {}, 401),
        ("GET", "/api/v1/courses", {"headers": {"Authorization": "Bearer jinke_unknown"}}, 401),
        ("POST", "/api/v1/courses", {"json": {}}, 401),
        ("PUT", "/api/v1/subjects", {}, 405),
        ("GET", f"/api/v1/jobs/{2**70}", {}, 404),
        ("GET", f"/api/v1/courses?limit={2**70}", {}, 422),
        ("GET", "/api/v1/courses?cursor=%00", {}, 422),
        ("GET", "/api/v1/courses?q=%00%ff", {}, 200),
    ],
)
def test_visitors_get_problem_documents(
    client: Client, method: str, address: str, options: dict[str, Any], status: int
) -> None:
    answer = client.open(address, method=method, **options)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["status"] == status
        assert answer.get_json()["title"]
        assert answer.get_json()["detail"]


def test_headers_that_belong_to_a_refusal_are_there(client: Client) -> None:
    assert {"GET", "HEAD", "OPTIONS"} == set(client.put("/api/v1/subjects").headers["Allow"].split(", "))
    assert client.get("/api/v1/me").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": b"\xff\xfe", "content_type": "application/json"}, 400),
        ({"data": "[1]", "content_type": "application/json"}, 422),
        ({"data": "title=x", "content_type": "application/x-www-form-urlencoded"}, 415),
        ({"data": "{}"}, 415),
        ({"data": " " * (api.LARGEST_BODY + 1), "content_type": "application/json"}, 413),
    ],
)
def test_bodies_that_cannot_be_read(furnished: Furnished, options: dict[str, Any], status: int) -> None:
    client = furnished.app.test_client()
    answer = client.post("/api/v1/courses", headers=furnished.headers("teacher"), **options)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text


def test_refusals_speak_the_readers_language(furnished: Furnished) -> None:
    client = furnished.app.test_client()
    headers = furnished.headers("teacher")

    def said(language: str) -> str:
        answer = client.post("/api/v1/courses", json={}, headers={**headers, "Accept-Language": language})
        return str(answer.get_json()["errors"]["title"][0])

    assert said("en") == "This field is missing."
    assert said("zh-CN") == "缺少这一项。"


def test_a_page_needs_its_token_and_a_program_does_not(furnished: Furnished, login: Any) -> None:
    body = {"institution": "home", "title": "新"}
    browser = login(furnished.people["teacher"])
    assert browser.post("/api/v1/courses", json=body).status_code == 400
    assert browser.post("/api/v1/courses", json=body, headers=browser.csrf()).status_code == 201
    program = furnished.app.test_client()
    assert program.post("/api/v1/courses", json=body, headers=furnished.headers("teacher")).status_code == 201


@pytest.mark.parametrize("address", NULL_IN_PATHS)
def test_no_database_is_asked_for_what_it_cannot_hold(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_document_is_complete(app: Flask, client: Client) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    names = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            names.add(operation["operationId"])
            assert operation["summary"], path
            assert operation["tags"]
            assert {"401", "429", "500", "503"} <= operation["responses"].keys(), path
            assert [code for code in operation["responses"] if code.startswith("2")], path
    served = [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
    ]
    assert len(names) == len(served)
