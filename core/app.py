"""The application factory: where the parts are put together."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from core import errors, i18n
from core.config import Settings, load_settings
from core.db import db
from core.i18n import _l
from core.institutions.policy import administers_somewhere
from core.permissions import Viewer
from core.users import accounts
from core.web import init_app as init_web
from core.web import templating

NAVIGATION: list[tuple[str, Any, Callable[[Viewer], bool]]] = [
    ("courses.catalogue", _l("Courses"), lambda _viewer: True),
    ("enrolment.mine", _l("My learning"), lambda viewer: viewer.user_id is not None),
    ("teach.index", _l("My teaching"), lambda viewer: viewer.teaches),
    ("admin.index", _l("Administration"), administers_somewhere),
]
"""Main navigation: endpoint, label, and for whom it is shown."""


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """A configured application. ``overrides`` are single settings, for tests and scripts."""
    settings = settings or load_settings(**overrides)
    app = Flask(
        "core",
        instance_path=str(settings.home),
        template_folder="web/templates",
        static_folder="web/static",
    )
    app.extensions["jinke"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            # Every thread can have its connection; some need a second one for a moment, and would else wait for others.
            "pool_size": settings.web_threads,
            "max_overflow": settings.worker_threads + 8,
            "pool_timeout": 10,
            # The connection used last is used next: its prepared statements and its pages are warm.
            "pool_use_lifo": True,
            # What people typed, addresses and hashes stand in no log, whatever statement fails.
            "hide_parameters": not settings.debug,
        },
        DEBUG=settings.debug,
        PROPAGATE_EXCEPTIONS=False,
    )
    templating.init_app(app)
    db.init_app(app)
    i18n.init_app(app, settings)
    errors.init_app(app)
    app.extensions["jinke_navigation"] = NAVIGATION
    init_web(app, settings)
    accounts.init_app(app, settings)
    _register_packages(app)
    _register_api()
    return app


def _register_packages(app: Flask) -> None:
    from core import models  # noqa: F401 - every table is known before the first statement
    from core.courses import editor_views as editor
    from core.courses import public_views as courses
    from core.courses import scoping as course_scoping  # noqa: F401 - finders are known by being imported
    from core.enrolment import views as enrolment
    from core.files import jobs as file_jobs  # noqa: F401
    from core.files import links, tus, upload_views
    from core.files import scoping as file_scoping  # noqa: F401
    from core.files import tidying as file_tidying  # noqa: F401
    from core.files import views as files
    from core.institutions import frame as administration
    from core.institutions import import_views, people_views  # noqa: F401 - views are known by being imported
    from core.institutions import scoping as institution_scoping  # noqa: F401
    from core.institutions import views as administration_views  # noqa: F401
    from core.progress import class_views as classes
    from core.progress import completion  # noqa: F401 - subscribers are known by being imported
    from core.progress import learn_views as learn
    from core.progress import record_views as record
    from core.progress import service as progress
    from core.users import jobs as user_jobs  # noqa: F401 - handlers are known by being imported
    from core.users import roster_jobs  # noqa: F401

    app.register_blueprint(courses.bp)
    app.register_blueprint(editor.bp)
    app.register_blueprint(enrolment.bp)
    app.register_blueprint(administration.bp)
    app.register_blueprint(classes.bp)
    app.register_blueprint(record.bp)
    app.register_blueprint(files.bp)
    app.register_blueprint(tus.bp)
    app.register_blueprint(upload_views.bp)
    app.register_blueprint(learn.bp)
    links.on_fetch(progress.note_fetch)


def _register_api() -> None:
    from core.courses import api as courses
    from core.courses import api_outline, api_runs  # noqa: F401 - they add to the courses' blueprint
    from core.enrolment import api as enrolment
    from core.files import api as files
    from core.institutions import api as institutions
    from core.jobs import api as jobs
    from core.progress import api as progress
    from core.users import api as users
    from core.web.api import api

    for package in (users, institutions, courses, enrolment, progress, files, jobs):
        api.register_blueprint(package.bp)
