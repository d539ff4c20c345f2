"""The life of a course: draft → in review → published → archived, and the ways back.

Every move is a row of the table below. A move is made by one conditional step from the state the person saw, is logged
with who and why, and tells the rest of the site what it needs to know. Approval takes a second pair of eyes: nobody who
made the course, however powerful, approves it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from core import audit, clock
from core.courses import editing, kinds, policy
from core.courses.models import Chapter, Course, CourseMove, CourseState, Lesson, TeamMember
from core.courses.subjects import SUBJECTS
from core.db import db
from core.errors import Conflict, Invalid, NotAllowed
from core.events import CoursePublished, announce
from core.files.models import Asset
from core.i18n import _, _l
from core.permissions import Permission, Viewer


class Move(StrEnum):
    """What can be done with a course as a whole."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    ARCHIVE = "archive"
    REVISE = "revise"


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed move: between which states, who may make it, and what it asks for."""

    before: CourseState
    after: CourseState
    permission: Permission
    label: Any
    explains: Any
    """What follows from it, said before the button is pressed."""
    needs_reason: bool = False
    needs_complete: bool = False
    needs_other_eyes: bool = False


STEPS: dict[Move, Step] = {
    Move.SUBMIT: Step(
        CourseState.DRAFT,
        CourseState.IN_REVIEW,
        Permission.SUBMIT_COURSE,
        _l("Submit for review"),
        _l("The course stands still while it is reviewed. You can withdraw it at any time."),
        needs_complete=True,
    ),
    Move.PUBLISH: Step(
        CourseState.IN_REVIEW,
        CourseState.PUBLISHED,
        Permission.APPROVE_COURSE,
        _l("Approve and publish"),
        _l("The course appears in the catalogue, and its runs can be joined."),
        needs_complete=True,
        needs_other_eyes=True,
    ),
    Move.SEND_BACK: Step(
        CourseState.IN_REVIEW,
        CourseState.DRAFT,
        Permission.APPROVE_COURSE,
        _l("Send back"),
        _l("The course becomes a draft again. Its team reads what you write here."),
        needs_reason=True,
    ),
    Move.WITHDRAW: Step(
        CourseState.IN_REVIEW,
        CourseState.DRAFT,
        Permission.SUBMIT_COURSE,
        _l("Withdraw"),
        _l("The course becomes a draft again and can be changed."),
    ),
    Move.ARCHIVE: Step(
        CourseState.PUBLISHED,
        CourseState.ARCHIVED,
        Permission.ARCHIVE_COURSE,
        _l("Archive"),
        _l("The course leaves the catalogue and nobody can join any more. What was learnt is kept."),
        needs_reason=True,
    ),
    Move.REVISE: Step(
        CourseState.ARCHIVED,
        CourseState.DRAFT,
        Permission.ARCHIVE_COURSE,
        _l("Take back to draft"),
        _l("The course can be changed again. To be published it is reviewed anew."),
    ),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A move that a person could make now, and what stands in its way, if anything does."""

    move: Move
    step: Step
    obstacles: tuple[str, ...]


def offers(viewer: Viewer, course: Course) -> list[Offer]:
    """The moves of the course's state that the person's roles include, each with its obstacles as sentences."""
    mine = [
        (move, step)
        for move, step in STEPS.items()
        if step.before == course.state and policy.may(viewer, step.permission, course)
    ]
    missing = tuple(what_is_missing(course)) if any(step.needs_complete for _move, step in mine) else ()
    found = []
    for move, step in mine:
        obstacles = missing if step.needs_complete else ()
        if step.needs_other_eyes and viewer.user_id in author_ids(course):
            obstacles = (own_work(), *obstacles)
        found.append(Offer(move, step, obstacles))
    return found


def make_move(viewer: Viewer, course_id: int, move: Move, reason: str = "") -> Course:
    """Makes a move. Raises :class:`NotAllowed`, :class:`Conflict` where the course is elsewhere by now, and
    :class:`Invalid` for a missing reason or an unfinished course, naming all that is missing.

    Made again by the same person, as a double click does, it changes nothing.
    """
    step = STEPS[move]
    course = editing.locked(Course, course_id)
    policy.must(viewer, step.permission, course)
    if course.state != step.before:
        if _was_just_made(viewer, course, step):
            return course
        raise Conflict(
            _(
                "The course is now in the state “%(state)s”, from which this move does not lead.",
                state=state_name(course),
            )
        )
    _check(viewer, course, step, reason)
    _record(course, step, viewer.user_id, reason)
    course.state = step.after
    if move == Move.PUBLISH:
        course.published_at = clock.now()
        announce(CoursePublished(course_id=course.id))
    audit.record(f"courses.{move}", course, before=step.before, after=step.after, reason=reason)
    db.session.flush()
    return course


