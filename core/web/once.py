"""Forms that make something new carry a key of their own: sent twice, they still make one thing.

The key is written in the transaction that makes the thing, so a refused form may be corrected and sent again, and of
two identical requests at the same moment the second waits for the first and is led to what it made.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String
from wtforms import HiddenField
from wtforms.validators import Length

from core import clock
from core.db import Model, db, insert_new
from core.jobs.service import every

KEPT = timedelta(days=7)
"""A page left open longer than this starts afresh."""


class FormKey(Model):
    """A form that was sent, and where its answer led."""

    __tablename__ = "form_key"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class OnceField(HiddenField):
    """The hidden key of a form that makes something new: a fresh one with every empty form."""

    def __init__(self, label: str = "", **options: Any) -> None:
        super().__init__(label, default=lambda: secrets.token_urlsafe(18), validators=[Length(max=64)], **options)


def earlier_target(key: str | None) -> str | None:
    """Where the form with this key led when it was sent before; None, and the key is taken, when it was not.

    A form without a key, as a script might send it, is always the first.
    """
    if not key:
        return None
    taken = db.session.connection().execute(insert_new(FormKey.__table__, on=["key"]).values(key=key, at=clock.now()))  # type: ignore[arg-type]
    if taken.rowcount:
        return None
    return db.session.scalar(select(FormKey.target).where(FormKey.key == key)) or "/"


def leads_to(key: str | None, target: str) -> str:
    """Remembers that the form with this key led to ``target``, and returns it."""
    if key:
        db.session.execute(update(FormKey).where(FormKey.key == key).values(target=target))
    return target


@every(24 * 60 * 60, "web.forget_form_keys")
def _forget(_payload: dict[str, object]) -> None:
    db.session.execute(delete(FormKey).where(FormKey.at < clock.now() - KEPT))
