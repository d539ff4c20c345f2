"""What players say and hear: opening a stream, heartbeats, where one stands. Nothing here takes the word "complete".

Heartbeats come from every player every 15 seconds, so their path is short: the person, four statements, plain JSON.
"""

from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from marshmallow import Schema, fields

from core.errors import Conflict, NotAllowed
from core.files.links import playback_url
from core.i18n import _
from core.progress import learn_queries, policy, rule, service, words
from core.progress.intervals import Intervals
from core.progress.learn_queries import LessonInPlace, Place
from core.progress.models import LessonProgress
from core.progress.rule import Criterion
from core.progress.rulings import criterion_of
from core.users.current import current_person
from core.web.api import Blueprint
from core.web.json_body import json_object
from core.web.scope import current_viewer
from core.web.security import api_token, limiter

bp = Blueprint("progress", __name__, url_prefix="/api/v1", description="Watching, and what of it counts")

INTERVALS: dict[str, Any] = {
    "type": "array",
    "maxItems": rule.CLAIM_PIECES,
    "items": {
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "items": {"type": "integer", "minimum": 0, "maximum": rule.LONGEST_MS},
    },
    "description": "Pairs [start, end) in milliseconds of the video",
}
HEARTBEAT: dict[str, Any] = {
    "type": "object",
    "required": ["sequence", "intervals"],
    "properties": {
        "sequence": {"type": "integer", "minimum": 0, "maximum": service.SEQUENCES},
        "intervals": INTERVALS,
        "position_ms": {"type": "integer", "minimum": 0, "description": "Where the player stands, for resuming"},
    },
}


class CriterionSchema(Schema):
    """What the institution asks for."""

    threshold_percent = fields.Integer(required=True)
    max_speed_percent = fields.Integer(required=True, metadata={"description": "200 is twice as fast"})
    allow_seeking = fields.Boolean(required=True)
    heartbeat_ms = fields.Integer(required=True, metadata={"description": "How often a player reports"})


class StandingSchema(Schema):
    """How much of a lesson counts."""

    watched = fields.List(fields.List(fields.Integer()), required=True, metadata={"description": "Pairs in ms"})
    counted_ms = fields.Integer(required=True)
    required_ms = fields.Integer(required=True)
    duration_ms = fields.Integer(required=True)
    completed = fields.Boolean(required=True)
    sentence = fields.String(required=True, metadata={"description": "All this in the reader's language"})


class ProgressSchema(StandingSchema):
    """Where a learner stands in a lesson, and what a player needs."""

    user_id = fields.Integer(required=True, metadata={"description": "Whose progress this is"})
    position_ms = fields.Integer(required=True)
    criterion = fields.Nested(CriterionSchema, required=True)
    media_url = fields.String(allow_none=True, metadata={"description": "Signed; it expires"})


class StreamSchema(ProgressSchema):
    """A stream just opened; every other one of the person is closed."""

    stream_id = fields.String(required=True)


class RejectionSchema(Schema):
    """Seconds that were not counted."""

    reason = fields.String(required=True)
    sentence = fields.String(required=True)
    intervals = fields.List(fields.List(fields.Integer()), required=True)


class OutcomeSchema(StandingSchema):
    """What became of a heartbeat."""

    accepted = fields.List(fields.List(fields.Integer()), required=True)
    rejected = fields.List(fields.Nested(RejectionSchema), required=True)
    active = fields.Boolean(required=True, metadata={"description": "This stream still counts for the person"})
    closed = fields.String(allow_none=True, metadata={"description": "Why it does not"})
    closed_sentence = fields.String()


@bp.post("/lessons/<int:lesson_id>/streams")
@bp.response(201, StreamSchema)
def open_stream(lesson_id: int) -> ResponseReturnValue:
    """Starts counting for this lesson here, and stops it wherever else you were watching."""
    user_id = current_person().id
    place, learner = _counting_place(user_id, lesson_id)
    opened = service.open_stream(place.lesson, learner.enrolment, user_agent=request.user_agent.string)
    body = _where(place, opened.criterion, opened.progress)
    body |= {
        "user_id": user_id,
        "stream_id": opened.stream_id,
        "media_url": _media_url(place, user_id, opened.stream_id),
    }
    return jsonify(body), 201


