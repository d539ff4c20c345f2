"""Accounts: Flask-Security registers, logs in and out, confirms, changes and resets; here stands how it does so here.

Somebody may log in before confirming the address (a banner reminds them), but is never logged in by registering: the
answer to a registration is the same whether the address was free or not.
"""

from datetime import timedelta
from typing import Any, NoReturn

from flask import Flask, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore, signals
from flask_wtf import FlaskForm
from sqlalchemy import delete
from werkzeug.exceptions import UnsupportedMediaType

from core import clock, i18n, mail
from core.config import Settings
from core.db import db
from core.errors import LogInNeeded
from core.i18n import _
from core.users import forms, sessions, throttle, views
from core.users.current import Visitor, current_user
from core.users.letters import Letters
from core.users.messages import MESSAGES
from core.users.models import ApiToken, User
from core.users.passwords import PasswordRules, make_context
from core.web.security import limiter, load_from_header

CONFIG: dict[str, Any] = {
    # What people can do.
    "REGISTERABLE": True,
    "CONFIRMABLE": True,
    "RECOVERABLE": True,
    "CHANGEABLE": True,
    "CHANGE_EMAIL": True,
    # Where.
    "CHANGE_URL": "/account/password",
    "CHANGE_EMAIL_URL": "/account/email",
    "POST_LOGIN_VIEW": "/my",
    "POST_REGISTER_VIEW": "users.registered",
    "POST_CHANGE_VIEW": "security.change_password",
    "POST_CHANGE_EMAIL_VIEW": "users.profile",
    "POST_CONFIRM_VIEW": "users.profile",
    "POST_VERIFY_VIEW": "users.profile",
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    # How long links live. A reset link dies with its use as well: the token holds what using it changes.
    "RESET_PASSWORD_WITHIN": timedelta(hours=2),
    "CONFIRM_EMAIL_WITHIN": timedelta(days=7),
    "CHANGE_EMAIL_WITHIN": timedelta(days=1),
    "FRESHNESS": timedelta(hours=1),
    # Nobody learns whether an account exists.
    "RETURN_GENERIC_RESPONSES": True,
    # Addresses are kept in one form, so finding one is an equality that an index answers.
    "USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": lambda text: text, "case_insensitive": False}}],
    "JOIN_USER_ROLES": False,
    # argon2 salts by itself. A second hash keyed with the site's secret would void every password with a new secret.
    "PASSWORD_SINGLE_HASH": True,
    "PASSWORD_CONFIRM_REQUIRED": False,
    # What is hashed here (addresses and password hashes inside signed links) is not secret.
    "HASHING_SCHEMES": ["hex_sha256"],
    "API_ENABLED_METHODS": ["session"],
    "DATETIME_FACTORY": clock.now,
    "EMAIL_PLAINTEXT": False,
    "EMAIL_HTML": False,
    # The library's own Chinese covers a third of its words; everything that can appear is said by us.
    "I18N_DOMAIN": "messages",
    "I18N_DIRNAME": str(i18n.TRANSLATIONS),
    **{f"MSG_{key}": message for key, message in MESSAGES.items()},
}

LINKS = {"security.confirm_email", "security.change_email_confirm"}
"""Addresses that letters lead to and that change something."""

LIMITS = {
    # A class of sixty behind one address logs in, or registers, within a minute.
    "security.login": "200 per minute; 3000 per hour",
    "security.register": "100 per minute; 500 per hour",
    "security.forgot_password": "60 per minute; 300 per hour",
    "security.send_confirmation": "60 per minute; 300 per hour",
    "security.reset_password": "100 per minute",
}
"""Posts per network address. Guessing at one account is what :mod:`core.users.throttle` stops."""

LIMITS_OF_ONE = {
    "security.verify": "20 per minute",
    "security.change_password": "20 per minute",
    "security.change_email": "20 per hour",
    # Decoding a picture is work.
    "users.set_picture": "10 per minute",
}
"""Posts per person, for what only people who are logged in do: a class behind one address shares nothing here."""


class _Datastore(SQLAlchemyUserDatastore):
    def commit(self) -> None:
        """Nothing: the request commits, once, when it has succeeded."""


