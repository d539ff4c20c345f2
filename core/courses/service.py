"""Making a course and saying what it is. Its outline, life, team, runs and copies have modules of their own."""

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import audit
from core.courses import editing, policy
from core.courses.models import Course, TeamMember, TeamRole
from core.db import db
from core.errors import Invalid
from core.files.models import Asset
from core.i18n import _
from core.tenancy import across_institutions, institution_scope

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_LENGTH = 80
RESERVED = frozenset({"new", "all", "my", "search", "preview"})
"""Words that the site's own addresses use where a course's slug could stand."""


def create_course(institution_id: int, creator_id: int, *, title: str, slug: str) -> Course:
    """A draft in ``institution_id``, led by its creator. Raises :class:`Invalid` for a slug that cannot be had."""
    check_slug(slug)
    with institution_scope(institution_id):
        course = Course(title=title, slug=slug, created_by_id=creator_id, updated_by_id=creator_id)
        insert_course(course)
        db.session.add(TeamMember(course_id=course.id, user_id=creator_id, role=TeamRole.LEADER))
        audit.record("courses.created", course, title=title)
        db.session.flush()
    return course


def insert_course(course: Course) -> None:
    """Adds the row; somebody taking the slug at the same moment becomes the same sentence as before it."""
    try:
        with db.session.begin_nested():
            db.session.add(course)
    except IntegrityError:
        raise _taken(course.slug) from None


def save_information(course_id: int, version: int, values: dict[str, Any], actor_id: int) -> Course:
    """Saves what the information form says. Raises :class:`StaleForm`, :class:`Conflict` while reviewed."""
    course = editing.locked(Course, course_id)
    policy.must_be_changeable(course)
    if "slug" in values and values["slug"] != course.slug:
        check_slug(values["slug"])
    before = {name: getattr(course, name) for name in values}
    try:
        with db.session.begin_nested():
            editing.save(course, version, values, actor_id)
    except IntegrityError:
        raise _taken(values.get("slug", "")) from None
    changed = sorted(name for name, value in before.items() if value != values[name])
    if changed:
        audit.record("courses.edited", course, fields=changed)
    return course


def set_cover(course_id: int, cover: Asset | None, actor_id: int) -> Course:
    """Gives the course a stored picture as its cover, or none."""
    course = editing.locked(Course, course_id)
    policy.must_be_changeable(course)
    course.cover_id = cover.id if cover is not None else None
    editing.stamp(course, actor_id)
    return course


def check_slug(slug: str) -> None:
    """Raises :class:`Invalid` with the way out: what a slug looks like, or a free one near the wish."""
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH:
        raise Invalid(
            _("Use small letters, digits and single hyphens between them, like “%(example)s”.", example="intro-to-cnc"),
            field="slug",
        )
    if slug in RESERVED or slug in _taken_like(slug):
        raise _taken(slug)


def free_slug(wanted: str) -> str:
    """``wanted`` itself, or with the next number behind it that is free on the whole site."""
    stem, _dash, number = wanted.rpartition("-")
    if not (stem and number.isdigit()):
        stem, number = wanted, "1"
    stem = stem[: SLUG_LENGTH - 12].rstrip("-")
    taken = _taken_like(stem) | RESERVED
    first = int(number[:9]) + 1
    numbered = (f"{stem}-{n}" for n in range(first, first + len(taken) + 1))
    return wanted if wanted not in taken else next(slug for slug in numbered if slug not in taken)


def suggested_slug(title: str) -> str:
    """A slug to begin with: the title's Latin words, else the next free ``course-<n>``."""
    words = "-".join(re.findall(r"[a-z0-9]+", title.lower()))[:60].strip("-")
    return free_slug(words if len(words) > 2 else "course-1")


def _taken(slug: str) -> Invalid:
    return Invalid(
        _("“%(slug)s” is taken on this site. “%(free)s” is free.", slug=slug, free=free_slug(slug)), field="slug"
    )


def _taken_like(stem: str) -> set[str]:
    with across_institutions("slugs are unique on the whole site"):
        return set(db.session.scalars(select(Course.slug).where(Course.slug.startswith(stem, autoescape=True))))
