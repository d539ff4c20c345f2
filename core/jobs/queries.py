"""Reading jobs. They belong to the site and to the person who asked for them, not to an institution's scope."""

from sqlalchemy import func, or_, select

from core import clock
from core.db import db
from core.errors import NotFound
from core.i18n import _l
from core.jobs.models import Job, JobState
from core.tenancy import across_institutions


def job(job_id: int) -> Job:
    """The job, whoever may see it. Raises NotFound."""
    with across_institutions("a job's row belongs to the site"):
        found = db.session.get(Job, job_id)
    if found is None:
        raise NotFound(_l("There is no such task; finished tasks are forgotten after a month."))
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
