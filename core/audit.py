"""The audit log: who did what privileged thing to what, when and from where. It only grows."""

from datetime import datetime
from typing import Any

from flask import has_request_context, request
from flask_login import current_user
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Model, db
from core.tenancy import scope_or_none


class AuditEntry(Model):
    """One privileged act. ``institution_id`` None: an act of the site's operator."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int | None] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(80))
    object_type: Mapped[str] = mapped_column(String(40), default="")
    object_id: Mapped[str] = mapped_column(String(80), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)


def record(action: str, subject: Any = None, /, **details: Any) -> None:
    """Adds an entry to the caller's transaction. ``subject`` is the row acted on; ``details`` are plain values."""
    actor_id, address = None, ""
    if has_request_context():
        actor_id = current_user.id if current_user.is_authenticated else None
        address = request.remote_addr or ""
    db.session.add(
        AuditEntry(
            institution_id=scope_or_none(),
            actor_id=actor_id,
            action=action,
            object_type=getattr(subject, "__tablename__", ""),
            object_id=str(getattr(subject, "id", "")),
            details=details,
            address=address,
        )
    )
