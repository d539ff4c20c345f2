"""Jobs that exist for tests, and a way to look at a job's row as the database has it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from core.db import db, reading
from core.jobs import queries
from core.jobs.models import Job
from tests.jobs import kinds


@pytest.fixture
def rows_to_apply(app: Flask) -> Iterator[None]:
    """What the tests' jobs write to, and no steps for the scripted one."""
    kinds.prepare()
    kinds.during.clear()
    yield
    db.session.rollback()


def reloaded(job: Job) -> Job:
    """The job as it stands now."""
    db.session.rollback()
    db.session.expire_all()
    with reading():
        found = queries.job(job.id)
        db.session.commit()
    return found
