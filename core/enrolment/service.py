"""Getting into a run and out of it. A seat is taken by one conditional UPDATE, so that capacity holds under any load.

Locks are taken in one order everywhere, enrolment → run → course, so that two requests never wait for each other. Each
function here is all or nothing: what it raises leaves nothing behind.
"""

import hmac
from collections.abc import Iterable

from sqlalchemy import or_, select, update

from core import audit
from core.courses import stamp
from core.courses.models import ClassGroup, Course, CourseRun, CourseState
from core.db import db, insert_new
from core.enrolment import policy, queries
from core.enrolment.models import Enrolment, EnrolmentState
from core.enrolment.policy import PASSABLE, Door
from core.errors import Conflict, Invalid, NotFound
from core.events import Enrolled, announce
from core.i18n import _

OUTSIDE = (EnrolmentState.WITHDRAWN, EnrolmentState.REFUSED)


def enrol(run: CourseRun, user_id: int, *, code: str = "", message: str = "") -> Enrolment:
    """Lets a person in, or puts them on the list of those who ask. Doing it twice is doing it once.

    Somebody who left comes back to the same enrolment and everything learnt in it. Raises :class:`Conflict` where the
    run is full, not open yet, over, closed, or has refused them; :class:`Invalid` for a wrong code.
    """
    known = queries.enrolment_in(run.id, user_id)
    door = policy.door(run)
    if known is not None and known.state == EnrolmentState.ACTIVE:
        return known
    if known is not None and known.state == EnrolmentState.PENDING and door != Door.OPEN:
        return known
    if db.session.get_one(Course, run.course_id).state != CourseState.PUBLISHED:
        raise Conflict(_("This course takes no new learners at the moment."))
    if door not in PASSABLE:
        raise policy.refusal(run, door)
    if door == Door.APPROVAL:
        if known is not None and known.state == EnrolmentState.REFUSED:
            raise Conflict(_("The course team did not admit you to “%(run)s”. Speak to them first.", run=run.title))
        return _enter(run, user_id, EnrolmentState.PENDING, OUTSIDE, message)
    if door == Door.CODE:
        _check_code(run, code)
    return _enter(run, user_id, EnrolmentState.ACTIVE, (EnrolmentState.PENDING, *OUTSIDE))


def admit(run: CourseRun, user_id: int) -> Enrolment:
    """The team lets a person in, whatever the run's dates and policy. Raises :class:`Conflict` where it is full."""
    enrolment = _enter(run, user_id, EnrolmentState.ACTIVE, (EnrolmentState.PENDING, *OUTSIDE))
    audit.record("enrolment.admitted", enrolment, user_id=user_id)
    return enrolment


def refuse(enrolment: Enrolment, reason: str = "") -> None:
    """The team does not admit somebody who asked. Nothing happens to those who are in, or gone."""
    if _move(enrolment, (EnrolmentState.PENDING,), EnrolmentState.REFUSED, message=reason):
        audit.record("enrolment.refused", enrolment, user_id=enrolment.user_id, reason=reason)


def withdraw(enrolment: Enrolment) -> None:
    """A person leaves, and the seat is free. What was learnt stays. Raises :class:`Conflict` where the team enrols."""
    run = db.session.get_one(CourseRun, enrolment.run_id)
    if not policy.may_leave(run):
        raise Conflict(_("The course team put you in “%(run)s”. Ask them if you want to leave it.", run=run.title))
    _leave(enrolment, run)


def remove(enrolment: Enrolment) -> None:
    """The team takes somebody out; their seat is free and what they learnt stays."""
    if _leave(enrolment, db.session.get_one(CourseRun, enrolment.run_id)):
        audit.record("enrolment.removed", enrolment, user_id=enrolment.user_id)


def place(enrolments: Iterable[Enrolment], group: ClassGroup | None) -> None:
    """Puts people of a run into one of its classes, or into none."""
    for enrolment in enrolments:
        if group is not None and group.run_id != enrolment.run_id:
            raise NotFound(_("This run has no such class."))
        enrolment.class_group_id = group.id if group is not None else None
    db.session.flush()


