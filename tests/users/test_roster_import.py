"""A list becomes people: first only said, then written in batches, once, also when the worker dies in between."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import clock
from core.db import db, reading
from core.errors import Conflict
from core.institutions.models import Institution, Membership
from core.jobs.models import Job, JobState
from core.jobs.runner import Runner, work_off
from core.tenancy import institution_scope
from core.users import roster, roster_links, roster_queries
from core.users.models import ActivationLink, ImportState, RosterImport, RosterRow, RowOutcome, User
from core.users.roster_plan import Decision
from core.users.roster_reading import Entry, entries_of
from core.users.roster_tables import read
from core.users.tokens import fast_hash
from tests.conftest import CountQueries
from tests.factories import Factory
from tests.users.conftest import Letters, link_in


def entries(count: int, *, first: int = 0) -> list[Entry]:
    rows = (f"学生{n},{20260000 + n},s{n}@example.cn,班{n % 50}\n" for n in range(first, first + count))
    return entries_of(read(("姓名,学号,邮箱,班级\n" + "".join(rows)).encode(), "list.csv"))


def people() -> int:
    """How many accounts there are. Lets go of the database at once: the worker wants to write."""
    count = db.session.scalar(select(func.count()).select_from(User)) or 0
    db.session.rollback()
    return count


def handed_in(institution: Institution, listed: list[Entry]) -> RosterImport:
    found = roster.begin(institution, listed, file_name="list.csv", actor_id=None)
    db.session.commit()
    return found


def reread(found: RosterImport) -> RosterImport:
    db.session.rollback()
    again = db.session.get_one(RosterImport, found.id, populate_existing=True)
    db.session.commit()
    return again


@pytest.fixture
def institution(make: Factory) -> Iterator[Institution]:
    made = make.institution(slug="jz")
    with institution_scope(made.id):
        yield made


def test_the_dry_run_counts_and_writes_nobody(app: Flask, institution: Institution) -> None:
    found = handed_in(institution, [*entries(3), *entries_of(read("姓名,学号,角色\n王,9,校长\n".encode(), "x"))][:3])
    work_off(app)
    found = reread(found)
    assert (found.state, found.counts, people()) == (ImportState.CHECKED, {"created": 3}, 0)


def test_applied_once_and_again_without_effect(app: Flask, institution: Institution) -> None:
    found = handed_in(institution, entries(30))
    work_off(app)
    for _click in range(2):
        roster.ask_to_apply(reread(found), None)
        db.session.commit()
    work_off(app)
    found = reread(found)
    assert (found.state, found.counts, people()) == (ImportState.APPLIED, {"created": 30}, 30)
    second = handed_in(institution, entries(30))
    work_off(app)
    assert reread(second).counts == {"unchanged": 30}


def test_a_list_that_is_still_being_checked_cannot_be_applied(app: Flask, institution: Institution) -> None:
    with pytest.raises(Conflict):
        roster.ask_to_apply(handed_in(institution, entries(1)), None)


def test_a_killed_worker_leaves_whole_batches_and_the_next_goes_on(
    app: Flask, institution: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = handed_in(institution, entries(1200))
    work_off(app)
    roster.ask_to_apply(reread(found), None)
    db.session.commit()
    batches = iter([True, False])
    real = roster.write

    def dies_in_its_second_batch(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        if not next(batches, True):
            raise KeyboardInterrupt  # nothing of the worker's own clean-up runs either when it is killed

    monkeypatch.setattr(roster, "write", dies_in_its_second_batch)
    with pytest.raises(KeyboardInterrupt):
        work_off(app)
    db.session.rollback()
    assert people() == 500
    monkeypatch.setattr(roster, "write", real)
    with clock.shifted(timedelta(minutes=10)):
        Runner(app, owner="another").look_after_others()
        work_off(app)
        # Handed on with a pause, as after any failure.
        with clock.shifted(timedelta(hours=2)):
            work_off(app)
    assert (reread(found).state, people()) == (ImportState.APPLIED, 1200)
    assert db.session.scalar(select(func.count()).select_from(Membership)) == 1200


def test_what_became_impossible_since_the_dry_run_is_refused_not_written(
    app: Flask, make: Factory, institution: Institution
) -> None:
    found = handed_in(institution, entries_of(read("姓名,学号,用户名\n王,1,wang\n李,2,li\n".encode(), "x")))
    work_off(app)
    make.user(username="wang")
    roster.ask_to_apply(reread(found), None)
    db.session.commit()
    work_off(app)
    found = reread(found)
    assert found.counts == {"created": 1, "refused": 1}
    (row,) = roster_queries.report(found, RowOutcome.REFUSED, 1)
    assert "wang" in row.words


def test_a_thousand_rows_take_few_statements(app: Flask, institution: Institution, count_queries: CountQueries) -> None:
    listed = entries(1000)
    with count_queries() as statements:
        roster.import_entries(institution, listed, lambda _done, _all: db.session.commit(), write_them=True)
    assert people() == 1000
    assert len(statements) < 20, "\n".join(statement[:80] for statement in statements)
    with count_queries() as checking:
        found = handed_in(institution, entries(1000, first=5000))
        work_off(app)
    with count_queries() as applying:
        roster.ask_to_apply(reread(found), None)
        db.session.commit()
        work_off(app)
    assert people() == 2000
    assert max(len(checking), len(applying)) < 40, "\n".join(statement[:80] for statement in applying)


def test_ten_thousand_rows_show_progress_while_the_site_answers(
    app: Flask, institution: Institution, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another thread opens a page in the middle of every batch, while the import's transaction is writing."""
    found = handed_in(institution, entries(10_000))
    work_off(app)
    roster.ask_to_apply(reread(found), None)
    db.session.commit()
    asked: list[float] = []
    shown: list[int] = []

    def ask() -> None:
        with app.app_context():
            begun = time.perf_counter()
            assert app.test_client().get("/courses").status_code == 200
            asked.append(time.perf_counter() - begun)
            with reading():
                shown.append(
                    db.session.connection().execute(select(Job.progress).order_by(Job.id.desc())).scalar() or 0
                )

    real = roster.write
    with ThreadPoolExecutor(1) as reader:

        def write_and_ask(institution: Institution, decisions: list[Decision]) -> None:
            real(institution, decisions)
            reader.submit(ask).result()

        monkeypatch.setattr(roster, "write", write_and_ask)
        begun, cpu = time.perf_counter(), time.process_time()
        work_off(app)
        took, used = time.perf_counter() - begun, time.process_time() - cpu
    found = reread(found)
    assert (found.state, found.counts, people()) == (ImportState.APPLIED, {"created": 10_000}, 10_000)
    assert shown == [50 * batch for batch in range(20)]
    assert max(asked) < 3
    with capsys.disabled():
        print(  # noqa: T201 - the figure is what one wants to see
            f"\n10,000 rows written in {took:.1f} s, CPU {used:.1f} s; slowest page meanwhile {max(asked):.2f} s"
        )


