"""Mail: asked for in a transaction, sent by a job, safe from smuggled headers."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from flask import Flask
from sqlalchemy import select

from core import mail
from core.config import current_settings
from core.db import db
from core.jobs.models import Job, JobState
from core.jobs.registry import JobFailed
from core.jobs.runner import work_off


class Postman(socketserver.StreamRequestHandler):
    """As much of an SMTP server as a mail needs; answers 550 to whoever is called ``nobody``."""

    received: list[bytes]

    def handle(self) -> None:
        self._say("220 ready")
        for line in iter(self.rfile.readline, b""):
            word = line.split()[0].upper()
            if word == b"DATA":
                self._say("354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.received.append(body)
            if word == b"QUIT":
                self._say("221 bye")
                return
            self._say("550 no such person" if b"nobody" in line else "250 ok")

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@contextmanager
def smtp_server() -> Iterator[tuple[str, list[bytes]]]:
    """A server on a free port: its ``smtp://`` address and what it received."""
    received: list[bytes] = []
    handler = type("Handler", (Postman,), {"received": received})
    with socketserver.TCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", received
        server.shutdown()


@pytest.fixture
def settings_changed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> "object":
    """``settings_changed(mail_url=…)`` changes settings for one test."""

    def change(**values: str) -> None:
        monkeypatch.setitem(app.extensions, "jinke", replace(current_settings(), **values))  # type: ignore[arg-type]

    return change


def test_a_letter_exists_exactly_when_its_reason_does(app: Flask) -> None:
    mail.send("a@example.cn", "你好", "正文")
    db.session.rollback()
    assert work_off(app) == 0


def test_a_mail_is_sent_and_its_links_are_forgotten(app: Flask, settings_changed: object) -> None:
    with smtp_server() as (url, received):
        settings_changed(mail_url=url, mail_from="金课 <no-reply@jinke.example.cn>")  # type: ignore[operator]
        job = mail.send("li.lei@example.cn", "重设密码", "打开链接：https://x/reset/geheim", "<p>打开链接</p>")
        db.session.commit()
        assert work_off(app) == 1
    message = message_from_bytes(received[0], policy=policy.default)
    assert message["To"] == "li.lei@example.cn"
    assert message["From"] == "金课 <no-reply@jinke.example.cn>"
    assert message["Subject"] == "重设密码"
    assert message["Message-ID"].startswith(f"<{job.id}.")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    body, html = message.get_body(("plain",)), message.get_body(("html",))
    assert body is not None
    assert html is not None
    assert "geheim" in body.get_content()

    db.session.expire_all()
    row = db.session.scalars(select(Job)).one()
    assert row.state == JobState.DONE
    assert row.payload == {"to": "li.lei@example.cn", "subject": "重设密码"}


def test_a_refusal_for_good_is_not_tried_again(app: Flask, settings_changed: object) -> None:
    with smtp_server() as (url, received):
        settings_changed(mail_url=url)  # type: ignore[operator]
        mail.send("nobody@example.cn", "x", "y")
        db.session.commit()
        work_off(app)
    row = db.session.scalars(select(Job).execution_options(populate_existing=True)).one()
    assert row.state == JobState.FAILED
    assert row.reason["code"] == "mail.refused"
    assert "550" in row.reason["params"]["answer"]
    assert received == []


def test_a_server_that_cannot_be_reached_is_tried_again(app: Flask, settings_changed: object) -> None:
    settings_changed(mail_url="smtp://127.0.0.1:1")  # type: ignore[operator]
    mail.send("a@example.cn", "x", "y")
    db.session.commit()
    work_off(app)
    row = db.session.scalars(select(Job).execution_options(populate_existing=True)).one()
    assert (row.state, row.failures) == (JobState.WAITING, 1)
    assert row.payload["text"] == "y"


def test_no_header_is_smuggled_in(app: Flask) -> None:
    settings = current_settings()
    message = mail.compose(settings, "1.x", to="a@example.cn", subject="x\r\nBcc: all@example.cn\n", text="y")
    assert message["Subject"] == "x Bcc: all@example.cn"
    assert message["Bcc"] is None
    for address in ("a@example.cn\nBcc: b@example.cn", "a@example.cn\r\n\r\nbody", "", "a", "a@b, c@d"):
        with pytest.raises(JobFailed):
            mail.compose(settings, "1.x", to=address, subject="x", text="y")
