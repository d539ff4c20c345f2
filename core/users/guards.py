"""Views for people who are logged in."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g

from core.errors import NotAllowed
from core.i18n import _
from core.users.current import current_person

_P = ParamSpec("_P")
_R = TypeVar("_R")


def login_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorator: visitors are led to the log-in page and back; a call to the API without a token gets a 401."""

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        current_person()
        return view(*args, **kwargs)

    return guarded


def browser_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorator: as :func:`login_required`, and not with an API token, which must not be able to make others."""

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        current_person()
        if "api_token" in g:
            raise NotAllowed(_("This page cannot be used with an API token. Log in with your password."))
        return view(*args, **kwargs)

    return guarded
