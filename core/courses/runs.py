"""Runs (开课期次) of a course and the classes (班级) in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from core import audit
from core.courses import editing
from core.courses.models import ClassGroup, Course, CourseRun, CourseState, EnrolmentPolicy, TeamMember
from core.db import db
from core.enrolment.models import Enrolment
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _, _l

MOST_RUNS = 200
MOST_GROUPS = 500

POLICY_NAMES = {
    EnrolmentPolicy.OPEN: _l("Open to everybody"),
    EnrolmentPolicy.CODE: _l("With a code"),
    EnrolmentPolicy.APPROVAL: _l("With approval"),
    EnrolmentPolicy.CLOSED: _l("Closed"),
}


def create_run(course_id: int, values: dict[str, Any], actor_id: int) -> CourseRun:
    """A new run. Raises :class:`Invalid` naming the field that does not fit the others."""
    course = editing.locked(Course, course_id)
    if course.state == CourseState.ARCHIVED:
        raise Conflict(_("This course is archived. Take it back to draft before you open a new run."))
    runs = db.session.scalar(select(func.count()).where(CourseRun.course_id == course_id)) or 0
    if runs >= MOST_RUNS:
        raise Invalid(_("A course has at most %(count)s runs.", count=MOST_RUNS))
    check_run(values)
    run = CourseRun(course_id=course.id, updated_by_id=actor_id, **values)
    db.session.add(run)
    db.session.flush()
    audit.record("courses.run_created", run, title=run.title)
    return run


def save_run(course_id: int, run_id: int, version: int, values: dict[str, Any], actor_id: int) -> CourseRun:
    """Saves the run's form. The row stays locked, so nobody takes a seat while the capacity is compared with them."""
    run = _run(course_id, run_id)
    check_run(values)
    capacity = values["capacity"]
    if capacity is not None and capacity < run.seats_taken:
        raise Invalid(
            _("%(count)s seats are taken already, so there must be at least as many.", count=run.seats_taken),
            field="capacity",
        )
    editing.save(run, version, values, actor_id)
    audit.record("courses.run_saved", run, title=run.title)
    return run


def delete_run(course_id: int, run_id: int) -> None:
    """Deletes a run that nobody ever asked to join. Raises :class:`Conflict` otherwise: what was learnt is kept."""
    run = _run(course_id, run_id)
    if db.session.scalar(select(Enrolment.id).where(Enrolment.run_id == run.id).limit(1)) is not None:
        raise Conflict(_("People have enrolled in this run, so it is kept. Close its enrolment instead."))
    audit.record("courses.run_deleted", run, title=run.title)
    db.session.execute(delete(ClassGroup).where(ClassGroup.run_id == run.id))
    db.session.delete(run)
    db.session.flush()


def check_run(values: dict[str, Any]) -> None:
    """Raises :class:`Invalid` where dates contradict each other or a code is missing."""
    starts, ends = values["starts_at"], values["ends_at"]
    opens, closes = values["enrolment_opens_at"], values["enrolment_closes_at"]
    if _not_after(starts, ends):
        raise Invalid(_("The run must end after it starts."), field="ends_at")
    if _not_after(opens, closes):
        raise Invalid(_("Enrolment must close after it opens."), field="enrolment_closes_at")
    if _not_after(opens, ends):
        raise Invalid(_("Enrolment must open before the run ends."), field="enrolment_opens_at")
    if values["policy"] == EnrolmentPolicy.CODE and not values["code"]:
        raise Invalid(_("Choose a code and give it to your learners."), field="code")


def _not_after(earlier: datetime | None, later: datetime | None) -> bool:
    return earlier is not None and later is not None and later <= earlier


def add_group(course_id: int, run_id: int, name: str, teacher_id: int | None) -> ClassGroup:
    """A new class in the run. Raises :class:`Invalid` where its name is taken there."""
    run = _run(course_id, run_id)
    groups = db.session.scalar(select(func.count()).where(ClassGroup.run_id == run.id)) or 0
    if groups >= MOST_GROUPS:
        raise Invalid(_("A run has at most %(count)s classes.", count=MOST_GROUPS), field="name")
    group = ClassGroup(run_id=run.id, institution_id=run.institution_id)
    _name_group(group, course_id, name, teacher_id)
    return group


def save_group(course_id: int, run_id: int, group_id: int, name: str, teacher_id: int | None) -> ClassGroup:
    """Renames a class or gives it another teacher."""
    run = _run(course_id, run_id)
    group = _group(run, group_id)
    _name_group(group, course_id, name, teacher_id)
    return group


def delete_group(course_id: int, run_id: int, group_id: int) -> None:
    """Deletes an empty class. Raises :class:`Conflict` while somebody is in it; one gone already is no error."""
    run = _run(course_id, run_id)
    group = db.session.scalar(select(ClassGroup).where(ClassGroup.id == group_id, ClassGroup.run_id == run.id))
    if group is None:
        return
    people = db.session.scalar(select(func.count()).where(Enrolment.class_group_id == group.id)) or 0
    if people:
        raise Conflict(
            _("“%(name)s” still has %(count)s people in it. Place them elsewhere first.", name=group.name, count=people)
        )
    db.session.delete(group)
    db.session.flush()


def _name_group(group: ClassGroup, course_id: int, name: str, teacher_id: int | None) -> None:
    if teacher_id is not None and not db.session.scalar(
        select(TeamMember.id).where(TeamMember.course_id == course_id, TeamMember.user_id == teacher_id)
    ):
        raise Invalid(_("A class is taught by somebody on the course's team."), field="teacher_id")
    try:
        with db.session.begin_nested():
            group.name, group.teacher_id = name, teacher_id
            db.session.add(group)
    except IntegrityError:
        raise Invalid(_("There is a class “%(name)s” in this run already.", name=name), field="name") from None


def _run(course_id: int, run_id: int) -> CourseRun:
    run = editing.locked(CourseRun, run_id)
    if run.course_id != course_id:
        raise NotFound(_("This run is not in this course."))
    return run


def _group(run: CourseRun, group_id: int) -> ClassGroup:
    group = db.session.scalar(select(ClassGroup).where(ClassGroup.id == group_id, ClassGroup.run_id == run.id))
    if group is None:
        raise NotFound(_("This class is not in the run any more."))
    return group
