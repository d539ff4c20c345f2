"""Reading jobs. They belong to the site and to the person who asked for them, not to an institution's scope."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from core import clock
from core.db import db
from core.errors import NotFound
from core.i18n import _l
from core.jobs.models import Job, JobState
from core.tenancy import across_institutions

NO_SUCH_JOB = _l("There is no such task, or it is not yours. Finished tasks are forgotten after a month.")
LARGEST_ID = 2**31 - 1


def job(job_id: int) -> Job:
    """The job, whoever may see it. Raises NotFound."""
    with across_institutions("a job's row belongs to the site"):
        found = db.session.get(Job, job_id) if job_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(NO_SUCH_JOB)
    return found


def number_ahead(waiting: Job) -> int:
    """How many jobs of its queue would be taken before this one."""
    earlier = or_(
        Job.priority > waiting.priority,
        (Job.priority == waiting.priority) & (Job.run_at < waiting.run_at),
        (Job.priority == waiting.priority) & (Job.run_at == waiting.run_at) & (Job.id < waiting.id),
    )
    statement = select(func.count()).where(
        Job.state == JobState.WAITING, Job.queue == waiting.queue, Job.run_at <= clock.now(), earlier
    )
    return db.session.connection().execute(statement).scalar_one()


def recent(state: JobState | None = None, limit: int = 50) -> Sequence[Job]:
    """The newest jobs of the whole site, for its operator."""
    statement = select(Job).order_by(Job.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(Job.state == state)
    with across_institutions("the operator looks at every job"):
        return db.session.scalars(statement).all()


def count_by_state() -> dict[str, int]:
    """How many jobs the site has in each state."""
    statement = select(Job.state, func.count()).group_by(Job.state)
    counted = {JobState(state): number for state, number in db.session.connection().execute(statement)}
    return {state.value: counted.get(state, 0) for state in JobState}
