"""Completing a course run: the moment every required lesson is completed, noted once."""

from typing import Any

from sqlalchemy import func, select

from core import clock
from core.courses.models import Chapter, Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.events import LessonCompleted, RunCompleted, announce, subscribe
from core.progress.models import LessonProgress


@subscribe(LessonCompleted)
def note_completion(payload: dict[str, Any]) -> None:
    """When a learner completes a lesson, looks whether it was the last required one. Repeating it changes nothing."""
    enrolment = db.session.get(Enrolment, payload["enrolment_id"], with_for_update=True, populate_existing=True)
    if enrolment is None or enrolment.completed_at is not None or not has_completed(enrolment):
        return
    enrolment.completed_at = clock.now()
    announce(RunCompleted(enrolment.id))


def has_completed(enrolment: Enrolment) -> bool:
    """Whether every required lesson of the course, as it is now, is completed; a course without any never is."""
    required, done = db.session.execute(
        select(func.count(Lesson.id), func.count(LessonProgress.completed_at))
        .join(Chapter, Chapter.id == Lesson.chapter_id)
        .outerjoin(
            LessonProgress,
            (LessonProgress.lesson_id == Lesson.id) & (LessonProgress.enrolment_id == enrolment.id),
        )
        .where(
            Lesson.course_id == enrolment.course_id,
            Lesson.is_required,
            Lesson.deleted_at.is_(None),
            Chapter.deleted_at.is_(None),
        )
    ).one()
    return 0 < required <= done
