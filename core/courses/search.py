"""Finding courses: what was asked, and what the catalogue answers, with counts for every filter.

A facet's counts are taken with all *other* filters applied: they say how many courses a further tick would show.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from core import clock
from core.courses.catalogue import Card, Catalogue, catalogue_now, containing, fold
from core.courses.models import Course
from core.courses.subjects import SUBJECTS
from core.courses.words import LANGUAGES, LEVELS
from core.db import db
from core.i18n import _l
from core.permissions import Viewer
from core.tenancy import across_institutions

PAGE = 24
LONGEST_QUESTION = 100
HOURS: dict[str, Any] = {
    "-16": _l("Up to 16"),
    "16-32": _l("16 to 32"),
    "32-64": _l("32 to 64"),
    "64-": _l("More than 64"),
}
SORTS: dict[str, Any] = {"newest": _l("Newest"), "learners": _l("Most learners"), "title": _l("By title")}
FACETS: dict[str, Any] = {
    "open": _l("Enrolment"),
    "subject": _l("Discipline"),
    "institution": _l("Institution"),
    "level": _l("Level"),
    "hours": _l("Credit hours"),
    "certificate": _l("Certificate"),
    "language": _l("Language"),
}
_LABELS: dict[str, dict[str, Any]] = {
    "open": {"1": _l("Open for enrolment now")},
    "subject": SUBJECTS,
    "level": LEVELS,
    "hours": HOURS,
    "certificate": {"1": _l("Gives a certificate")},
    "language": LANGUAGES,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody looks for. Made from any parameters at all: what makes no sense is left out."""

    words: str = ""
    ticked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Facet → the values of which one must hold."""
    sort: str = "newest"
    page: int = 1

    @classmethod
    def from_parameters(cls, parameters: MultiDict[str, str]) -> "Question":
        """Reads an address's parameters. Values of institutions are checked later, against the catalogue."""
        ticked = {}
        for facet in FACETS:
            labels = _LABELS.get(facet)
            values = dict.fromkeys(parameters.getlist(facet))
            known = tuple(v for v in values if (v in labels if labels is not None else len(v) <= 64))
            if known:
                ticked[facet] = known
        sort = parameters.get("sort", "")
        return cls(
            words=_clean(parameters.get("q", "")),
            ticked=ticked,
            sort=sort if sort in SORTS else "newest",
            page=_whole(parameters.get("page", "")),
        )

    @property
    def is_plain(self) -> bool:
        """Whether everything is asked for."""
        return not self.words and not self.ticked

    def address(self, base: str, page: int = 1) -> str:
        """The address of this question's answer."""
        pairs = [("q", self.words)] if self.words else []
        pairs += [(facet, value) for facet, values in self.ticked.items() for value in values]
        pairs += [("sort", self.sort)] if self.sort != "newest" else []
        pairs += [("page", str(page))] if page > 1 else []
        return f"{base}?{urlencode(pairs)}" if pairs else base

    def without(self, facet: str, value: str) -> "Question":
        """The question with one tick taken away."""
        left = {name: tuple(v for v in values if (name, v) != (facet, value)) for name, values in self.ticked.items()}
        return replace(self, ticked={name: values for name, values in left.items() if values})


class Option(NamedTuple):
    """A value of a facet: how many courses it would show, and whether it is ticked."""

    value: str
    label: str
    courses: int
    ticked: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of filters."""

    name: str
    title: Any
    options: list[Option]


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of courses, how many there are, and the filters with their counts."""

    question: Question
    """As it was understood: the page is one that exists."""
    cards: list[Card]
    total: int
    pages: int
    facets: list[Facet]
    catalogue: Catalogue

    @property
    def ticks(self) -> list[tuple[str, Option]]:
        """Every ticked option with its facet's name."""
        return [(facet.name, option) for facet in self.facets for option in facet.options if option.ticked]


