"""Whose page is this? The institution of a request follows from the object that its URL names.

A package registers how a URL parameter leads to an institution: ``course_slug`` through the course, and so on. The
scope is entered before the view runs, so that whatever else the URL names is looked up among that institution's rows
only: another institution's id is simply not found.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, g, request
from werkzeug.local import LocalProxy

from core.db import looking_up
from core.errors import NotFound
from core.i18n import _
from core.permissions import Viewer
from core.tenancy import across_institutions, enter_request_scope

Finder = Callable[[Any], int | None]
_finders: dict[str, Finder] = {}


def scope_by(parameter: str) -> Callable[[Finder], Finder]:
    """Decorator: the function answers the institution id of the object a URL parameter names, or None."""

    def register(finder: Finder) -> Finder:
        _finders[parameter] = finder
        return finder

    return register


def init_app(app: Flask) -> None:
    """Enters the institution of each request and leaves it afterwards."""
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> None:
    enter_request_scope(None)
    for parameter, finder in _finders.items():
        value = (request.view_args or {}).get(parameter)
        if value is not None:
            with across_institutions("finding the institution that a URL speaks of"), looking_up():
                institution_id = finder(value)
            if institution_id is None:
                raise NotFound(_("There is nothing at this address, or it is not open to you."))
            enter_request_scope(institution_id)
            return


def _leave(_error: BaseException | None) -> None:
    enter_request_scope(None)


def current_viewer() -> Viewer:
    """The person of this request with every role they hold; loaded once, one statement, none for visitors."""
    if "viewer" not in g:
        from flask_login import current_user

        from core.users.sessions import load_viewer

        with across_institutions("the roles of one person, wherever they are"), looking_up():
            g.viewer = load_viewer(current_user) if current_user.is_authenticated else Viewer()
    viewer: Viewer = g.viewer
    return viewer


viewer: Viewer = LocalProxy(current_viewer)  # type: ignore[assignment]
