"""``jinke users import``: people from a file or a folder, for programs and for operators."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from core import audit
from core.db import db, reading
from core.institutions.models import Institution
from core.tenancy import institution_scope
from core.users import roster, roster_words
from core.users.models import RowOutcome
from core.users.roster import Step
from core.users.roster_limits import MOST_BYTES, Unusable
from core.users.roster_plan import Decision
from core.users.roster_reading import Entry, entries_of
from core.users.roster_tables import Table, read, read_many

SOME_REFUSED = 1
NOTHING_USABLE = 2


@click.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--institution", "slug", required=True, help="Slug of the institution that the people belong to.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Standard output is JSON alone.")
@with_appcontext
def import_command(file: Path, slug: str, dry_run: bool, as_json: bool) -> None:
    """Brings in the people of FILE: CSV, XLSX, SDS or OneRoster CSV, a ZIP of those, or a folder of them.

    Imported again, a file changes nothing. Passwords in it are ignored; activation links are made on the institution's
    people page.

    Status 0: every row is as it should be. 1: some rows were refused, the others are imported. 2: nothing could be
    used: the file, the institution or the options.
    """
    with reading():
        institution = db.session.scalar(select(Institution).where(Institution.slug == slug))
        db.session.rollback()
    if institution is None:
        _stop(f"There is no institution “{slug}”. Its slug is the last part of its address.", as_json)
    try:
        entries = entries_of(_tables(file))
    except Unusable as error:
        _stop(roster_words.about_file(error), as_json)
    with institution_scope(institution.id), _progress(len(entries), dry_run) as step:
        if dry_run:
            with reading():
                decisions = roster.import_entries(institution, entries, step, write_them=False)
        else:
            decisions = roster.import_entries(institution, entries, step, write_them=True)
            audit.record("people.imported", institution, file=file.name, **_counts(decisions))
            db.session.commit()
    _report(entries, decisions, dry_run=dry_run, as_json=as_json)
    sys.exit(SOME_REFUSED if _counts(decisions)[RowOutcome.REFUSED] else 0)


def _tables(path: Path) -> list[Table]:
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.suffix.lower() == ".csv" and each.is_file())
        return read_many([(each.name, _bytes(each)) for each in found])
    return read(_bytes(path), path.name)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        # One more than is allowed, so that a file of any size is refused without reading it all.
        return file.read(MOST_BYTES + 1)


@contextmanager
def _progress(total: int, dry_run: bool) -> Iterator[Step]:
    """Commits each batch and shows how far it is; nothing is shown where nobody looks."""
    bar = click.progressbar(length=total, label="…", file=sys.stderr, hidden=not sys.stderr.isatty())

    def step(done: int, _total: int) -> None:
        if dry_run:
            db.session.rollback()
        else:
            db.session.commit()
        bar.update(done - bar.pos)

    with bar:
        yield step


def _counts(decisions: Sequence[Decision]) -> dict[str, int]:
    outcomes = [each for each in RowOutcome if each != RowOutcome.WAITING]
    return {str(outcome): sum(1 for each in decisions if each.outcome == outcome) for outcome in outcomes}


def _report(entries: Sequence[Entry], decisions: Sequence[Decision], *, dry_run: bool, as_json: bool) -> None:
    counts = _counts(decisions)
    refused = [
        _refusal(entry, each)
        for entry, each in zip(entries, decisions, strict=True)
        if each.outcome == RowOutcome.REFUSED
    ]
    if as_json:
        rows = [_row(entry, each) for entry, each in zip(entries, decisions, strict=True)]
        counts.pop(RowOutcome.REFUSED)
        body = {"dry_run": dry_run, "total": len(entries), **counts, "refused": refused, "rows": rows}
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    for each in refused:
        place = f"{each['file']}: {each['row']}" if each["file"] else str(each["row"])
        click.echo(f"{place:>8}  {each['reason']}")
    click.echo(", ".join(f"{label}: {counts[outcome]}" for outcome, label in roster_words.OUTCOMES.items()))


def _refusal(entry: Entry, decision: Decision) -> dict[str, Any]:
    return {
        "file": entry.source,
        "row": entry.number,
        "column": str(roster_words.COLUMNS[decision.reason["column"]]),
        "code": decision.reason["code"],
        "reason": roster_words.about_refusal(decision.reason),
    }


def _row(entry: Entry, decision: Decision) -> dict[str, Any]:
    values = {name: entry.values.get(name, "") for name in ("name", "external_id", "email", "username", "class_name")}
    return {
        "file": entry.source,
        "row": entry.number,
        "outcome": decision.outcome,
        **values,
        "words": roster_words.about_row(decision.outcome, decision.reason),
    }


def _stop(sentence: str, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"error": sentence}, ensure_ascii=False))
    else:
        click.echo(sentence, err=True)
    sys.exit(NOTHING_USABLE)
