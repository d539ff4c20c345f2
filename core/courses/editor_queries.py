"""What the pages of the course editor show. Reads only; each function is one statement."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import aliased, defer

from core.courses.models import (
    Caption,
    Chapter,
    ClassGroup,
    Course,
    CourseMove,
    CourseRun,
    CourseState,
    Lesson,
    LessonDraft,
    TeamMember,
)
from core.db import db
from core.enrolment.models import Enrolment, EnrolmentState
from core.files.models import Asset, Upload, UploadState
from core.institutions.models import Institution
from core.permissions import Permission, Viewer
from core.tenancy import across_institutions
from core.users.models import User

AnyRow = Row[*tuple[Any, ...]]
"""A row whose columns the docstring names."""

COURSES_PER_PAGE = 30
LEARNERS_PER_PAGE = 50
FILES_OFFERED = 100


@dataclass(slots=True)
class OutlineRow:
    """A lesson in the editor's outline, with the file it is made of."""

    lesson: Lesson
    asset: Asset | None


@dataclass(slots=True)
class OutlineBranch:
    """A chapter in the editor's outline and its lessons, in order."""

    chapter: Chapter
    lessons: list[OutlineRow] = field(default_factory=list)


@dataclass(slots=True)
class Removed:
    """A chapter or lesson that was removed and can be brought back."""

    at: datetime
    chapter: Chapter
    lesson: Lesson | None = None
    lessons_with_it: int = 0


@dataclass(slots=True)
class EditorOutline:
    """Everything the outline page shows."""

    branches: list[OutlineBranch]
    removed: list[Removed]


def own_courses(viewer: Viewer, page: int) -> tuple[list[AnyRow], int]:
    """The courses on whose team the person is, last changed first, and how many there are."""
    with across_institutions("one person's own courses, whoever owns them"):
        rows = db.session.execute(
            select(
                Course,
                TeamMember.role,
                Institution.name.label("institution"),
                func.count().over().label("total"),
            )
            .join(TeamMember, TeamMember.course_id == Course.id)
            .join(Institution, Institution.id == Course.institution_id)
            .where(TeamMember.user_id == viewer.user_id)
            .options(defer(Course.description), defer(Course.outcomes), defer(Course.audience))
            .order_by(Course.updated_at.desc(), Course.id.desc())
            .limit(COURSES_PER_PAGE)
            .offset((page - 1) * COURSES_PER_PAGE)
        ).all()
    return list(rows), rows[0].total if rows else 0


def courses_to_review(viewer: Viewer) -> list[AnyRow]:
    """The courses that wait for this person's approval: as named reviewer or as administrator."""
    administered = [
        institution_id
        for institution_id in viewer.institutions
        if viewer.may(Permission.APPROVE_COURSE, institution_id=institution_id)
    ]
    with across_institutions("courses that wait for one person's approval"):
        rows = db.session.execute(
            select(Course, Institution.name.label("institution"))
            .join(Institution, Institution.id == Course.institution_id)
            .where(
                Course.state == CourseState.IN_REVIEW,
                or_(Course.reviewer_id == viewer.user_id, Course.institution_id.in_(administered)),
            )
            .order_by(Course.updated_at)
            .limit(100)
        )
        return list(rows.all())


def institutions_by_id(institution_ids: list[int]) -> list[Institution]:
    """Institutions in the order of their names."""
    return list(
        db.session.scalars(
            select(Institution).where(Institution.id.in_(institution_ids)).order_by(Institution.name, Institution.id)
        )
    )


def editor_outline(course_id: int) -> EditorOutline:
    """Chapters and lessons in order, and apart from them what was removed, latest first."""
    rows = db.session.execute(
        select(Chapter, Lesson, Asset)
        .select_from(Chapter)
        .outerjoin(Lesson, Lesson.chapter_id == Chapter.id)
        .outerjoin(Asset, Asset.id == Lesson.asset_id)
        .where(Chapter.course_id == course_id)
        .order_by(Chapter.position, Chapter.id, Lesson.position, Lesson.id)
        .options(defer(Lesson.body), defer(Asset.details))
    )
    inside: dict[int, list[OutlineRow]] = defaultdict(list)
    chapters: dict[int, Chapter] = {}
    for chapter, lesson, asset in rows:
        chapters[chapter.id] = chapter
        if lesson is not None:
            inside[chapter.id].append(OutlineRow(lesson, asset))
    branches = [
        OutlineBranch(chapter, [row for row in inside[chapter.id] if row.lesson.deleted_at is None])
        for chapter in chapters.values()
        if chapter.deleted_at is None
    ]
    return EditorOutline(branches, _removed(chapters, inside))


def _removed(chapters: dict[int, Chapter], inside: dict[int, list[OutlineRow]]) -> list[Removed]:
    found: list[Removed] = []
    for chapter in chapters.values():
        lessons = [row.lesson for row in inside[chapter.id]]
        if chapter.deleted_at is not None:
            along = sum(lesson.deleted_at == chapter.deleted_at for lesson in lessons)
            found.append(Removed(chapter.deleted_at, chapter, lessons_with_it=along))
        else:
            found += [Removed(lesson.deleted_at, chapter, lesson) for lesson in lessons if lesson.deleted_at]
    return sorted(found, key=lambda removed: removed.at, reverse=True)


def uploads_under_way(course_id: int) -> dict[int, UploadState]:
    """Lesson id → state of the upload that has not become its file yet."""
    rows = db.session.execute(
        select(Upload.lesson_id, Upload.state)
        .join(Lesson, Lesson.id == Upload.lesson_id)
        .where(Lesson.course_id == course_id, Upload.state != UploadState.DONE)
        .order_by(Upload.created_at)
    )
    return {row.lesson_id: UploadState(row.state) for row in rows if row.lesson_id is not None}