def init_app(app: Flask, settings: Settings) -> None:
    """Mounts Flask-Security with our model, forms and letters, and our session rows in place of a bare cookie."""
    app.config.update({f"SECURITY_{name}": value for name, value in CONFIG.items()})
    app.permanent_session_lifetime = timedelta(days=settings.session_days)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    # Before the library's blueprint, so that our templates are found first.
    app.register_blueprint(views.bp)
    security = Security(
        app,
        _Datastore(db, User, RoleMixin),
        login_form=forms.LoginForm,
        register_form=forms.RegisterForm,
        forgot_password_form=forms.ForgotPasswordForm,
        reset_password_form=forms.ResetPasswordForm,
        change_password_form=forms.ChangePasswordForm,
        change_email_form=forms.ChangeEmailForm,
        send_confirmation_form=forms.SendConfirmationForm,
        verify_form=forms.VerifyForm,
        mail_util_cls=Letters,
        password_util_cls=PasswordRules,
        render_template=_render,  # type: ignore[arg-type] # an answer with a status will do as well
    )
    security.pwd_context = make_context(settings)
    # Flask-Principal would load the person on every request, static files too; our roles are in core.permissions.
    security.principal.identity_loaders.clear()
    security.want_json(lambda _request: False)
    security.unauthn_handler(_ask_to_log_in)
    manager = security.login_manager
    manager.user_loader(sessions.person_of_cookie)
    manager.request_loader(load_from_header)
    manager.anonymous_user = Visitor
    manager.session_protection = None
    sessions.init_app(app)
    app.before_request_funcs.setdefault("security", []).append(_check_request)
    _wrap_views(app)
    _connect_signals(app)


def _wrap_views(app: Flask) -> None:
    for endpoint, limit in LIMITS.items():
        view: Any = app.view_functions[endpoint]
        if endpoint == "security.register":
            view = views.again_if_taken(view)
        app.view_functions[endpoint] = limiter.limit(limit, methods=["POST"])(view)
    for endpoint, limit in LIMITS_OF_ONE.items():
        view = app.view_functions[endpoint]
        app.view_functions[endpoint] = limiter.limit(limit, methods=["POST"], key_func=_person_or_address)(view)


def _person_or_address() -> str:
    person: str | None = current_user.get_id()
    return f"person:{person}" if person is not None else get_remote_address()


def _connect_signals(app: Flask) -> None:
    signals.user_registered.connect(_on_registered, app)
    signals.password_changed.connect(_on_password_set, app)
    signals.password_reset.connect(_on_password_reset, app)
    signals.change_email_confirmed.connect(_on_email_changed, app)


def _on_registered(_app: Flask, user: User, **_extra: Any) -> None:
    user.agreed_at = clock.now()
    user.locale = str(i18n.get_locale())


def _on_password_set(_app: Flask, user: User, **_extra: Any) -> None:
    # The uniquifier has changed, so the other sessions are void; their rows would only be in the way.
    sessions.end_others(user)
    throttle.forget(user)


def _on_password_reset(_app: Flask, user: User, **_extra: Any) -> None:
    # Only who reads the mail of the address gets this far.
    user.confirmed_at = user.confirmed_at or clock.now()
    # Whoever was in the account before, perhaps because they registered it with an address not theirs, is out now.
    db.session.execute(delete(ApiToken).where(ApiToken.user_id == user.id))
    _on_password_set(_app, user)


def _on_email_changed(_app: Flask, user: User, old_email: str | None, **_extra: Any) -> None:
    if old_email:
        mail.send_letter(user, "users/mail/email_changed.txt", to=old_email)


def _ask_to_log_in(*_methods: Any, **_headers: Any) -> NoReturn:
    raise LogInNeeded(_("Log in to go on."))


def _check_request() -> ResponseReturnValue | None:
    """JSON bodies are for the API; links from letters ask before they act, because mail scanners open them too."""
    if request.is_json:
        raise UnsupportedMediaType
    if request.method == "GET" and request.endpoint in LINKS:
        return views.ask_to_confirm(request.path)
    return None


def _render(template: str, **context: Any) -> ResponseReturnValue:
    """Renders for Flask-Security: 422 where entries need correcting, a redirect where a form was sent and done."""
    sent = request.method == "POST"
    form = next((value for value in context.values() if isinstance(value, FlaskForm) and sent), None)
    if form is None:
        return render_template(template, **context)
    if not form.errors:
        return redirect(request.full_path.rstrip("?"), 303)
    pause = getattr(form, "retry_after", None)
    response = make_response(render_template(template, **context), 429 if pause else 422)
    if pause:
        response.headers["Retry-After"] = str(pause)
    return response