def test_the_files_passwords_are_kept_nowhere(app: Flask, institution: Institution) -> None:
    handed_in(institution, entries_of(read(b"Name,SIS ID,Password\nA,1,s3cret-one\n", "x")))
    work_off(app)
    tables = (RosterImport.__table__, RosterRow.__table__, User.__table__, Job.__table__)
    kept = [list(db.session.connection().execute(select(table))) for table in tables]
    assert "s3cret" not in repr(kept)


def test_rows_are_forgotten_after_three_months(app: Flask, institution: Institution) -> None:
    found = handed_in(institution, entries(3))
    work_off(app)
    roster.forget_rows(clock.now() - timedelta(days=90))
    assert len(roster_queries.report(found, RowOutcome.CREATED, 1)) == 3
    roster.forget_rows(clock.now() + timedelta(days=1))
    assert roster_queries.report(found, RowOutcome.CREATED, 1) == []
    assert reread(found).counts == {"created": 3}


# ---------------------------------------------------------------------------------------------------- activation links


def test_links_open_the_accounts_of_those_they_are_for(app: Flask, institution: Institution) -> None:
    roster.import_entries(institution, entries(3), lambda _done, _all: None, write_them=True)
    made = roster_links.new_links(roster_links.invitations(institution))
    roster_links.keep(made)
    db.session.commit()
    hashes = {row.user_id: row.token_hash for row in db.session.scalars(select(ActivationLink))}
    assert hashes == {person.user_id: fast_hash(token) for person, _url, token in made}
    person, url, _token = made[0]
    page = app.test_client().get(url.removeprefix("http://127.0.0.1:8000"))
    assert page.status_code == 200
    assert person.name in page.text


def test_no_link_for_accounts_of_others_or_in_use(app: Flask, make: Factory, institution: Institution) -> None:
    make.member(institution, email="other@b.cn", password=None, home_id=None)
    make.member(institution, email="used@b.cn", password="correct horse battery", home_id=institution.id)
    make.member(institution, email="boss@b.cn", password=None, home_id=institution.id, is_operator=True)
    assert roster_links.invitations(institution) == []


def test_letters_go_to_those_with_an_address_once(app: Flask, institution: Institution, letters: Letters) -> None:
    listed = entries_of(read("姓名,学号,邮箱\n王,1,w@b.cn\n李,2,\n".encode(), "x"))
    roster.import_entries(institution, listed, lambda _done, _all: None, write_them=True)
    assert roster_links.ask_to_mail(institution, None, None) == 1
    db.session.commit()
    (letter,) = letters()
    assert letter["To"] == "w@b.cn"
    assert app.test_client().get(link_in(letter)).status_code == 200
    job = db.session.scalars(select(Job).where(Job.kind == roster_links.MAIL)).one()
    job.state, job.run_at = JobState.WAITING, clock.now()
    db.session.commit()
    # Run once more, as after a kill: who has a link of this order gets no second letter.
    assert letters() == []
