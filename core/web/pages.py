"""What every page knows: navigation, language, links to log in; and the few pages that belong to no package."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from core import clock, i18n
from core.config import current_settings
from core.db import db
from core.errors import Invalid
from core.i18n import _
from core.permissions import Permission
from core.web.scope import current_viewer
from core.web.styleguide import samples

bp = Blueprint("web", __name__)

_NO_RETURN = ("/login", "/register", "/registered", "/reset", "/confirm", "/activate/", "/verify", "/agreement")
"""Pages that nobody wants to see again after logging in."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link of the main navigation."""

    label: str
    url: str
    active: bool


def init_app(app: Flask) -> None:
    """Registers the blueprint and the context of every template."""
    app.register_blueprint(bp)
    app.context_processor(_context)
    app.jinja_env.globals.update(
        csrf_token=generate_csrf,
        format_date=i18n.format_date,
        format_datetime=i18n.format_datetime,
        format_timedelta=i18n.format_timedelta,
    )


def safe_target(target: str | None, otherwise: str) -> str:
    """``target`` where it is a path of this site, else ``otherwise``: redirects never leave the house."""
    parts = urlsplit(target or "")
    # "//host", "/\\host" and control characters are how browsers are led away from a path.
    if not target or parts.scheme or parts.netloc or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return otherwise
    return target if target.isprintable() and "\\" not in target else otherwise


def _context() -> dict[str, object]:
    return {
        "get_locale": i18n.get_locale,
        "language_tag": i18n.language_tag(),
        "locales": i18n.LOCALES,
        "site_name": current_settings().site_name,
        "base_url": current_settings().base_url.rstrip("/"),
        "nav_items": _navigation(),
        "now": clock.now(),
        **_doors(),
    }


def _doors() -> dict[str, str]:
    """Where to log in, register and log out; logging in leads back to the page one is on."""
    here = request.args.get("next") or request.full_path.rstrip("?")
    then = None if here.startswith(_NO_RETURN) or request.method != "GET" else safe_target(here, "/")
    return {
        "login_url": url_for("security.login", next=then),
        "register_url": url_for("security.register", next=then),
        "logout_url": url_for("security.logout"),
        "account_url": url_for("users.profile"),
    }


def _navigation() -> list[NavItem]:
    viewer = current_viewer()
    items = []
    for endpoint, label, is_for in current_app.extensions["jinke_navigation"]:
        if is_for(viewer):
            url = url_for(endpoint)
            items.append(NavItem(str(label), url, request.path == url or request.path.startswith(url + "/")))
    return items


@bp.post("/language")
def set_language() -> ResponseReturnValue:
    """Remembers the reader's language, in a cookie and, for people with an account, there."""
    language = request.form.get("lang", "")
    if language not in i18n.LOCALES:
        raise Invalid(_("This language is not available: choose Chinese or English."), field="lang")
    if current_user.is_authenticated:
        current_user.locale = language
        db.session.flush()
    response = redirect(safe_target(request.form.get("next"), "/"))
    response.set_cookie(i18n.COOKIE, language, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


@bp.get("/styleguide")
def styleguide() -> ResponseReturnValue:
    """All components of the design system on one page; operators and development sites only."""
    if not current_settings().debug:
        current_viewer().must(Permission.MANAGE_SITE)
    return render_template("styleguide.html", **samples())


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Says that this process answers."""
    return {"status": "ok"}
