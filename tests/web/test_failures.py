"""When something breaks on our side: what people are told, what the operator finds, what is tried again later."""

import io
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from core import schema
from core.app import create_app
from core.courses import public_views
from core.db import db
from core.users.models import User
from media.local import LocalStorage
from media.storage import StorageFull
from tests.client import Client
from tests.conftest import TEST_SETTINGS
from tests.factories import Factory
from tests.postgres import free_port, postgres_server


def bug(*_anything: object, **_named: object) -> Any:
    raise RuntimeError("a bug")


def test_a_bug_has_a_number_that_leads_to_its_traceback(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(public_views, "search_courses", bug)
    page = client.get("/courses")
    assert page.status_code == 500
    record = next(record for record in caplog.records if "incident" in record.getMessage())
    number = record.getMessage().split()[1]
    assert number in page.text
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert "GET /courses" in record.getMessage()


def test_the_api_tells_the_number_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.courses.api.courses_in_order", bug)
    answer = client.get("/api/v1/courses")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert len(answer.get_json()["incident"]) == 8
    assert "bug" not in answer.text


def test_a_full_disk_is_said_to_be_full_and_nothing_is_half_saved(
    make: Factory, login: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_anything: object, **_named: object) -> Any:
        raise StorageFull

    monkeypatch.setattr(LocalStorage, "put_bytes", full)
    person = make.user()
    client, picture = login(person), io.BytesIO()
    Image.new("RGB", (300, 300)).save(picture, "PNG")
    picture.seek(0)
    answer = client.post("/account/picture", data={"picture": (picture, "me.png")}, headers=client.csrf())
    assert answer.status_code == 503
    assert "磁盘已满" in answer.text
    assert db.session.get_one(User, person.id).avatar_id is None


@pytest.mark.parametrize("address", ["/courses/any", "/nothing/here"])
def test_a_page_comes_even_where_the_frame_of_all_pages_is_broken(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("core.web.pages._navigation", bug)
    page = client.get(address, headers={"Accept-Language": "en"})
    assert page.status_code == 404
    assert "<h1>This page does not exist</h1>" in page.text
    assert '<a href="/">' in page.text


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Flask]:
    """A site of its own, whose database this test may disturb."""
    app = create_app(home=tmp_path, **TEST_SETTINGS)
    app.test_client_class = Client
    with app.app_context():
        schema.upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_while_somebody_else_writes_for_long_people_are_asked_to_come_back(alone: Flask, tmp_path: Path) -> None:
    event.listen(db.engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout=20"))
    db.engine.dispose()
    other = sqlite3.connect(tmp_path / "jinke.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    client = Client(alone)
    form = {"email": "nobody@example.edu.cn", "password": "wrong"}
    busy = client.post("/login", data=form, headers=client.csrf())
    assert busy.status_code == 503
    assert busy.headers["Retry-After"] == "5"
    assert "请几秒钟后再试" in busy.text
    assert client.get("/courses").status_code == 200

    other.execute("ROLLBACK")
    other.close()
    assert client.post("/login", data=form, headers=client.csrf()).status_code < 500


def test_what_people_typed_does_not_get_into_the_log(tmp_path: Path) -> None:
    app = create_app(home=tmp_path, **{**TEST_SETTINGS, "debug": False, "cheap_hashes": False})
    with app.app_context():
        schema.upgrade()
        with pytest.raises(DBAPIError) as failure:
            db.session.execute(db.text("INSERT INTO institution (slug) VALUES (:slug)"), {"slug": "a-secret"})
        assert "a-secret" not in str(failure.value)
        db.session.remove()
        db.engine.dispose()


def test_a_bug_in_a_statement_is_no_outage(alone: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_nonsense(*_anything: object) -> Any:
        return db.session.execute(db.text("SELECT nothing FROM nowhere"))

    monkeypatch.setattr(public_views, "search_courses", ask_nonsense)
    assert alone.test_client().get("/courses").status_code == 500


@pytest.mark.postgres
def test_while_postgresql_is_away_people_are_told_and_afterwards_all_is_well(tmp_path: Path) -> None:
    with postgres_server() as url:
        app = create_app(home=tmp_path, database_url=url, **TEST_SETTINGS)
        app.test_client_class = Client
        with app.app_context():
            schema.upgrade()
            client = app.test_client()
            assert client.get("/courses").status_code == 200
    with app.app_context():
        for _attempt in range(2):  # the first on a connection that has died, the second without any
            page = client.get("/courses")
            assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
            assert "数据库暂时连接不上" in page.text
        answer = client.get("/api/v1/me", headers={"Authorization": "Bearer jinke_x"})
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        db.session.remove()
        db.engine.dispose()


def test_without_any_connection_the_answer_is_the_same(tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    app = create_app(home=tmp_path, database_url=url, **TEST_SETTINGS)
    assert app.test_client().get("/courses").status_code == 503
