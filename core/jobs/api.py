"""Jobs as JSON: where one's own stand, calling them off, asking for them again."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from core.errors import NotFound
from core.i18n import language_tag
from core.jobs import policy, queries, service, words
from core.jobs.models import Job, JobState
from core.users.current import current_person
from core.web.scope import current_viewer

bp = Blueprint(
    "jobs", __name__, url_prefix="/api/v1/jobs", description="Long tasks: state, progress, reason of failure"
)


class JobSchema(Schema):
    """A long task."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf([state.value for state in JobState]))
    progress = fields.Integer(required=True, metadata={"description": "Permille, 0 to 1000"})
    sentence = fields.String(
        required=True, metadata={"description": "Where it stands and why, in the reader's language"}
    )
    language = fields.String(required=True, metadata={"description": "BCP 47 tag of the sentence"})
    result = fields.Dict(keys=fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


@bp.get("/<int:job_id>")
@bp.response(200, JobSchema)
def job(job_id: int) -> dict[str, Any]:
    """One task of your own, or of an institution you administer."""
    return _as_json(_visible(job_id))


@bp.post("/<int:job_id>/cancel")
@bp.response(200, JobSchema)
def cancel(job_id: int) -> dict[str, Any]:
    """Calls a task off: at once while it waits, at its next safe point while it runs. Ended tasks stay as they are."""
    found = _visible(job_id)
    service.cancel(found)
    return _as_json(found)


@bp.post("/<int:job_id>/retry")
@bp.response(200, JobSchema)
def retry(job_id: int) -> dict[str, Any]:
    """Starts a failed or cancelled task again. Others stay as they are."""
    found = _visible(job_id)
    service.retry(found)
    return _as_json(found)


def _visible(job_id: int) -> Job:
    current_person()
    found = queries.job(job_id)
    if not policy.may_handle(current_viewer(), found):
        raise NotFound(queries.NO_SUCH_JOB)
    return found


def _as_json(found: Job) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in JobSchema().fields if hasattr(found, name)}
    return {**values, "sentence": words.describe(found), "language": language_tag()}
