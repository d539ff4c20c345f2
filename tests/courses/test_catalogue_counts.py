"""Facet counts against counting by hand, and a catalogue in memory that is never older than the database."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from core import clock
from core.courses import catalogue
from core.courses.catalogue import Card, Catalogue, catalogue_now, fold
from core.courses.models import Course, CourseRun
from core.courses.search import FACETS, Question, _Found, looser
from core.db import db
from core.enrolment import service
from core.permissions import Viewer
from core.tenancy import institution_scope
from tests.factories import Factory

NOW = clock.now()
CHOICES = {
    "subject": ["41", "46", "51"],
    "institution": ["north", "south"],
    "level": ["beginner", "advanced"],
    "hours": ["-16", "32-64"],
    "certificate": ["1"],
    "language": ["zh-CN", "en"],
    "open": ["1"],
}

courses = st.lists(
    st.fixed_dictionaries(
        {name: st.sampled_from([*values, ""]) for name, values in CHOICES.items()}
        | {"title": st.text("数控车护理 ab%_", max_size=6), "public": st.booleans()}
    ),
    max_size=30,
)
questions = st.fixed_dictionaries(
    {name: st.lists(st.sampled_from(values), max_size=2, unique=True) for name, values in CHOICES.items()}
)


def shelved(rows: list[dict[str, Any]]) -> Catalogue:
    """A catalogue of these rows, put together without a database."""
    made = Catalogue("stamp", NOW)
    for number, row in enumerate(rows):
        bit = 1 << number
        card = Card(
            number, f"c{number}", row["title"], "", 1, row["institution"], "", "", "", "", "", False, None, 0, 0
        )
        made.cards.append(card)
        made.titles.append(fold(row["title"]))
        made.texts.append(fold(row["title"]))
        made.public |= bit * row["public"]
        made.institution_names[row["institution"]] = row["institution"]
        for facet in set(CHOICES) - {"open"}:
            if row[facet]:
                made.facets[facet][row[facet]] |= bit
        if row["open"]:
            made.windows.append((NOW - timedelta(days=1), NOW + timedelta(days=1), bit))
    made.institution_names.pop("", None)
    made.orders = {"newest": list(range(len(rows)))}
    return made


@given(courses, questions, st.text("数控 a%", max_size=3))
@settings(max_examples=200, deadline=None)
def test_counts_and_hits_are_those_of_counting_by_hand(
    rows: list[dict[str, Any]], wanted: dict[str, list[str]], words: str
) -> None:
    ticked = {name: tuple(values) for name, values in wanted.items() if values}
    found = _Found(shelved(rows), Question(words=words, ticked=ticked), Viewer())
    known = {row["institution"] for row in rows}

    def fits(row: dict[str, Any], leaving_out: str = "") -> bool:
        if not row["public"] or not all(word in fold(row["title"]) for word in fold(words).split()):
            return False
        for name, values in ticked.items():
            real = [value for value in values if name != "institution" or value in known]
            if name != leaving_out and real and row[name] not in real:
                return False
        return True

    assert found.in_order("newest") == sorted(
        (number for number, row in enumerate(rows) if fits(row)),
        key=lambda n: (bool(words.split()) and not all(w in fold(rows[n]["title"]) for w in fold(words).split()), n),
    )
    for name in FACETS:
        by_hand = Counter(row[name] for row in rows if row[name] and fits(row, leaving_out=name))
        assert {option.value: option.courses for option in found.facet(name).options if option.courses} == by_hand


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing is remembered from other tests."""
    catalogue._kept = None
    yield
    catalogue._kept = None


def kept_titles() -> set[str]:
    """What this process would show now."""
    db.session.commit()
    found = {card.title for card in catalogue_now().cards}
    db.session.commit()
    return found


@pytest.mark.usefixtures("fresh")
class TestFreshness:
    """Whoever changes the catalogue changes the stamp; whoever keeps a copy looks at it."""

    def test_unchanged_it_is_kept(self, make: Factory) -> None:
        make.course()
        first = catalogue_now()
        assert catalogue_now() is first

    @pytest.mark.parametrize("way", ["row", "statement"])
    def test_a_change_is_seen_at_once_however_it_is_written(self, make: Factory, way: str) -> None:
        course = make.course(title="旧名")
        assert kept_titles() == {"旧名"}
        with institution_scope(course.institution_id):
            if way == "row":
                db.session.get_one(Course, course.id).title = "新名"
            else:
                db.session.execute(update(Course).where(Course.id == course.id).values(title="新名"))
            db.session.commit()
        assert kept_titles() == {"新名"}

    def test_publishing_and_taking_back_are_seen(self, make: Factory) -> None:
        course = make.course(title="课", state="draft")
        make.course(title="别的")
        assert kept_titles() == {"别的"}
        for state, shown in (("published", {"课", "别的"}), ("archived", {"别的"})):
            with institution_scope(course.institution_id):
                db.session.get_one(Course, course.id).state = state  # type: ignore[assignment]
                db.session.commit()
            assert kept_titles() == shown

    def test_what_was_rolled_back_is_never_shown(self, make: Factory) -> None:
        course = make.course(title="真")
        assert kept_titles() == {"真"}
        with institution_scope(course.institution_id):
            db.session.get_one(Course, course.id).title = "假"
            db.session.flush()
            assert {card.title for card in catalogue_now().cards} == {"假"}
            db.session.rollback()
        assert kept_titles() == {"真"}

    def test_another_process_sees_it_with_its_next_look(self, app: Flask, make: Factory) -> None:
        """A thread with a memory of its own stands for the process: all they share is the database."""
        course = make.course(title="旧名")
        assert kept_titles() == {"旧名"}
        mine, course_id, institution_id = catalogue._kept, course.id, course.institution_id
        db.session.commit()

        def elsewhere() -> None:
            with app.app_context(), institution_scope(institution_id):
                catalogue._kept = None
                db.session.get_one(Course, course_id).title = "新名"
                db.session.commit()
                catalogue_now()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        catalogue._kept = mine
        assert kept_titles() == {"新名"}

    def test_enrolling_moves_the_stamp_only_with_the_last_seat(self, make: Factory) -> None:
        course = make.course(title="课")
        run = make.run(course, capacity=2)
        stamps = []
        for _person in range(2):
            with institution_scope(course.institution_id):
                service.enrol(db.session.get_one(CourseRun, run.id), make.user().id)
                db.session.commit()
            stamps.append(catalogue_now().stamp)
        assert stamps[0] != stamps[1]
        assert catalogue_now().open_at(clock.now()) == 0


def test_hours_are_written_as_people_write_them() -> None:
    texts = [catalogue.hours_text(Decimal(value)) for value in ("0", "16", "16.0", "7.5", "100", "1000.0")]
    assert texts == ["", "16", "16", "7.5", "100", "1000"]


def test_leaving_out_is_offered_only_where_it_helps(make: Factory) -> None:
    make.course(title="护理", subject="52")
    question = Question(words="护理", ticked={"subject": ("46",), "level": ("advanced",)})
    assert looser(question, Viewer()) == []
    only = Question(words="护理", ticked={"subject": ("46",)})
    assert [(less.words, less.ticked, count) for _label, less, count in looser(only, Viewer())] == [("护理", {}, 1)]