def lesson_for_editing(course_id: int, lesson_id: int, user_id: int) -> AnyRow | None:
    """The lesson with its chapter, its file, this person's draft of it and who saved it last."""
    editor = aliased(User)
    return db.session.execute(
        select(Lesson, Chapter, Asset, LessonDraft, editor.name.label("editor"))
        .join(Chapter, Chapter.id == Lesson.chapter_id)
        .outerjoin(Asset, Asset.id == Lesson.asset_id)
        .outerjoin(LessonDraft, and_(LessonDraft.lesson_id == Lesson.id, LessonDraft.user_id == user_id))
        .outerjoin(editor, editor.id == Lesson.updated_by_id)
        .where(Lesson.id == lesson_id, Lesson.course_id == course_id, Lesson.deleted_at.is_(None))
    ).first()


def captions(lesson_id: int) -> list[Caption]:
    """The lesson's subtitles by language, without their text."""
    query = select(Caption).where(Caption.lesson_id == lesson_id).options(defer(Caption.vtt))
    return list(db.session.scalars(query.order_by(Caption.language)))


def usable_files(course: Course, kinds: frozenset[str], user_id: int) -> list[Asset]:
    """Files a lesson could be made of: this course's, and those the person uploaded to its institution."""
    used = select(Lesson.asset_id).where(Lesson.course_id == course.id, Lesson.asset_id.is_not(None))
    return list(
        db.session.scalars(
            select(Asset)
            .where(
                Asset.institution_id == course.institution_id,
                Asset.kind.in_(kinds),
                or_(Asset.uploader_id == user_id, Asset.id.in_(used)),
            )
            .order_by(Asset.id.desc())
            .limit(FILES_OFFERED)
        )
    )


def team(course_id: int) -> list[AnyRow]:
    """Everybody on the team, in its order: ``TeamMember`` and ``User``, and where they are members."""
    return list(
        db.session.execute(
            select(TeamMember, User)
            .join(User, User.id == TeamMember.user_id)
            .where(TeamMember.course_id == course_id)
            .order_by(TeamMember.position, TeamMember.id)
        ).all()
    )


def person_name(user_id: int | None) -> str | None:
    """What somebody is called; None for nobody."""
    return db.session.scalar(select(User.name).where(User.id == user_id)) if user_id is not None else None


def moves(course_id: int) -> list[AnyRow]:
    """The course's life so far, latest first: ``CourseMove`` and the actor's name."""
    return list(
        db.session.execute(
            select(CourseMove, User.name.label("actor"))
            .outerjoin(User, User.id == CourseMove.actor_id)
            .where(CourseMove.course_id == course_id)
            .order_by(CourseMove.id.desc())
            .limit(200)
        ).all()
    )


def runs(course_id: int) -> list[AnyRow]:
    """The course's runs, latest first, each with how many wait to be admitted."""
    pending = (
        select(func.count())
        .where(Enrolment.run_id == CourseRun.id, Enrolment.state == EnrolmentState.PENDING)
        .scalar_subquery()
    )
    return list(
        db.session.execute(
            select(CourseRun, pending.label("pending"))
            .where(CourseRun.course_id == course_id)
            .order_by(CourseRun.starts_at.desc(), CourseRun.id.desc())
        ).all()
    )


def run(course_id: int, run_id: int) -> CourseRun | None:
    """One run of the course."""
    return db.session.scalar(select(CourseRun).where(CourseRun.id == run_id, CourseRun.course_id == course_id))


def groups(run_id: int) -> list[AnyRow]:
    """The run's classes by name: ``ClassGroup``, the teacher's name, and how many are in it."""
    size = select(func.count()).where(Enrolment.class_group_id == ClassGroup.id).scalar_subquery()
    return list(
        db.session.execute(
            select(ClassGroup, User.name.label("teacher"), size.label("size"))
            .outerjoin(User, User.id == ClassGroup.teacher_id)
            .where(ClassGroup.run_id == run_id)
            .order_by(ClassGroup.name, ClassGroup.id)
        ).all()
    )


@dataclass(frozen=True, slots=True)
class LearnerFilter:
    """What the list of learners is narrowed to."""

    words: str = ""
    state: str = ""
    group_id: int | None = None
    page: int = 1


def learners(run_id: int, wanted: LearnerFilter) -> tuple[list[AnyRow], int]:
    """One page of the run's learners, those waiting to be admitted first, and how many the filter leaves."""
    query = (
        select(Enrolment, User, ClassGroup.name.label("group"), func.count().over().label("total"))
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(ClassGroup, ClassGroup.id == Enrolment.class_group_id)
        .where(Enrolment.run_id == run_id)
    )
    if wanted.words:
        query = query.where(
            or_(*(column.contains(wanted.words, autoescape=True) for column in (User.name, User.email, User.username)))
        )
    if wanted.state:
        query = query.where(Enrolment.state == wanted.state)
    if wanted.group_id is not None:
        query = query.where(Enrolment.class_group_id == wanted.group_id)
    waiting_first = (Enrolment.state != EnrolmentState.PENDING, User.name, Enrolment.id)
    page = query.order_by(*waiting_first).limit(LEARNERS_PER_PAGE).offset((wanted.page - 1) * LEARNERS_PER_PAGE)
    rows = list(db.session.execute(page).all())
    return rows, rows[0].total if rows else 0
