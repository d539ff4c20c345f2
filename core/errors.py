"""What can go wrong, and the single table that turns it into a status, a page or ``application/problem+json``.

Services and queries raise these; only this module knows about HTTP. Each carries a sentence for the reader that names
the thing and the way out. RFC 9457 describes the JSON form.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from core.i18n import _, _l, language_tag


class DomainError(Exception):
    """A refusal with a reason. ``field`` names the form field or JSON member it is about, if it is about one."""

    def __init__(self, sentence: Any = "", *, field: str | None = None, **details: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return str(self.sentence)


class NotFound(DomainError):
    """It does not exist, or not for this person: the two look the same from outside."""


class NotAllowed(DomainError):
    """The person may see it but not do this with it."""


class Malformed(DomainError):
    """What was sent cannot even be read: JSON that is none."""


class Invalid(DomainError):
    """What was sent cannot be taken as it is; the sentence says what to change."""


class Conflict(DomainError):
    """It was right when the page was opened, and no longer is: full, closed, already done."""


class StaleForm(Conflict):
    """Somebody saved the same thing in between. ``details['newer']`` holds the newer text by field."""


class LogInNeeded(DomainError):
    """Only people who are logged in can do this."""


class TooManyRequests(DomainError):
    """Too often in too short a time. ``details['retry_after']`` is in seconds."""


class TooLarge(DomainError):
    """More bytes than are allowed here."""


class Unavailable(DomainError):
    """A part that is needed cannot be reached or is full; trying later may help."""


STATUS: dict[type[DomainError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Malformed: 400,
    Invalid: 422,
    Conflict: 409,
    StaleForm: 409,
    LogInNeeded: 401,
    TooManyRequests: 429,
    TooLarge: 413,
    Unavailable: 503,
}

TITLES: dict[int, Any] = {
    400: _l("The request could not be understood"),
    401: _l("Please log in"),
    403: _l("This is not allowed"),
    404: _l("This page does not exist"),
    405: _l("This cannot be done here"),
    409: _l("Something changed in the meantime"),
    413: _l("This is too large"),
    415: _l("This kind of content is not accepted"),
    416: _l("This part of the file does not exist"),
    422: _l("Something needs correcting"),
    429: _l("Too many attempts"),
    500: _l("Something broke on our side"),
    503: _l("Not available at the moment"),
}

WAYS_OUT: dict[int, Any] = {
    400: _l("Go back, reload the page and try again."),
    401: _l("Log in and you will come back to this page."),
    403: _l("If you need this, ask the administrator of your institution or the course’s leader."),
    404: _l("Check the address, or search for the course. It may have been moved, or is not open to you."),
    405: _l("Go back and use the buttons of the page."),
    409: _l("Reload the page to see how it stands now."),
    413: _l("Choose a smaller file or shorten the text."),
    415: _l("Send the content in one of the accepted forms."),
    422: _l("Go back, correct what is named and send it again."),
    429: _l("Wait a little and try again."),
    500: _l("Nothing you sent was half-saved. Try again; if it happens again, tell the operator the number below."),
    503: _l("Try again in a few minutes; what you sent before is safe."),
}


def init_app(app: Flask) -> None:
    """Registers the two handlers: for refusals of the domain and for everything HTTP."""
    app.register_error_handler(DomainError, _answer_domain_error)
    app.register_error_handler(HTTPException, _answer_http_error)


def wants_json() -> bool:
    """The caller speaks JSON: everything below ``/api/``, and whoever prefers it."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal, from the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _answer_domain_error(error: DomainError) -> ResponseReturnValue:
    status = status_of(error)
    if status == 401 and request.method == "GET" and not wants_json():
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
    extra: dict[str, Any] = {}
    if error.field:
        extra = {"field": error.field, "errors": {error.field: [str(error.sentence)]}}
    if isinstance(error, StaleForm):
        newer = error.details.get("newer", {})
        extra |= {"version": error.details.get("version"), "newer": {name: _plain(newer[name]) for name in newer}}
    response = answer(status, str(error.sentence), **extra)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else _written(value)


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    original = error.get_response()
    status = error.code or 500
    if status < 400:
        return original
    data = getattr(error, "data", None) or {}
    detail, extra = str(data.get("message") or ""), {}
    if data.get("messages"):
        wrong = _by_field(data["messages"])
        detail, extra = _("Please correct: %(fields)s.", fields=", ".join(wrong)), {"errors": wrong}
    response = answer(status, detail, **extra)
    for name in ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate"):
        if name in original.headers:
            response.headers[name] = original.headers[name]
    return response


def _by_field(messages: Mapping[str, Any]) -> dict[str, Any]:
    """What a schema found wrong: field → sentences. Where in the request the field stood says nothing to the reader."""
    found: dict[str, Any] = {}
    for place, wrong in messages.items():
        found |= wrong if isinstance(wrong, Mapping) else {place: wrong}
    spoken: dict[str, Any] = _spoken(found)
    return spoken


def _spoken(wrong: Any) -> Any:
    if isinstance(wrong, Mapping):
        # Beside the sentences about its parts a schema may have some about the whole.
        return {str(name).replace("_schema", "body"): _spoken(value) for name, value in wrong.items()}
    return [str(sentence) for sentence in wrong] if isinstance(wrong, list | tuple) else [str(wrong)]


def answer(status: int, detail: str = "", **extra: Any) -> Response:
    """The response for a status: a problem document or a page with what happened and what to do next."""
    title = str(TITLES.get(status, TITLES[500 if status >= 500 else 400]))
    if wants_json():
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail or title, **extra}
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        response = make_response(_page(status, title, detail, extra.get("incident", "")))
    response.status_code = status
    return response


def _page(status: int, title: str, detail: str, incident: str) -> str:
    way_out = str(WAYS_OUT.get(status, _("Go back and try again.")))
    try:
        return render_template(
            "errors/page.html", status=status, title=title, detail=detail, way_out=way_out, incident=incident
        )
    except Exception:  # whatever is broken in the frame of all pages, people still learn what to do
        current_app.logger.exception("the page of an error could not be rendered; a plain one was sent")
    lines, home = [line for line in (detail, way_out, incident) if line], _("To the front page")
    return (
        f'<!doctype html><html lang="{language_tag()}"><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(title)}</title><h1>{escape(title)}</h1>'
        + "".join(f"<p>{escape(line)}</p>" for line in lines)
        + f'<p><a href="/">{escape(home)}</a></p></html>'
    )