def search_courses(question: Question, viewer: Viewer, *, per_page: int = PAGE) -> Answer:
    """The courses that ``viewer`` may find and that fit, a page of them. Two statements."""
    catalogue = catalogue_now()
    found = _Found(catalogue, question, viewer)
    total = found.chosen.bit_count()
    pages = max(1, -(-total // per_page))
    page = min(question.page, pages)
    numbers = found.in_order(question.sort)[(page - 1) * per_page : page * per_page]
    cards = [catalogue.cards[number] for number in numbers]
    facets = [found.facet(name) for name in FACETS]
    understood = replace(question, ticked=found.ticked, page=page)
    return Answer(understood, cards, total, pages, facets, catalogue)


def courses_in_order(question: Question, viewer: Viewer) -> list[Card]:
    """All courses that ``viewer`` may find and that fit; none where only unknown institutions are asked for."""
    catalogue = catalogue_now()
    found = _Found(catalogue, question, viewer)
    if "institution" in question.ticked and "institution" not in found.ticked:
        return []
    return [catalogue.cards[number] for number in found.in_order(question.sort)]


def looser(question: Question, viewer: Viewer) -> list[tuple[Any, Question, int]]:
    """What to try where nothing fits: what to leave out, the question without it, how many courses that finds."""
    catalogue = catalogue_now()
    tries = [(question.words, replace(question, words=""))] if question.words else []
    for facet, values in question.ticked.items():
        labels = _LABELS.get(facet, catalogue.institution_names)
        tries += [(labels.get(value, value), question.without(facet, value)) for value in values]
    counted = [(label, less, _Found(catalogue, less, viewer).chosen.bit_count()) for label, less in tries]
    return sorted((entry for entry in counted if entry[2]), key=lambda entry: -entry[2])


class _Found:
    """One question put to the catalogue: sets of courses before and after the filters."""

    def __init__(self, catalogue: Catalogue, question: Question, viewer: Viewer) -> None:
        self.catalogue = catalogue
        self.values = {name: catalogue.facets.get(name, {}) for name in FACETS}
        self.values["open"] = {"1": catalogue.open_at(clock.now())}
        self.ticked = self._existing(question.ticked)
        self.words = fold(question.words).split()
        self.base = catalogue.visible_to(viewer)
        if self.words:
            self.base &= sum(1 << number for number in containing(self.words, catalogue.texts))
        self.allowed = {name: _union(self.values[name], wanted) for name, wanted in self.ticked.items()}
        self.chosen = _all_of(self.base, self.allowed.values())

    def _existing(self, ticked: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Without institutions that nobody knows; a made-up one filters nothing."""
        kept = dict(ticked)
        known = tuple(slug for slug in kept.pop("institution", ()) if slug in self.values["institution"])
        return kept | {"institution": known} if known else kept

    def in_order(self, sort: str) -> list[int]:
        """The numbers of the chosen courses. Where words are searched, those that have them in the title lead."""
        numbers = self.catalogue.in_order(self.chosen, sort)
        if self.words and sort == "newest":
            by_title = set(containing(self.words, self.catalogue.titles, numbers))
            numbers.sort(key=lambda number: number not in by_title)
        return numbers

    def facet(self, name: str) -> Facet:
        """A facet with the counts that all the other facets leave."""
        others = _all_of(self.base, (mask for other, mask in self.allowed.items() if other != name))
        values, ticked = self.values[name], self.ticked.get(name, ())
        options = []
        for value, label in _LABELS.get(name, self.catalogue.institution_names).items():
            count = (values.get(value, 0) & others).bit_count()
            if count or value in ticked:
                options.append(Option(value, str(label), count, value in ticked))
        if name == "institution":
            options.sort(key=lambda option: (not option.ticked, -option.courses, option.value))
        return Facet(name, FACETS[name], options)


def enrolment_counts(course_ids: list[int]) -> dict[int, int]:
    """Course id → number of enrolled people, at this moment."""
    if not course_ids:
        return {}
    with across_institutions("numbers on the catalogue's cards"):
        rows = db.session.execute(select(Course.id, Course.enrolment_count).where(Course.id.in_(course_ids)))
    return {row.id: row.enrolment_count for row in rows}


def _union(values: dict[str, int], wanted: Iterable[str]) -> int:
    mask = 0
    for value in wanted:
        mask |= values.get(value, 0)
    return mask


def _all_of(base: int, masks: Iterable[int]) -> int:
    for mask in masks:
        base &= mask
    return base


def _clean(words: str) -> str:
    """Words without control characters and halves of characters, single blanks, not too long."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in words[: LONGEST_QUESTION * 4])
    return " ".join("".join(kept).split())[:LONGEST_QUESTION].strip()


def _whole(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else 1