def _check(viewer: Viewer, course: Course, step: Step, reason: str) -> None:
    if step.needs_other_eyes and viewer.user_id in author_ids(course):
        raise NotAllowed(own_work())
    if step.needs_reason and not reason:
        raise Invalid(_("Say why: the people concerned will read it."), field="reason")
    if step.needs_complete and (missing := what_is_missing(course)):
        raise Invalid(" ".join(missing), missing=missing)


def _record(course: Course, step: Step, actor_id: int | None, reason: str) -> None:
    submitted = step.after == CourseState.IN_REVIEW
    db.session.add(
        CourseMove(
            course_id=course.id,
            before=step.before,
            after=step.after,
            actor_id=actor_id,
            reason=reason,
            author_ids=sorted({*_team_ids(course.id), actor_id}) if submitted else [],
        )
    )


def _was_just_made(viewer: Viewer, course: Course, step: Step) -> bool:
    last = _last_move(course.id)
    return (
        last is not None
        and (last.before, last.after) == (step.before, step.after)
        and course.state == step.after
        and last.actor_id == viewer.user_id
    )


def author_ids(course: Course) -> set[int]:
    """Who made the course: its team now, its team when it was submitted, and who submitted it."""
    last = _last_move(course.id)
    submitted = set(last.author_ids) if last is not None and last.after == CourseState.IN_REVIEW else set()
    return submitted | _team_ids(course.id)


def own_work() -> str:
    """Why an author does not approve, and who can instead."""
    return _(
        "You are one of this course's authors, so somebody else must approve it: another administrator of the "
        "institution, or a reviewer named by an administrator."
    )


def what_is_missing(course: Course) -> list[str]:
    """Everything a course needs before it can be reviewed, as sentences; empty when it is complete."""
    missing = []
    if not course.summary:
        missing.append(_("The summary is missing: one sentence for the catalogue."))
    if course.subject not in SUBJECTS:
        missing.append(_("The discipline is not chosen."))
    if not course.outcomes.strip():
        missing.append(_("It is not said what learners will be able to do."))
    if course.credit_hours <= 0:
        missing.append(_("The credit hours are not given."))
    rows = _content(course.id)
    if not any(lesson for _title, lesson, _asset in rows):
        missing.append(_("There is no lesson yet."))
    missing += [
        _("The chapter “%(title)s” has no lesson.", title=title) for title, lesson, _asset in rows if lesson is None
    ]
    for _title, lesson, asset in rows:
        kind = kinds.find(lesson.kind) if lesson is not None else None
        if lesson is not None and kind is not None and (sentence := kind.lacks(lesson, asset)):
            missing.append(sentence)
    return missing


def state_name(course: Course) -> str:
    """The state in the reader's language."""
    return str(STATE_NAMES[course.state])


STATE_NAMES: dict[CourseState, Any] = {
    CourseState.DRAFT: _l("Draft"),
    CourseState.IN_REVIEW: _l("In review"),
    CourseState.PUBLISHED: _l("Published"),
    CourseState.ARCHIVED: _l("Archived"),
}


def _content(course_id: int) -> list[tuple[str, Lesson | None, Asset | None]]:
    """Every live chapter's title with each of its lessons and files; a chapter without lessons stands once."""
    query = (
        select(Chapter.title, Lesson, Asset)
        .select_from(Chapter)
        .outerjoin(Lesson, (Lesson.chapter_id == Chapter.id) & Lesson.deleted_at.is_(None))
        .outerjoin(Asset, Asset.id == Lesson.asset_id)
        .where(Chapter.course_id == course_id, Chapter.deleted_at.is_(None))
        .order_by(Chapter.position, Chapter.id, Lesson.position, Lesson.id)
    )
    return [(title, lesson, asset) for title, lesson, asset in db.session.execute(query)]


def _team_ids(course_id: int) -> set[int]:
    return set(db.session.scalars(select(TeamMember.user_id).where(TeamMember.course_id == course_id)))


def _last_move(course_id: int) -> CourseMove | None:
    query = select(CourseMove).where(CourseMove.course_id == course_id).order_by(CourseMove.id.desc()).limit(1)
    return db.session.scalar(query)
