"""May they join? Where the door of a run stands, what it says, and what one person may do at it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core import clock
from core.courses.models import CourseRun, EnrolmentPolicy
from core.enrolment.models import Enrolment, EnrolmentState
from core.errors import Conflict
from core.i18n import _, format_datetime


class Door(StrEnum):
    """How a run may be entered at a moment, by somebody who is not in it."""

    OPEN = "open"
    CODE = "code"
    APPROVAL = "approval"
    NOT_YET = "not_yet"
    FULL = "full"
    OVER = "over"
    CLOSED = "closed"


ENTERED_BY = {
    EnrolmentPolicy.OPEN: Door.OPEN,
    EnrolmentPolicy.CODE: Door.CODE,
    EnrolmentPolicy.APPROVAL: Door.APPROVAL,
}
PASSABLE = frozenset(ENTERED_BY.values())


def door(run: CourseRun, moment: datetime | None = None) -> Door:
    """How the run may be entered at ``moment`` (now)."""
    moment = moment or clock.now()
    closes = closing(run)
    if closes is not None and closes <= moment:
        return Door.OVER
    if run.policy == EnrolmentPolicy.CLOSED:
        return Door.CLOSED
    if run.enrolment_opens_at is not None and moment < run.enrolment_opens_at:
        return Door.NOT_YET
    if is_full(run):
        return Door.FULL
    return ENTERED_BY[run.policy]


def closing(run: CourseRun) -> datetime | None:
    """The moment after which nobody gets in; None where there is none."""
    ends = [moment for moment in (run.enrolment_closes_at, run.ends_at) if moment is not None]
    return min(ends, default=None)


def is_full(run: CourseRun) -> bool:
    """Whether every seat is taken, as far as this transaction sees."""
    return run.capacity is not None and run.seats_taken >= run.capacity


def refusal(run: CourseRun, state: Door) -> Conflict:
    """Why one cannot get in, as a sentence with the way out."""
    if state == Door.FULL:
        return Conflict(
            _(
                "“%(run)s” is full: all %(count)s places are taken. Choose another run.",
                run=run.title,
                count=run.capacity,
            )
        )
    opens, closes = run.enrolment_opens_at, closing(run)
    if state == Door.NOT_YET and opens is not None:
        date = format_datetime(opens)
        return Conflict(_("Enrolment in “%(run)s” opens on %(date)s.", run=run.title, date=date))
    if state == Door.OVER and closes is not None:
        date = format_datetime(closes)
        return Conflict(_("Enrolment in “%(run)s” ended on %(date)s.", run=run.title, date=date))
    return Conflict(_("The course team enrols people in “%(run)s” itself. Ask them to add you.", run=run.title))


class Step(StrEnum):
    """The one thing that a person does next at a run; the most welcome first."""

    CONTINUE = "continue"
    WAIT = "wait"
    ENROL = "enrol"
    CODE = "code"
    ASK = "ask"
    NOT_YET = "not_yet"
    REFUSED = "refused"
    FULL = "full"
    OVER = "over"
    CLOSED = "closed"


_STEPS = {
    Door.OPEN: Step.ENROL,
    Door.CODE: Step.CODE,
    Door.APPROVAL: Step.ASK,
    Door.NOT_YET: Step.NOT_YET,
    Door.FULL: Step.FULL,
    Door.OVER: Step.OVER,
    Door.CLOSED: Step.CLOSED,
}
_MOST_WELCOME = list(Step)


@dataclass(frozen=True, slots=True)
class Choice:
    """A run, the person's enrolment in it if there is one, and what they can do there."""

    run: CourseRun
    enrolment: Enrolment | None
    step: Step


def choices(runs: Iterable[tuple[CourseRun, Enrolment | None]]) -> list[Choice]:
    """What a person can do in each run; the one to offer comes first."""
    now = clock.now()
    found = [Choice(run, enrolment, _step(run, enrolment, now)) for run, enrolment in runs]
    found.sort(key=lambda choice: (_MOST_WELCOME.index(choice.step), _nearness(choice.run, now)))
    return found


def _step(run: CourseRun, enrolment: Enrolment | None, now: datetime) -> Step:
    state = door(run, now)
    if enrolment is None:
        return _STEPS[state]
    if enrolment.state == EnrolmentState.ACTIVE:
        return Step.CONTINUE
    # A run that was opened to everybody keeps nobody waiting.
    if enrolment.state == EnrolmentState.PENDING and state != Door.OPEN:
        return Step.WAIT
    if enrolment.state == EnrolmentState.REFUSED and state == Door.APPROVAL:
        return Step.REFUSED
    return _STEPS[state]


def _nearness(run: CourseRun, now: datetime) -> float:
    return abs((run.starts_at - now).total_seconds())


def may_leave(run: CourseRun) -> bool:
    """Whether people may withdraw by themselves: not from a run in which the team puts them."""
    return run.policy != EnrolmentPolicy.CLOSED