def _check_code(run: CourseRun, code: str) -> None:
    if not code.strip():
        raise Invalid(_("Enter the code that your teacher gave you."), field="code")
    if not hmac.compare_digest(_folded(code), _folded(run.code)):
        raise Invalid(_("This is not the code of this run. Check it with your teacher."), field="code")


def _folded(code: str) -> bytes:
    # People copy codes from blackboards: case and blanks do not count.
    return "".join(code.split()).casefold().encode("utf-8", "replace")


def _enter(
    run: CourseRun, user_id: int, state: EnrolmentState, coming_from: Iterable[EnrolmentState], message: str = ""
) -> Enrolment:
    with db.session.begin_nested():
        if _insert(run, user_id, state, message) or _return(run, user_id, state, coming_from, message):
            enrolment = _fresh(run.id, user_id)
            if state == EnrolmentState.ACTIVE:
                _take_seat(run)
                announce(Enrolled(enrolment.id, run.id, user_id))
            return enrolment
    # The same person's other click was quicker.
    return _fresh(run.id, user_id)


def _insert(run: CourseRun, user_id: int, state: EnrolmentState, message: str) -> bool:
    new = insert_new(Enrolment.__table__, on=["run_id", "user_id"]).values(  # type: ignore[arg-type]
        institution_id=run.institution_id,
        run_id=run.id,
        course_id=run.course_id,
        user_id=user_id,
        state=state,
        message=message,
    )
    return bool(db.session.connection().execute(new).rowcount)


def _return(
    run: CourseRun, user_id: int, state: EnrolmentState, coming_from: Iterable[EnrolmentState], message: str
) -> bool:
    return _updated(
        update(Enrolment)
        .where(Enrolment.run_id == run.id, Enrolment.user_id == user_id, Enrolment.state.in_(coming_from))
        .values(state=state, message=message)
    )


def _move(enrolment: Enrolment, coming_from: Iterable[EnrolmentState], state: EnrolmentState, **values: object) -> bool:
    moved = _updated(
        update(Enrolment)
        .where(Enrolment.id == enrolment.id, Enrolment.state.in_(coming_from))
        .values(state=state, **values)
    )
    db.session.refresh(enrolment)
    return moved


def _leave(enrolment: Enrolment, run: CourseRun) -> bool:
    with db.session.begin_nested():
        if _move(enrolment, (EnrolmentState.ACTIVE,), EnrolmentState.WITHDRAWN):
            _give_seat_back(run)
            return True
        return _move(enrolment, (EnrolmentState.PENDING,), EnrolmentState.WITHDRAWN)


def _take_seat(run: CourseRun) -> None:
    free = or_(CourseRun.capacity.is_(None), CourseRun.seats_taken < CourseRun.capacity)
    seat = db.session.execute(
        update(CourseRun)
        .where(CourseRun.id == run.id, free)
        .values(seats_taken=CourseRun.seats_taken + 1)
        .returning(CourseRun.seats_taken, CourseRun.capacity)
        .execution_options(synchronize_session=False, counts_only=True)
    ).first()
    if seat is None:
        raise policy.refusal(run, Door.FULL)
    if seat.seats_taken == seat.capacity:
        stamp.touch()
    _count(run.course_id, 1)


def _give_seat_back(run: CourseRun) -> None:
    seat = db.session.execute(
        update(CourseRun)
        .where(CourseRun.id == run.id, CourseRun.seats_taken > 0)
        .values(seats_taken=CourseRun.seats_taken - 1)
        .returning(CourseRun.seats_taken, CourseRun.capacity)
        .execution_options(synchronize_session=False, counts_only=True)
    ).first()
    if seat is not None and seat.capacity is not None and seat.seats_taken < seat.capacity:
        stamp.touch()
    _count(run.course_id, -1)


def _count(course_id: int, step: int) -> None:
    db.session.execute(
        update(Course)
        .where(Course.id == course_id)
        .values(enrolment_count=Course.enrolment_count + step)
        .execution_options(synchronize_session=False, counts_only=True)
    )


def _updated(statement: object) -> bool:
    result = db.session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
    return bool(result.rowcount)


def _fresh(run_id: int, user_id: int) -> Enrolment:
    found = select(Enrolment).where(Enrolment.run_id == run_id, Enrolment.user_id == user_id)
    return db.session.scalars(found, execution_options={"populate_existing": True}).one()
