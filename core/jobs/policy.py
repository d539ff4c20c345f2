"""Who may see a job, call it off and ask for it again."""

from core.jobs.models import Job
from core.permissions import Permission, Viewer


def may_handle(viewer: Viewer, job: Job) -> bool:
    """The person it is done for, the operator, and administrators of its institution."""
    if viewer.user_id is not None and job.user_id == viewer.user_id:
        return True
    if viewer.may(Permission.MANAGE_SITE):
        return True
    return job.institution_id is not None and viewer.may(
        Permission.MANAGE_INSTITUTION, institution_id=job.institution_id
    )
