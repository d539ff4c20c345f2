"""Checks of the site itself: database, jobs, stored files, and the settings people feel."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from core import clock, schema
from core.config import current_settings
from core.db import db
from core.doctor.findings import Finding, fail, ok, warn
from core.files.models import Asset, AssetState
from core.files.stores import store
from core.i18n import _
from core.jobs.models import Job, JobState
from media.storage import StorageError

SOON = timedelta(minutes=2)
RECENT = timedelta(days=7)
SAMPLE = 500
LARGE_WAL = 256 * 1024**2


def database() -> Iterator[Finding]:
    """Whether it answers, stands at the newest schema and is whole."""
    name = db.engine.dialect.name
    try:
        is_current = schema.is_current()
    except SQLAlchemyError as error:
        yield fail(
            "database",
            _("The database does not answer: %(reason)s", reason=str(getattr(error, "orig", error)).splitlines()[0]),
            _("Start it, or correct the setting database_url. Nothing was lost meanwhile."),
        )
        return
    if not is_current:
        yield fail(
            "database",
            _("The %(name)s database answers, but its tables are not up to date.", name=name),
            _("Run `jinke upgrade`, then start the site again."),
        )
        return
    yield ok("database", _("The %(name)s database answers and is up to date.", name=name))
    yield from _sqlite() if name == "sqlite" else _postgresql()


def _sqlite() -> Iterator[Finding]:
    with db.engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        wrong = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    if list(wrong) != ["ok"]:
        yield fail(
            "integrity",
            _("The database file is damaged: %(reason)s", reason="; ".join(map(str, wrong))),
            _("Stop the site, keep a copy of the file, and go back to the last backup."),
        )
    elif mode != "wal":
        yield warn(
            "integrity",
            _("The database is whole, but does not keep a write-ahead log: readers wait for writers."),
            _("Put the instance folder on a local disk; network file systems cannot do it."),
        )
    else:
        yield ok("integrity", _("The database file is whole."))
    log = current_settings().home / "jinke.sqlite-wal"
    if log.exists() and log.stat().st_size > LARGE_WAL:
        yield warn(
            "wal",
            _("The write-ahead log has grown to %(size)s MB.", size=log.stat().st_size // 1024**2),
            _("Some process keeps reading for very long. Restart the site at a quiet hour."),
        )


def _postgresql() -> Iterator[Finding]:
    with db.engine.connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
        encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        yield fail(
            "integrity",
            _("The database is in %(encoding)s, so some Chinese characters cannot be stored.", encoding=encoding),
            _("Make a database with ENCODING 'UTF8' and move the content there."),
        )
    else:
        yield ok("integrity", f"PostgreSQL {version}, UTF-8")


def worker() -> Iterator[Finding]:
    """Whether somebody takes up the jobs that are due."""
    now = clock.now()
    waiting = select(func.count(), func.min(Job.run_at)).where(
        Job.state == JobState.WAITING, Job.run_at <= now, Job.queue != ""
    )
    alive = select(func.count()).where(Job.state == JobState.RUNNING, Job.lease_until > now)
    with db.engine.connect() as connection:
        due, oldest = connection.execute(waiting).one()
        running = connection.execute(alive).scalar_one()
    if due and oldest < now - SOON and not running:
        yield fail(
            "worker",
            _("%(count)s tasks wait and nobody takes them up: no mail goes out, no upload becomes ready.", count=due),
            _("Start `jinke serve` (it brings a worker), or `jinke worker` beside your web server."),
        )
    elif due and oldest < now - SOON:
        yield warn(
            "worker",
            _("%(count)s tasks wait longer than they should; %(running)s are running.", count=due, running=running),
            _("Give the worker more threads with the setting worker_threads, or start a second `jinke worker`."),
        )
    else:
        yield ok("worker", _("No task waits longer than it should."))


def failed_jobs() -> Iterator[Finding]:
    """Tasks that failed for good in the last week."""
    failed = (
        select(Job.kind, func.count())
        .where(Job.state == JobState.FAILED, Job.ended_at > clock.now() - RECENT)
        .group_by(Job.kind)
        .order_by(Job.kind)
    )
    with db.engine.connect() as connection:
        kinds = [f"{kind} × {count}" for kind, count in connection.execute(failed)]
    if kinds:
        yield warn(
            "failed_jobs",
            _("Tasks failed in the last seven days: %(kinds)s.", kinds=", ".join(kinds)),
            _("`jinke jobs list --state failed` gives the reasons; `jinke jobs retry NUMBER` starts one again."),
        )
    else:
        yield ok("failed_jobs", _("No task failed in the last seven days."))


def stored_files() -> Iterator[Finding]:
    """Whether the newest files that rows speak of are where they should be, in full length."""
    newest = (
        select(Asset.id, Asset.store, Asset.key, Asset.size)
        .where(Asset.state == AssetState.READY, Asset.kind != "image")
        .order_by(Asset.id.desc())
        .limit(SAMPLE)
    )
    with db.engine.connect() as connection:
        rows = connection.execute(newest).all()
    lost = [row.id for row in rows if not _is_stored(row.store, row.key, row.size)]
    if lost:
        yield fail(
            "media",
            _(
                "%(count)s of the newest %(all)s files are missing or cut short, among them file %(first)s.",
                count=len(lost),
                all=len(rows),
                first=lost[0],
            ),
            _("Bring the folder “media” back from the last backup. The rows are kept, so nothing else is lost."),
        )
    else:
        yield ok("media", _("All of the newest %(all)s files are there.", all=len(rows)))


def _is_stored(name: str, key: str, size: int) -> bool:
    try:
        return store(name).size(key) == size
    except (StorageError, KeyError, OSError):
        return False


def settings() -> Iterator[Finding]:
    """What people feel: the address in links, mail, what is for development only."""
    chosen = current_settings()
    address = urlsplit(chosen.base_url)
    is_local = address.hostname in {"127.0.0.1", "localhost", "::1"}
    if is_local:
        yield warn(
            "base_url",
            _("Links in mails lead to %(url)s, which only this machine can open.", url=chosen.base_url),
            _("Set base_url to the address people use, like https://courses.example.edu.cn."),
        )
    elif address.scheme != "https":
        yield warn(
            "base_url",
            _("%(url)s is not encrypted: passwords can be read on their way.", url=chosen.base_url),
            _("Put nginx with a certificate in front and set base_url to https://…"),
        )
    else:
        yield ok("base_url", chosen.base_url)
    yield from _mail(chosen.mail_url)
    for name, is_wrong in (("debug", chosen.debug), ("cheap_hashes", chosen.cheap_hashes)):
        if is_wrong and not is_local:
            yield fail(name, _("“%(name)s” is on, which is for development only.", name=name), _("Turn it off."))
    if not chosen.rate_limits:
        yield warn("rate_limits", _("Nothing limits how often passwords can be tried."), _("Turn rate_limits on."))


def _mail(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.scheme == "file":
        yield warn(
            "mail",
            _("Mails are only written to the folder “mail”; nobody gets them."),
            _("Set mail_url to smtp://user:password@host:port."),
        )
        return
    host, port = parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 587)
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        yield fail(
            "mail",
            _("The mail server %(host)s:%(port)s does not answer: %(reason)s.", host=host, port=port, reason=error),
            _("Check mail_url and whether this machine may reach it. Mails wait meanwhile and are not lost."),
        )
    else:
        yield ok("mail", _("The mail server %(host)s:%(port)s answers.", host=host, port=port))
