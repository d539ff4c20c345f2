"""A job while it runs: what its handler sees as the context, and what the worker's pulse tells it."""

import time
from threading import Event
from typing import Any

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from core.db import db
from core.jobs import rows
from core.jobs.registry import Cancelled, Fenced, Released

SHOW_SECONDS = 1.0
LOOK_SECONDS = 2.0


class RunningJob:
    """The context handed to a handler. Its own statements go through a connection beside the handler's session."""

    def __init__(self, engine: Engine, claim: rows.Claim, leaving: Event) -> None:
        self.claim = claim
        self.job_id = claim.id
        self.attempt = claim.attempt
        self.kept: dict[str, Any] = {}
        self._engine = engine
        self._leaving = leaving
        self._cancelled = False
        self._fenced = False
        self._spoke = time.monotonic()
        self._showing: dict[str, Any] = {}
        self._shown: dict[str, Any] = {}

    def progress(self, permille: int, code: str | None = None, **params: Any) -> None:
        """Shows how far the work is and what it is doing; at most one write a second. A checkpoint."""
        self._showing = {"progress": max(0, min(1000, int(permille)))}
        if code is not None:
            self._showing["message"] = {"code": code, "params": params}
        self._look_up(SHOW_SECONDS if self._showing != self._shown else LOOK_SECONDS)

    def checkpoint(self) -> None:
        """Raises where the work must stop."""
        self._look_up(LOOK_SECONDS)

    def commit(self) -> None:
        """Commits the work so far if the job is still this attempt's; then a checkpoint."""
        db.session.flush()
        cancel_requested = self.extend(db.session.connection())
        if cancel_requested is None:
            db.session.rollback()
        else:
            db.session.commit()
        self.told(cancel_requested)
        self._raise_if_told()

    def result(self, **values: Any) -> None:
        """Plain values kept with the job when it is done."""
        self.kept.update(values)

    def extend(self, connection: Connection) -> bool | None:
        """Extends the lease and shows the latest progress; what the database says goes to :meth:`told` afterwards."""
        self._shown = shown = self._showing
        return rows.extend(connection, self.claim, shown)

    def told(self, cancel_requested: bool | None) -> None:
        """What the database said about the job: called off or not, or (None) that it is another's now."""
        self._fenced = self._fenced or cancel_requested is None
        self._cancelled = self._cancelled or bool(cancel_requested)
        self._spoke = time.monotonic()

    def _look_up(self, after: float) -> None:
        self._raise_if_told()
        if time.monotonic() - self._spoke < after or self._would_wait_for_itself():
            return
        try:
            with self._engine.begin() as connection:
                cancel_requested = self.extend(connection)
        except OperationalError:
            return  # a busy database: the next look comes soon, and the pulse keeps the lease
        self.told(cancel_requested)
        self._raise_if_told()

    def _would_wait_for_itself(self) -> bool:
        """SQLite has one writer; while the handler's own transaction is open that is the handler."""
        return self._engine.dialect.name == "sqlite" and db.session().in_transaction()

    def _raise_if_told(self) -> None:
        if self._fenced:
            raise Fenced
        if self._cancelled:
            raise Cancelled
        if self._leaving.is_set():
            raise Released
