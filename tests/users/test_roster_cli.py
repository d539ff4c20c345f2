"""``jinke users import``: JSON alone on standard output, a status that says how it went, nothing written when asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from core.db import db
from core.users.models import User
from core.users.roster_cli import import_command
from tests.factories import Factory

Import = Callable[..., Result]


@pytest.fixture
def bring(app: Flask, make: Factory) -> Import:
    """``bring(path, …)`` runs the command for the institution ``jz``."""
    make.institution(slug="jz")

    def run(path: Path, *options: str, slug: str = "jz") -> Result:
        db.session.commit()
        arguments = [str(path), "--institution", slug, *options]
        return app.test_cli_runner().invoke(import_command, arguments)

    return run


def people() -> int:
    count = db.session.scalar(select(func.count()).select_from(User)) or 0
    db.session.commit()
    return count


def said(result: Result) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_a_dry_run_says_what_would_happen(bring: Import, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("姓名,学号,邮箱\n王,1,w@b.cn\n李,2,nobody\n".encode("gbk"))
    result = bring(file, "--dry-run", "--json")
    answer = said(result)
    assert (result.exit_code, answer["created"], people()) == (1, 1, 0)
    (refused,) = answer["refused"]
    assert (refused["row"], refused["code"]) == (3, "row_email")
    assert "nobody" in refused["reason"]
    assert [row["outcome"] for row in answer["rows"]] == ["created", "refused"]


def test_imported_twice_the_second_changes_nothing(bring: Import, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("姓名,学号\n王,1\n李,2\n")
    first, second = bring(file, "--json"), bring(file, "--json")
    assert (first.exit_code, said(first)["created"]) == (0, 2)
    assert (second.exit_code, said(second)["created"], said(second)["unchanged"], people()) == (0, 0, 2, 2)


def test_a_folder_of_sds_files(bring: Import, samples: Path) -> None:
    folder = samples / "roster-csv" / "SDS v2"
    if not folder.is_dir():
        pytest.skip("the samples hold no rosters")
    result = bring(folder, "--json")
    assert (result.exit_code, said(result)["created"], people()) == (0, 29, 29)
    assert "P@ss" not in result.stdout


@pytest.mark.parametrize(("content", "slug"), [("Section SIS ID,SIS ID\n1,2\n", "jz"), ("姓名,学号\n王,1\n", "hx")])
def test_what_cannot_be_used_is_said_in_one_sentence(bring: Import, tmp_path: Path, content: str, slug: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text(content)
    result = bring(file, "--json", slug=slug)
    assert (result.exit_code, list(said(result)), people()) == (2, ["error"], 0)
    plain = bring(file, slug=slug)
    assert (plain.exit_code, plain.stdout, bool(plain.stderr)) == (2, "", True)


def test_without_json_people_read_counts_and_reasons(bring: Import, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("姓名,学号\n王,1\n,2\n")
    result = bring(file)
    assert result.exit_code == 1
    assert "3" in result.stdout
    assert "1" in result.stdout.splitlines()[-1]
