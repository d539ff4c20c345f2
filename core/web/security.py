"""Headers, cross-site request forgery, and a limit on requests: on for everything, nothing to remember in a view."""

import secrets

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from core.config import Settings
from core.db import SAFE_METHODS
from core.errors import LogInNeeded, NotAllowed
from core.i18n import _
from core.users.models import ApiToken
from core.users.sessions import person_of_token

WITHOUT_TOKEN = frozenset({"web.set_language"})
"""Harmless when another site sends it. Its form stands on every page: a token would give every visitor a cookie."""

LARGEST_BODY = 24 * 1024**2
"""Bytes of a request, unless its blueprint says otherwise: a picture, with some room. Without it anybody could fill the
disk from the log-in page."""

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, storage_uri="memory://", headers_enabled=False)


def init_app(app: Flask, settings: Settings) -> None:
    """Cookie flags, CSRF for everything that comes with a cookie, CSP with a nonce on every answer."""
    app.config.update(
        SESSION_COOKIE_NAME="jinke_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        RATELIMIT_ENABLED=settings.rate_limits,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=4 * 1024**2,
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_check_origin)
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The nonce that scripts of this answer carry."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def api_token() -> ApiToken | None:
    """The API token this request came with, or None where it came with a cookie."""
    token: ApiToken | None = g.get("api_token")
    return token


def load_from_header(_request: object) -> object | None:
    """Flask-Login's request loader: the person of a bearer token."""
    found = person_of_token(request.headers.get("Authorization"))
    if found is None:
        return None
    user, token = found
    g.api_token = token
    return user


def _check_origin() -> None:
    """Whoever changes something says who they are, in a way that another site cannot make a browser say."""
    if request.routing_exception is not None:
        return  # nothing will run: the answer is 404 or 405 for everybody
    is_api = request.path.startswith("/api/")
    is_safe = request.method in SAFE_METHODS
    if request.headers.get("Authorization") and (is_api or not is_safe) and not current_user.is_authenticated:
        raise LogInNeeded(_("This token is unknown, revoked or expired. Make a new one on your account page."))
    if is_safe:
        return
    # A token is not sent by browsers on their own, so no other site can borrow it.
    if current_user.is_authenticated and "api_token" in g:
        if g.api_token.read_only:
            raise NotAllowed(_("This token may only read. Make one that may write on your account page."))
        return
    if is_api and not current_user.is_authenticated:
        raise LogInNeeded(_("Log in to go on."))
    if request.endpoint not in WITHOUT_TOKEN:
        csrf.protect()


def _add_headers(response: Response) -> Response:
    nonce = g.get("csp_nonce")
    trusted = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    policy = (
        f"default-src 'self'; script-src {trusted}; style-src {trusted}; "
        "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
        "worker-src 'self' blob:; object-src 'none'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; "
        "form-action 'self'"
    )
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), geolocation=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if current_user_known():
        # Pages, lists to take home and JSON alike: after logging out, the back button shows nobody's marks.
        headers.setdefault("Cache-Control", "no-store")
    elif response.mimetype in {"text/html", "application/json"}:
        headers.setdefault("Cache-Control", "no-cache")
    return response


def current_user_known() -> bool:
    """Whether this answer was made for somebody in particular."""
    user = g.get("_login_user")
    return user is not None and bool(user.is_authenticated)
