"""Accounts: Flask-Security does registering, logging in and out, changing and resetting passwords; we say how."""

from flask import Flask
from flask_login import AnonymousUserMixin
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore

from core.config import Settings
from core.db import db
from core.users import sessions
from core.users.models import User
from core.web.security import load_from_header


class Visitor(AnonymousUserMixin):
    """Somebody who is not logged in."""

    id = None
    name = ""
    locale = None
    timezone = None


def init_app(app: Flask, settings: Settings) -> None:
    """Mounts Flask-Security with our model, and our session rows in place of a bare cookie."""
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        # OWASP's minimum for argon2id; the library's default took five times as long here.
        SECURITY_PASSWORD_HASH_OPTIONS={
            "argon2__rounds": 1 if settings.cheap_hashes else 2,
            "argon2__memory_cost": 64 if settings.cheap_hashes else 19_456,
            "argon2__parallelism": 1,
        },
        SECURITY_PASSWORD_SALT=settings.secret_key,
        SECURITY_REGISTERABLE=False,
    )
    security = Security(app, SQLAlchemyUserDatastore(db, User, RoleMixin))
    app.login_manager.user_loader(sessions.person_of_cookie)
    app.login_manager.request_loader(load_from_header)
    app.login_manager.anonymous_user = Visitor
    sessions.init_app(app)
    app.extensions["jinke_security"] = security
