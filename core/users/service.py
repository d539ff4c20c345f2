"""Writing accounts: making people, activating them, what they change about themselves, their sessions and tokens."""

from datetime import datetime, timedelta
from secrets import token_hex

from flask_security import hash_password
from sqlalchemy import delete, or_, select, update

from core import clock
from core.config import current_settings
from core.db import db
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.users.identities import normal_email, normal_username
from core.users.models import ActivationLink, ApiToken, User, UserSession
from core.users.passwords import find_problem
from core.users.tokens import fast_hash, new_token

ACTIVATION_LASTS = timedelta(days=30)
MOST_TOKENS = 50
TOKEN_PREFIX = "jinke_"  # noqa: S105 - how programs that look for leaked secrets know one
LONGEST_NAME = 80


def create_person(
    *,
    name: str,
    email: str | None = None,
    username: str | None = None,
    password: str | None = None,
    is_operator: bool = False,
) -> User:
    """A new person, flushed so that there is an id. Without ``password`` they activate themselves with a link.

    ``password`` must be acceptable; an address given here counts as confirmed. Raises :class:`Invalid` naming the
    field, or :class:`Conflict` where the address or the user name is taken. Hashes before it writes: call it first.
    """
    email = normal_email(email) if email else None
    username = normal_username(username) if username else None
    if email is None and username is None:
        raise Invalid(_("A person needs an e-mail address or a user name to log in with."), field="email")
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Invalid(_("A name has between 1 and %(most)d characters.", most=LONGEST_NAME), field="name")
    _refuse_taken(email, username)
    if password is not None:
        problem = find_problem(password, [word for word in (name, email, username) if word])
        if problem:
            raise Invalid(problem, field="password")
        password = hash_password(password)
    user = User(
        name=name.strip(),
        email=email,
        username=username,
        password=password,
        fs_uniquifier=token_hex(16),
        confirmed_at=clock.now() if password else None,
        is_operator=is_operator,
        active=True,
    )
    db.session.add(user)
    db.session.flush()
    return user


def _refuse_taken(email: str | None, username: str | None) -> None:
    # Compared one by one: what is not given is NULL for many, and two NULLs are not the same name.
    same = [column == value for column, value in ((User.email, email), (User.username, username)) if value is not None]
    taken = db.session.execute(select(User.email, User.username).where(or_(*same))).first()
    if taken is None:
        return
    if email is not None and taken.email == email:
        raise Conflict(_("There is an account with the address %(email)s already.", email=email), field="email")
    raise Conflict(_("There is an account with the user name %(name)s already.", name=username), field="username")


def issue_activation(user: User) -> str:
    """A one-time link by which a person without a password sets the first; earlier links of theirs die.

    Raises :class:`Conflict` for people who have a password: a link would hand their account to whoever holds it.
    """
    if user.password is not None:
        raise Conflict(_("%(name)s has a password already, and can set a new one by e-mail.", name=user.name))
    db.session.flush()
    db.session.execute(delete(ActivationLink).where(ActivationLink.user_id == user.id))
    token, moment = new_token(), clock.now()
    link = ActivationLink(
        user_id=user.id, token_hash=fast_hash(token), created_at=moment, expires_at=moment + ACTIVATION_LASTS
    )
    db.session.add(link)
    return activation_url(token)


def activation_url(token: str) -> str:
    """The address that a person opens."""
    return f"{current_settings().base_url.rstrip('/')}/activate/{token}"


def activate(link: ActivationLink, user: User, hashed_password: str) -> None:
    """Sets the first password. Of two at the same moment one is refused: :class:`Conflict`."""
    claimed = db.session.connection().execute(
        update(ActivationLink)
        .where(ActivationLink.id == link.id, ActivationLink.used_at.is_(None))
        .values(used_at=clock.now())
    )
    if claimed.rowcount != 1:
        raise Conflict(_("This activation link has just been used. Log in with the password you set."))
    user.password = hashed_password
    user.agreed_at = clock.now()


def update_profile(user: User, *, name: str, locale: str, timezone: str) -> None:
    """What a person says about themselves; the values are those that the form offers."""
    user.name, user.locale, user.timezone = name, locale, timezone


def set_picture(user: User, asset_id: int | None) -> None:
    """The person's picture, an asset that belongs to no institution; None: initials again."""
    user.avatar_id = asset_id


def end_session(user: User, session_id: int) -> None:
    """Logs one browser of the person out. Raises :class:`NotFound` for sessions of others."""
    mine = delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user.id)
    if db.session.connection().execute(mine).rowcount == 0:
        raise NotFound(_("This session has ended already."))


def end_sessions(user: User, *, but: int | None = None) -> int:
    """Logs the person out everywhere, except in the session ``but``. Returns in how many browsers."""
    others = delete(UserSession).where(UserSession.user_id == user.id, UserSession.id != (but or 0))
    return db.session.connection().execute(others).rowcount


def make_token(user: User, *, name: str, read_only: bool, expires_at: datetime | None) -> str:
    """A new API token of the person; the only time it can be seen. Raises :class:`Conflict` where there are many."""
    count = len(db.session.scalars(select(ApiToken.id).where(ApiToken.user_id == user.id)).all())
    if count >= MOST_TOKENS:
        raise Conflict(_("You have %(count)d tokens. Revoke those you no longer use first.", count=count))
    token = new_token(TOKEN_PREFIX)
    row = ApiToken(user_id=user.id, name=name, token_hash=fast_hash(token), read_only=read_only, expires_at=expires_at)
    db.session.add(row)
    return token


def revoke_token(user: User, token_id: int) -> None:
    """Ends an API token at once. Raises :class:`NotFound` for those of others."""
    mine = delete(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user.id)
    if db.session.connection().execute(mine).rowcount == 0:
        raise NotFound(_("This token has been revoked already."))
