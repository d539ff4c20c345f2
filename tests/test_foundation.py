"""The ground everything stands on: transactions, tenancy, sessions."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text, union_all, update
from sqlalchemy.orm import aliased

from core.courses.models import Course
from core.db import db, table_of
from core.institutions.models import Institution, Membership
from core.tenancy import NoInstitutionScope, across_institutions, institution_scope
from core.users.models import User
from tests.conftest import CountQueries
from tests.factories import Factory


def test_without_a_scope_institution_rows_cannot_be_read(app: Flask, make: Factory) -> None:
    make.course()
    with pytest.raises(NoInstitutionScope):
        db.session.scalars(select(Course)).all()


def test_a_join_cannot_smuggle_rows_past_the_guard(app: Flask, make: Factory) -> None:
    make.course()
    with pytest.raises(NoInstitutionScope):
        db.session.execute(select(User.id).join(Membership, Membership.user_id == User.id)).all()


def test_core_statements_are_guarded_too(app: Flask) -> None:
    with pytest.raises(NoInstitutionScope):
        db.session.execute(select(Course.__table__.c.id)).all()


def test_what_cannot_be_filtered_is_refused_inside_a_scope(app: Flask, make: Factory) -> None:
    mine, theirs = make.course(), make.course()
    table = table_of(Course)
    for statement in (
        select(table.c.id),
        select(table.alias().c.id),
        select(Course).from_statement(text("SELECT * FROM course")),
        update(table).values(title="mine now"),
        delete(table),
    ):
        with institution_scope(mine.institution_id), pytest.raises(NoInstitutionScope):
            db.session.execute(statement)
    db.session.expire_all()
    with across_institutions("a test"):
        assert db.session.get_one(Course, theirs.id).title != "mine now"


def test_changes_reach_the_rows_of_the_scope_only(app: Flask, make: Factory) -> None:
    mine, theirs = make.course(), make.course()
    with institution_scope(mine.institution_id):
        db.session.execute(update(Course).values(title="mine now"))
        db.session.execute(delete(Course).where(Course.id == theirs.id))
        db.session.commit()
    db.session.expire_all()
    with across_institutions("a test"):
        assert db.session.get_one(Course, mine.id).title == "mine now"
        assert db.session.get_one(Course, theirs.id).title != "mine now"


@pytest.mark.parametrize(
    "statement",
    [
        select(aliased(Course).id),
        select(select(Course.id).subquery().c.id),
        select(select(Course.id).cte().c.id),
        union_all(select(Course.id), select(Course.id)),
        select(Institution.id).where(Institution.id.in_(select(Course.institution_id))),
    ],
    ids=["alias", "subquery", "cte", "union", "in"],
)
def test_the_filter_reaches_into_every_part_of_a_statement(app: Flask, make: Factory, statement: Any) -> None:
    mine = make.course()
    make.course()
    with institution_scope(mine.institution_id):
        assert len(set(db.session.scalars(statement))) == 1
    with pytest.raises(NoInstitutionScope):
        db.session.scalars(statement)


def test_a_scope_shows_its_own_institution_only(app: Flask, make: Factory) -> None:
    mine, theirs = make.course(), make.course()
    with institution_scope(mine.institution_id):
        assert db.session.scalars(select(Course.id)).all() == [mine.id]
        assert db.session.scalars(select(Course.id).where(Course.id == theirs.id)).all() == []
    with across_institutions("a test"):
        assert set(db.session.scalars(select(Course.id))) == {mine.id, theirs.id}


def test_the_filter_follows_the_scope_of_each_execution(app: Flask, make: Factory) -> None:
    courses = [make.course() for _ in range(3)]
    for course in courses:
        with institution_scope(course.institution_id):
            assert db.session.scalars(select(Course.id)).all() == [course.id]


def test_a_new_row_takes_the_institution_of_the_scope(app: Flask, make: Factory) -> None:
    institution = make.institution()
    with institution_scope(institution.id):
        course = Course(slug="a", title="A")
        db.session.add(course)
        db.session.commit()
    assert course.institution_id == institution.id


def test_savepoints_are_real(app: Flask, make: Factory) -> None:
    nested = db.session.begin_nested()
    db.session.add(Institution(slug="x", name="X"))
    db.session.flush()
    nested.rollback()
    db.session.commit()
    assert db.session.scalars(select(Institution.slug)).all() == []


def test_somebody_logged_in_is_known_by_one_statement(
    app: Flask, make: Factory, login: Callable[..., FlaskClient], count_queries: CountQueries
) -> None:
    user = make.user()
    client = login(user)
    with count_queries() as statements:
        client.get("/healthz")
    assert len(statements) <= 1
