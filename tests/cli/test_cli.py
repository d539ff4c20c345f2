"""The ``jinke`` program as a shell runs it: sites side by side, JSON alone, sentences instead of tracebacks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.app import create_app
from core.db import db
from tests.factories import Factory
from tests.postgres import free_port

Run = Callable[..., subprocess.CompletedProcess[str]]
PROGRAM = Path(sys.executable).with_name("jinke")


@pytest.fixture
def jinke(tmp_path: Path) -> Run:
    """``jinke("courses", "list", home="a", LANG="en")`` runs the program in a site of this test."""

    def run(*arguments: str, home: str = "site", **environ: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        settings = {"JINKE_HOME": str(tmp_path / home), **inherited, **environ}
        return subprocess.run([PROGRAM, *arguments], env=settings, cwd=tmp_path, capture_output=True, text=True)

    return run


def inhabit(home: Path, make: Callable[[Factory], Any]) -> None:
    """Puts rows into a site from outside."""
    app: Flask = create_app(home=home)
    with app.app_context():
        make(Factory())
        db.session.remove()
        db.engine.dispose()


def test_sites_live_side_by_side(jinke: Run, tmp_path: Path) -> None:
    for home in ("a", "b"):
        made = jinke("init", home=home)
        assert (made.returncode, made.stdout.strip(), made.stderr) == (0, str(tmp_path / home), "")
    again = jinke("init", home="a")
    assert again.returncode == 0
    inhabit(tmp_path / "a", lambda make: make.course(make.institution(slug="here"), slug="only-in-a", title="制茶"))

    listed = json.loads(jinke("courses", "list", "--json", home="a").stdout)["courses"]
    assert [(one["slug"], one["title"], one["institution"]) for one in listed] == [("only-in-a", "制茶", "here")]
    assert json.loads(jinke("courses", "list", "--json", home="b").stdout) == {"courses": []}
    secrets = {(tmp_path / home / "secret_key").read_text() for home in ("a", "b")}
    assert len(secrets) == 2


def test_courses_are_listed_by_institution_and_state_in_every_state(jinke: Run, tmp_path: Path) -> None:
    jinke("init")

    def rows(make: Factory) -> None:
        here = make.institution(slug="here")
        make.course(here, slug="ready")
        make.course(here, slug="begun", state="draft")
        make.course(make.institution(slug="there"), slug="foreign")

    inhabit(tmp_path / "site", rows)

    def slugs(*options: str) -> list[str]:
        listed = jinke("courses", "list", "--json", *options)
        assert listed.stderr == ""
        return [one["slug"] for one in json.loads(listed.stdout)["courses"]]

    assert slugs() == ["begun", "ready", "foreign"]
    assert slugs("--institution", "here", "--state", "draft") == ["begun"]
    unknown = jinke("courses", "list", "--json", "--institution", "nowhere")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "jinke: 本站没有机构“nowhere”。\n"


@pytest.mark.parametrize(
    ("arguments", "environ", "status"),
    [
        (["courses", "list"], {}, 2),
        (["courses", "list"], {"JINKE_SECRET_KEY": "x" * 40, "JINKE_FOO": "1"}, 2),
        (["courses", "list"], {"JINKE_SECRET_KEY": "x" * 40, "JINKE_WEB_THREADS": "many"}, 2),
        (["courses", "list"], {"JINKE_SECRET_KEY": "x" * 40}, 1),
        (["init"], {"JINKE_HOME": "/dev/null/site"}, 1),
        (["upgrade"], {"JINKE_SECRET_KEY": "x" * 40, "JINKE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}, 1),
        (["nothing-like-this"], {}, 2),
        (["courses", "list", "--colour"], {}, 2),
    ],
)
def test_what_goes_wrong_is_one_sentence_on_standard_error(
    jinke: Run, arguments: list[str], environ: dict[str, str], status: int
) -> None:
    ended = jinke(*arguments, **environ)
    assert (ended.returncode, ended.stdout) == (status, ""), ended.stderr
    assert ended.stderr.startswith("jinke: ")
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "列出所有机构"),
        ({"LANG": "C.UTF-8"}, "列出所有机构"),
        ({"LANG": "en_GB.UTF-8"}, "Lists the courses"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "列出所有机构"),
    ],
)
def test_the_program_speaks_the_language_of_the_shell(jinke: Run, environ: dict[str, str], said: str) -> None:
    assert said in jinke("courses", "list", "--help", **environ).stdout


def test_help_needs_no_site_and_names_every_command(jinke: Run) -> None:
    shown = jinke("--help")
    assert shown.returncode == 0
    commands = ("init", "upgrade", "demo", "serve", "worker", "doctor", "courses", "users", "progress", "jobs")
    assert [name for name in commands if f"\n  {name}" not in shown.stdout] == []


@pytest.fixture
def healthy(jinke: Run) -> dict[str, str]:
    """Settings of a site that a doctor has nothing to say against."""
    jinke("init")
    return {"JINKE_BASE_URL": "https://courses.example.edu.cn"}


def findings(ended: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """Check → state and what to do."""
    return {each["check"]: (each["state"], each["remedy"]) for each in json.loads(ended.stdout)["checks"]}


def test_the_doctor_finds_a_new_site_healthy(jinke: Run, healthy: dict[str, str]) -> None:
    seen = jinke("doctor", "--json", **healthy)
    assert seen.stderr == ""
    states = findings(seen)
    assert states["database"][0] == states["integrity"][0] == states["worker"][0] == states["base_url"][0] == "ok"
    assert states["mail"][0] == "warn"
    assert seen.returncode == (1 if "fail" in {state for state, _remedy in states.values()} else 0)
    assert json.loads(seen.stdout)["healthy"] is (seen.returncode == 0)


def test_the_doctor_sees_what_is_wrong_and_says_what_to_do(jinke: Run, healthy: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "site" / "secret_key").chmod(0o644)

    def rows(make: Factory) -> None:
        from core import clock
        from core.jobs.service import enqueue

        make.lesson(make.course(), kind="video")
        enqueue("mail.send", {}, run_at=clock.now().replace(year=2020))
        db.session.commit()

    inhabit(tmp_path / "site", rows)
    port = str(free_port())
    seen = jinke("doctor", "--json", **healthy, JINKE_MAIL_URL=f"smtp://127.0.0.1:{port}", LANG="en_US.UTF-8")
    states = findings(seen)
    assert seen.returncode == 1
    assert states["secret"][0] == states["media"][0] == states["worker"][0] == states["mail"][0] == "fail"
    assert "chmod 600" in states["secret"][1]
    assert "jinke worker" in states["worker"][1]


def test_the_doctor_answers_in_json_even_where_nothing_can_be_read(jinke: Run) -> None:
    for environ in ({}, {"JINKE_SECRET_KEY": "x" * 40}):
        seen = jinke("doctor", "--json", home="nowhere", **environ)
        assert seen.returncode == 1
        assert json.loads(seen.stdout)["healthy"] is False
    tables = jinke("doctor", "--json", home=".", JINKE_SECRET_KEY="x" * 40)
    assert findings(tables)["database"] == ("fail", "请运行 `jinke upgrade`，然后重新启动网站。")
