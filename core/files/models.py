"""Tables: assets and uploads."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Model
from core.tenancy import InstitutionOwned


class AssetState(StrEnum):
    """What is known of an uploaded file."""

    PROBING = "probing"
    READY = "ready"
    FAILED = "failed"


class Asset(Model):
    """A stored file (媒体资源). Immutable: a replaced file is another asset, so that what was watched stays provable.

    ``institution_id`` is None for what belongs to a person or to nobody (avatars, logos); those are public pictures.
    """

    __tablename__ = "asset"
    __table_args__ = (Index("ix_asset_sha256", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id", ondelete="RESTRICT"), index=True)
    uploader_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(255))
    """The name the person gave the file; shown, offered on download, never used as a path."""
    kind: Mapped[str] = mapped_column(String(16))
    """video, audio, image or document, from the content."""
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    store: Mapped[str] = mapped_column(String(32), default="local")
    key: Mapped[str] = mapped_column(String(200))
    state: Mapped[AssetState] = mapped_column(String(16), default=AssetState.PROBING)
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Why it failed: ``code`` and its parameters; turned into a sentence in the reader's language."""
    duration_ms: Mapped[int] = mapped_column(default=0)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class UploadState(StrEnum):
    """``receiving`` bytes → ``finishing`` (a job checks and stores it) → ``done``, or ``failed`` with a reason."""

    RECEIVING = "receiving"
    FINISHING = "finishing"
    DONE = "done"
    FAILED = "failed"


class Upload(InstitutionOwned, Model):
    """A resumable upload on its way in. The offset is the size of the part file; this row says whose it is."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    lesson_id: Mapped[int | None] = mapped_column(ForeignKey("lesson.id", ondelete="SET NULL"), index=True)
    """The lesson whose file this becomes; None: it is made for the course and attached later."""
    name: Mapped[str] = mapped_column(String(255))
    metadata_header: Mapped[str] = mapped_column(String(4000), default="")
    """What the client said of the file (``Upload-Metadata``), given back as it came."""
    length: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[UploadState] = mapped_column(String(16), default=UploadState.RECEIVING, index=True)
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Why it failed: ``code`` and ``params``, made a sentence by ``core.files.words``."""
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
