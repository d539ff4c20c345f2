"""When something breaks on our side: one line in the log, a number by which to find it, and an answer all the same.

What is out of order only for a while (a database that is busy, full or away, a full disk) is 503 with ``Retry-After``;
everything else is a bug, 500 with the number of the incident. Neither answer asks the database for anything.
"""

import errno
import secrets
import sqlite3
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_babel import force_locale
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import InternalServerError

from core.config import current_settings
from core.db import db
from core.errors import answer
from core.i18n import COOKIE, LOCALES, _l, from_browser
from core.permissions import Viewer
from media.storage import StorageFull

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Signs that are not mistaken for each other when read out on the telephone."""

BUSY_SECONDS, AWAY_SECONDS = 5, 30
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SQLITE_AWAY = ("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_PROTOCOL")


def init_app(app: Flask) -> None:
    """Takes over the log entry and the answer for every exception that no handler knows."""

    def log_exception(exc_info: tuple[Any, BaseException, Any] | tuple[None, None, None]) -> None:
        if exc_info[1] is not None:
            _log(app, exc_info[1])

    app.log_exception = log_exception  # type: ignore[method-assign]
    app.register_error_handler(InternalServerError, _answer)


def outage(error: BaseException | None) -> tuple[Any, int] | None:
    """The sentence and the seconds to wait, where an exception means that a part is unavailable; None for a bug.

    The sentence is translated when it is shown: whose language that is cannot be looked up in a database that is away.
    """
    if isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in FULL):
        return _l("The disk of this site is full, so nothing could be saved. Tell its operator."), AWAY_SECONDS
    if isinstance(error, PoolTimeout):
        return _l("Very many people are here at this moment. Try again in a few seconds."), BUSY_SECONDS
    if not isinstance(error, DBAPIError):
        return None
    name = _name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or name in {"40001", "40P01", "55P03", "53300"}:
        return _l("Very many people are here at this moment. Try again in a few seconds."), BUSY_SECONDS
    if name in {"SQLITE_FULL", "53100"}:
        return _l("The disk of this site is full, so nothing could be saved. Tell its operator."), AWAY_SECONDS
    if error.connection_invalidated or name.startswith(_SQLITE_AWAY) or _is_no_connection(error, name):
        return _l("The database of this site cannot be reached at the moment. Try again in a minute."), AWAY_SECONDS
    return None


def _name(error: DBAPIError) -> str:
    """SQLite's name of the error, or PostgreSQL's SQLSTATE; empty where it has none."""
    if isinstance(error.orig, sqlite3.Error):
        return str(getattr(error.orig, "sqlite_errorname", ""))
    return str(getattr(error.orig, "sqlstate", None) or "")


def _is_no_connection(error: DBAPIError, state: str) -> bool:
    # Class 08 is "connection exception", 57P0x a server that is going down or coming up; where no connection came
    # about at all, the driver has no state to tell.
    if state:
        return state.startswith(("08", "57P0"))
    return type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ in {
        "OperationalError",
        "InterfaceError",
        "ConnectionTimeout",
    }


def _log(app: Flask, error: BaseException) -> None:
    g.incident = "".join(secrets.choice(ALPHABET) for _number in range(8))
    what = f"incident {g.incident} {request.method} {request.path} {type(error).__name__}"
    if outage(error) is not None:
        app.logger.error("%s: %s", what, " ".join(str(error).split()))
    else:
        app.logger.error("%s", what, exc_info=error)


def _answer(error: InternalServerError) -> Response:
    _forget_database()
    with force_locale(_language()):
        found = outage(error.original_exception)
        if found is None:
            return answer(500, incident=g.get("incident", ""))
        sentence, seconds = found
        response = answer(503, str(sentence), incident=g.get("incident", ""))
        response.headers["Retry-After"] = str(seconds)
        return response


def _forget_database() -> None:
    """Makes the rest of this request one of a visitor, for whom nothing has to be looked up."""
    try:
        db.session.rollback()
    except SQLAlchemyError:
        current_app.logger.warning("the transaction of a failed request could not be rolled back")
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask-Login's
    g.viewer = Viewer()


def _language() -> str:
    chosen = request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return chosen
    return from_browser(request.accept_languages.values()) or current_settings().default_locale