@bp.post("/streams/<string(maxlength=32):stream_id>/heartbeats")
@limiter.exempt
@bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": HEARTBEAT}}})
@bp.response(200, OutcomeSchema)
def heartbeat(stream_id: str) -> ResponseReturnValue:
    """Reports what was played since the last report. The same sequence number sent again is answered as before."""
    user_id = current_person().id
    body = json_object()
    outcome = service.heartbeat(
        user_id, stream_id, body.get("sequence"), body.get("intervals"), body.get("position_ms")
    )
    closed = outcome.closed
    return jsonify(
        {
            **_standing(outcome.kind, outcome.watched, outcome.criterion, outcome.duration_ms, outcome.completed),
            "accepted": outcome.accepted.pieces,
            "rejected": [
                {
                    "reason": str(rejection.reason),
                    "sentence": _(rejection.reason.sentence),
                    "intervals": rejection.intervals.pieces,
                }
                for rejection in outcome.rejected
            ],
            "active": outcome.active,
            "closed": str(closed) if closed else None,
            "closed_sentence": _(closed.sentence) if closed else "",
        }
    )


@bp.get("/lessons/<int:lesson_id>/progress")
@bp.response(200, ProgressSchema)
@bp.doc(
    parameters=[
        {
            "in": "query",
            "name": "stream",
            "schema": {"type": "string", "maxLength": 32},
            "description": "The stream that the media link in the answer is for",
        }
    ]
)
def progress(lesson_id: int) -> ResponseReturnValue:
    """Where you stand in a lesson, with a fresh link to its media."""
    user_id = current_person().id
    place, learner = _counting_place(user_id, lesson_id)
    body = _where(place, criterion_of(place.institution, place.lesson.kind), learner.progress)
    body["user_id"] = user_id
    body["media_url"] = _media_url(place, user_id, request.args.get("stream", "")[:32] or None)
    response: Response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    if api_token() is None:
        # A page whose person logged in again elsewhere goes on with this, and loses nothing it has not sent yet.
        response.headers["X-CSRFToken"] = generate_csrf()
    return response


def _counting_place(user_id: int, lesson_id: int) -> tuple[LessonInPlace, Place]:
    """The lesson and the enrolment under which it counts. Raises what explains why it does not."""
    place = learn_queries.lesson_in_place(lesson_id)
    learner = learn_queries.place_of(user_id, place.course.id, lesson_id)
    run = learner.run if learner else None
    admission = policy.admission(current_viewer(), place.course, place.lesson, run)
    if learner is None and not admission.sees:
        raise NotAllowed(admission.sentence)
    if learner is None or not admission.counts:
        raise Conflict(admission.sentence)
    return place, learner


def _where(place: LessonInPlace, criterion: Criterion, found: LessonProgress | None) -> dict[str, Any]:
    """A learner's standing and the terms on which it counts; the progress of a replaced file does not show."""
    lesson = place.lesson
    current = found if found is not None and found.asset_id == lesson.asset_id else None
    watched = Intervals.parse(current.watched) if current else Intervals()
    completed = found is not None and found.completed_at is not None
    return {
        **_standing(lesson.kind, watched, criterion, lesson.duration_ms, completed),
        "position_ms": current.position_ms if current else 0,
        "criterion": {
            "threshold_percent": criterion.threshold_percent,
            "max_speed_percent": criterion.max_speed_percent,
            "allow_seeking": criterion.allow_seeking,
            "heartbeat_ms": criterion.heartbeat_ms,
        },
    }


def _standing(kind: str, watched: Intervals, criterion: Criterion, duration_ms: int, completed: bool) -> dict[str, Any]:
    required_ms = rule.required_ms(duration_ms, criterion)
    return {
        "watched": watched.pieces,
        "counted_ms": rule.countable(watched, criterion).measure,
        "required_ms": required_ms,
        "duration_ms": duration_ms,
        "completed": completed,
        "sentence": words.standing(
            kind, watched, criterion, duration_ms=duration_ms, required_ms=required_ms, completed=completed
        ),
    }


def _media_url(place: LessonInPlace, user_id: int, stream_id: str | None) -> str | None:
    if place.asset is None:
        return None
    return playback_url(place.asset, stream_id=stream_id, user_id=user_id)
