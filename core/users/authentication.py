"""Is this the person? One way for everybody, whether the account exists or not."""

from flask_security import Security
from sqlalchemy import select

from core.db import db, reading, release
from core.errors import Invalid
from core.users import throttle
from core.users.identities import normal_email, normal_username
from core.users.models import User


def find_person(identity: str) -> User | None:
    """The person who logs in under this e-mail address or user name, or None."""
    try:
        by_address = "@" in identity
        found = User.email == normal_email(identity) if by_address else User.username == normal_username(identity)
    except Invalid:
        return None
    return db.session.scalar(select(User).where(found))


def authenticate(security: Security, identity: str, password: str) -> User | None:
    """The person, if the password is theirs. Raises :class:`~core.errors.TooManyRequests` during a pause.

    Whoever is unknown, or has no password yet, costs a hash too and counts an attempt too, so that neither the time
    nor the answer tells them from somebody known. No transaction is held meanwhile.
    """
    identity = identity.strip()
    with reading():
        user = find_person(identity)
        release()
    return user if _check(security, user, throttle.key_of(user, identity.lower()), password) else None


def is_password_of(security: Security, user: User, password: str) -> bool:
    """Whether somebody logged in knows their own password; wrong answers count as failed log-ins."""
    return _check(security, user, throttle.key_of(user, ""), password)


def _check(security: Security, user: User | None, key: str, password: str) -> bool:
    throttle.attempt(key)
    context = security.pwd_context
    if user is None or not user.password:
        context.dummy_verify()
        return False
    password = security.password_util.normalize(password)
    if not context.verify(password, user.password):
        return False
    throttle.succeeded(key)
    if context.needs_update(user.password):
        user.password = context.hash(password)
    return True
