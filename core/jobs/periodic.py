"""Work that comes round: one waiting row per periodic kind, always for the next moment that is due."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from core import clock
from core.db import db, insert_new
from core.jobs.models import Job, JobState
from core.jobs.registry import every, periods

KEEP_DAYS = {JobState.DONE: 30, JobState.CANCELLED: 30, JobState.FAILED: 90}
DAY = 24 * 60 * 60


def missing(connection: Connection) -> list[str]:
    """Periodic kinds that have no waiting or running job. A read."""
    keys = {_key(kind): kind for kind in periods}
    present = connection.execute(select(Job.unique_key).where(Job.unique_key.in_(keys))).scalars()
    return [keys[key] for key in keys.keys() - set(present)]


def plan(connection: Connection, kinds: list[str]) -> None:
    """Adds the next job of each kind that has none. The unique key keeps two workers from both adding it."""
    if not kinds:
        return
    rows = [
        {"kind": kind, "payload": {}, "unique_key": _key(kind), "run_at": next_moment(periods[kind])} for kind in kinds
    ]
    connection.execute(insert_new(Job.__table__, on=["unique_key"]), rows)  # type: ignore[arg-type]


def next_moment(seconds: int) -> datetime:
    """The next whole multiple of ``seconds`` since 1970 UTC, strictly in the future."""
    return datetime.fromtimestamp((clock.now().timestamp() // seconds + 1) * seconds, UTC)


def _key(kind: str) -> str:
    return f"every:{kind}"


@every(DAY, "jobs.prune")
def prune(_payload: dict[str, object]) -> None:
    """Forgets ended jobs after 30 days, failed ones after 90."""
    for state, days in KEEP_DAYS.items():
        before = clock.now() - timedelta(days=days)
        db.session.connection().execute(delete(Job).where(Job.state == state, Job.ended_at < before))
