"""The ground everything stands on: transactions, tenancy, sessions."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.courses.models import Course
from core.db import db
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
