"""The catalogue in memory: every published course with what a card and a filter need, as it was at one stamp.

A filter's value is a set of courses, and a set of courses is one whole number with a bit per course: "51 and beginner,
at one of these two institutions" is three operations, and a count is the number of bits. So a thousand courses with all
their facets cost less than one statement to a database would. The courses are numbered newest first.

The catalogue is rebuilt when the stamp has changed, and every fifteen seconds for what the stamp does not cover: the
numbers of learners, a teacher's new name. What pages rendered of it is kept with it and goes with it.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import or_, select

from core import clock
from core.courses.models import Course, CourseRun, CourseState, EnrolmentPolicy, TeamMember, TeamRole, Visibility
from core.courses.stamp import current_stamp
from core.db import db
from core.institutions.models import Institution
from core.permissions import Permission, Viewer
from core.tenancy import across_institutions
from core.users.models import User

KEPT = timedelta(seconds=15)
MOST_PAGES = 200
"""Rendered pages kept with a catalogue; at some 30 kB each."""
HOURS = (("-16", 0, 16), ("16-32", 16, 32), ("32-64", 32, 64), ("64-", 64, 10**6))
"""Ranges of 学时: parameter, more than, up to. A course that says nothing about its hours is in none."""

Kept = TypeVar("Kept")

_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Card:
    """A course as it stands in a list."""

    id: int
    slug: str
    title: str
    summary: str
    institution_id: int
    institution_slug: str
    institution: str
    subject: str
    level: str
    language: str
    credit_hours: str
    """As people write it: ``16``, ``7.5``; empty where nothing is said."""
    has_certificate: bool
    cover_id: int | None
    lesson_count: int
    learners: int
    """Enrolled people when the catalogue was made."""


@dataclass
class Catalogue:
    """All published courses, newest first, and who may see which."""

    stamp: str | None
    made_at: datetime
    cards: list[Card] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What is searched, per course: title, summary, institution and teachers, folded."""
    titles: list[str] = field(default_factory=list)
    public: int = 0
    by_course: dict[int, int] = field(default_factory=dict)
    """Course id → its bit."""
    by_institution: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    facets: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    """Facet → value → the courses that have it."""
    institution_names: dict[str, str] = field(default_factory=dict)
    orders: dict[str, list[int]] = field(default_factory=dict)
    windows: list[tuple[datetime, datetime, int]] = field(default_factory=list)
    """When people can enrol in a run with free seats: from, until, the course's bit."""
    _open: tuple[datetime, datetime, int] = (_END, _END, 0)
    rendered_cards: dict[Any, Any] = field(default_factory=dict)
    rendered_pages: dict[Any, Any] = field(default_factory=dict)

    @property
    def everything(self) -> int:
        """The set of all courses."""
        return (1 << len(self.cards)) - 1

    def visible_to(self, viewer: Viewer) -> int:
        """The courses that ``viewer`` may find: the public ones and those of their own places."""
        allowed = Permission.SEE_MEMBERS_COURSES
        if viewer.may(allowed):
            return self.everything
        seen = self.public
        for institution_id in viewer.institutions:
            if viewer.may(allowed, institution_id=institution_id):
                seen |= self.by_institution.get(institution_id, 0)
        for course_id in viewer.courses:
            if viewer.may(allowed, course_id=course_id):
                seen |= self.by_course.get(course_id, 0)
        return seen

    def open_at(self, moment: datetime) -> int:
        """The courses with a run that one can join at ``moment``. Reckoned anew when a door opened or closed since."""
        since, until, found = self._open
        if not since <= moment < until:
            since, until, found = _BEGINNING, _END, 0
            for opens, closes, bit in self.windows:
                if opens <= moment < closes:
                    found |= bit
                for edge in (opens, closes):
                    since, until = (max(since, edge), until) if edge <= moment else (since, min(until, edge))
            self._open = since, until, found
        return found

    def remember(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """What ``make`` answers, kept for whoever asks with the same key while this is the catalogue."""
        kept: Kept | None = self.rendered_pages.get(key)
        if kept is None:
            kept = make()
            if len(self.rendered_pages) >= MOST_PAGES:
                self.rendered_pages.clear()
            self.rendered_pages[key] = kept
        return kept

    def in_order(self, chosen: int, order: str) -> list[int]:
        """The numbers of the chosen courses, sorted."""
        bits = bin(chosen)[:1:-1]
        size = len(bits)
        return [number for number in self.orders[order] if number < size and bits[number] == "1"]


def containing(words: list[str], texts: list[str], among: Iterable[int] | None = None) -> list[int]:
    """The numbers of the texts that contain every word. Plain substrings: no character is special."""
    numbers = list(range(len(texts)) if among is None else among)
    for word in words:
        numbers = [number for number in numbers if word in texts[number]]
    return numbers


_kept: Catalogue | None = None
_building = Lock()


def catalogue_now() -> Catalogue:
    """The catalogue as the present transaction sees it. One statement while nothing has changed."""
    global _kept
    stamp = current_stamp()
    if stamp is None:
        return _build(None)
    kept = _kept
    if kept is None or not _is_fresh(kept, stamp):
        with _building:
            kept = _kept
            if kept is None or not _is_fresh(kept, stamp):
                kept = _kept = _build(stamp)
    return kept


def remembered(viewer: Viewer, key: Any, make: Callable[[], Kept]) -> Kept:
    """What ``make`` answers, remembered for all who may find the same courses as ``viewer``. One statement.

    For what depends on nothing but the catalogue and ``key``: where an answer was kept, ``make`` is not called.
    """
    catalogue = catalogue_now()
    seen, open_now = catalogue.visible_to(viewer), catalogue.open_at(clock.now())
    return catalogue.remember((key, seen, open_now), make)


def fold(text: str) -> str:
    """Text for comparing: width, case and accents of spelling do not count (ＣＮＣ is cnc)."""
    return unicodedata.normalize("NFKC", text).casefold()


def _is_fresh(kept: Catalogue, stamp: str) -> bool:
    return kept.stamp == stamp and clock.now() - kept.made_at < KEPT


def _build(stamp: str | None) -> Catalogue:
    catalogue = Catalogue(stamp, clock.now())
    with across_institutions("the catalogue shows the courses of all institutions"):
        rows = db.session.execute(_COURSES.order_by(Course.published_at.desc(), Course.id.desc())).all()
        teachers: dict[int, list[str]] = defaultdict(list)
        for course_id, name in db.session.execute(_TEACHERS):
            teachers[course_id].append(name)
        runs = db.session.execute(_RUNS).all()
    for number, (card, row) in enumerate((_card(row), row) for row in rows):
        bit = 1 << number
        catalogue.cards.append(card)
        catalogue.titles.append(fold(card.title))
        catalogue.texts.append(fold("\n".join([card.title, card.summary, card.institution, *teachers[card.id]])))
        catalogue.by_course[card.id] = bit
        catalogue.by_institution[card.institution_id] |= bit
        catalogue.institution_names[card.institution_slug] = card.institution
        if row.visibility == Visibility.PUBLIC:
            catalogue.public |= bit
        for facet, value in _values(card, row.credit_hours):
            catalogue.facets[facet][value] |= bit
    numbers = range(len(rows))
    catalogue.orders = {
        "newest": list(numbers),
        "learners": sorted(numbers, key=lambda n: -rows[n].enrolment_count),
        "title": sorted(numbers, key=lambda n: _by_pinyin(catalogue.cards[n].title)),
    }
    catalogue.windows = [
        (run.enrolment_opens_at or _BEGINNING, _closing(run), catalogue.by_course[run.course_id])
        for run in runs
        if run.course_id in catalogue.by_course
    ]
    return catalogue


def _card(row: Any) -> Card:
    return Card(
        id=row.id,
        slug=row.slug,
        title=row.title,
        summary=row.summary,
        institution_id=row.institution_id,
        institution_slug=row.institution_slug,
        institution=row.institution_name,
        subject=row.subject,
        level=str(row.level),
        language=row.language,
        credit_hours=hours_text(row.credit_hours),
        has_certificate=row.has_certificate,
        cover_id=row.cover_id,
        lesson_count=row.lesson_count,
        learners=row.enrolment_count,
    )


def _values(card: Card, credit_hours: Decimal) -> Iterable[tuple[str, str]]:
    yield "subject", card.subject
    yield "institution", card.institution_slug
    yield "level", card.level
    yield "language", card.language
    yield from (("hours", name) for name, above, up_to in HOURS if above < credit_hours <= up_to)
    if card.has_certificate:
        yield "certificate", "1"


def hours_text(credit_hours: Decimal) -> str:
    """学时 as people write them, without needless zeros; empty for none."""
    return f"{credit_hours.normalize():f}" if credit_hours else ""


def _closing(run: Any) -> datetime:
    return min(run.enrolment_closes_at or _END, run.ends_at or _END)


def _by_pinyin(title: str) -> bytes:
    # GB 2312 put the 3,755 common characters in the order of their pinyin, and GB 18030 kept that order.
    return title.encode("gb18030", "replace")


_COURSES = (
    select(
        Course.id,
        Course.slug,
        Course.title,
        Course.summary,
        Course.subject,
        Course.level,
        Course.language,
        Course.credit_hours,
        Course.has_certificate,
        Course.visibility,
        Course.enrolment_count,
        Course.lesson_count,
        Course.institution_id,
        Course.cover_id,
        Institution.slug.label("institution_slug"),
        Institution.name.label("institution_name"),
    )
    .join(Institution, Institution.id == Course.institution_id)
    .where(Course.state == CourseState.PUBLISHED)
)
_TEACHERS = (
    select(TeamMember.course_id, User.name)
    .join(User, User.id == TeamMember.user_id)
    .where(TeamMember.is_listed, TeamMember.role != TeamRole.ASSISTANT)
)
_RUNS = select(
    CourseRun.course_id, CourseRun.enrolment_opens_at, CourseRun.enrolment_closes_at, CourseRun.ends_at
).where(
    CourseRun.policy != EnrolmentPolicy.CLOSED,
    or_(CourseRun.capacity.is_(None), CourseRun.seats_taken < CourseRun.capacity),
)
