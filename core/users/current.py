"""The person of this request, with a type."""

from typing import Any

from flask_login import AnonymousUserMixin
from flask_login import current_user as _current_user

from core.errors import LogInNeeded
from core.i18n import _
from core.users.models import User


class Visitor(AnonymousUserMixin):  # type: ignore[misc] # the library ships no types
    """Somebody who is not logged in."""

    id = None
    name = ""
    locale = None
    timezone = None
    confirmed_at = None
    email = None
    avatar_id = None


current_user: Any = _current_user
"""A :class:`~core.users.models.User` or a :class:`Visitor`; ask ``is_authenticated``."""


def current_person() -> User:
    """The person who is logged in. Raises :class:`~core.errors.LogInNeeded` for visitors."""
    if not current_user.is_authenticated:
        raise LogInNeeded(_("Log in to go on."))
    user: User = current_user._get_current_object()  # noqa: SLF001 - how a proxy is opened
    return user
