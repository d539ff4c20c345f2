"""Tables: people, their sessions, tokens and links, log-in throttling, roster imports."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_security import UserMixin
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Model
from core.tenancy import InstitutionOwned


class User(UserMixin, Model):
    """A person. Logs in with an e-mail address or a user name; roles live in memberships and course teams."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)  # type: ignore[assignment] # may be missing
    """In the form of :func:`core.users.identities.normal_email`, so that equality finds it."""
    username: Mapped[str | None] = mapped_column(String(64), unique=True)
    """In the form of :func:`core.users.identities.normal_username`. Given by institutions: often a student number."""
    name: Mapped[str] = mapped_column(String(80))
    password: Mapped[str | None] = mapped_column(String(255))
    """An argon2 hash; None for an imported person who has not activated the account."""
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None]
    """When the e-mail address was proved to be the person's own."""
    agreed_at: Mapped[datetime | None]
    """When the person agreed to how their data is used."""
    is_operator: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(String(16))
    timezone: Mapped[str | None] = mapped_column(String(64))
    avatar_id: Mapped[int | None]
    """An asset. No foreign key: assets point back here, and a circle of keys cannot be created in one go."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    home_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id", ondelete="SET NULL"))
    """The institution whose list brought the account. It alone may correct the name and hand out activation links;
    others that name the same e-mail address get a member, not an account. None: the person registered themselves."""

    roles: ClassVar[tuple[()]] = ()  # type: ignore[assignment,misc]
    """Flask-Security asks for roles; ours are per institution and course, in ``core.permissions``."""


class UserSession(Model):
    """One logged-in browser. The cookie holds a random token, the row its hash; deleting the row logs it out."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(255), default="")
    address: Mapped[str] = mapped_column(String(64), default="")


class ApiToken(Model):
    """A person's token for the JSON API; shown once, stored as a hash, revoked by deleting."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    read_only: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class LoginThrottle(Model):
    """Attempts to log in to one account (known, or merely named) that did not succeed since the last that did."""

    __tablename__ = "login_throttle"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    first_failure_at: Mapped[datetime] = mapped_column(default=clock.now)
    locked_until: Mapped[datetime | None]


class ActivationLink(Model):
    """A one-time link by which an imported person sets the first password. Random; stored as a fast hash."""

    __tablename__ = "activation_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ImportState(StrEnum):
    """Where a roster import stands."""

    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


class RosterImport(InstitutionOwned, Model):
    """A list of people brought by an institution: first a dry run, then, on request, the writing."""

    __tablename__ = "roster_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    file_name: Mapped[str] = mapped_column(String(255))
    state: Mapped[ImportState] = mapped_column(String(16), default=ImportState.CHECKING)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class RowOutcome(StrEnum):
    """What happens (or happened) to the person of a row."""

    WAITING = "waiting"
    """Not looked at yet."""
    CREATED = "created"
    JOINED = "joined"
    """There is an account with this e-mail address; it becomes a member and is otherwise left alone."""
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class RosterRow(InstitutionOwned, Model):
    """One row of a roster: what it says, what would happen (``outcome``) and, where refused, why."""

    __tablename__ = "roster_row"
    __table_args__ = (UniqueConstraint("import_id", "source", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("roster_import.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(120), default="")
    """Which file of an archive the row is from; empty for a single table."""
    number: Mapped[int]
    """The row's number in the file, as a spreadsheet shows it."""
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the row says of the person, in our terms. Never a password."""
    outcome: Mapped[RowOutcome] = mapped_column(String(16), default=RowOutcome.WAITING)
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """``code``, ``params`` and ``column`` of a refusal; ``changes`` of an update; ``notes``, codes of what is kept."""
    applied: Mapped[bool] = mapped_column(default=False)
    """Written in the transaction that wrote the person, so that a job begun anew goes on where the last one stopped."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
