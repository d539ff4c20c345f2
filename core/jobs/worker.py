"""A worker process: some threads that run jobs, one that keeps their leases, one ear for the doorbell."""

import logging
import os
import signal
import socket
import time
from collections.abc import Sequence
from functools import partial
from threading import Condition, Event, Thread
from types import FrameType

from flask import Flask

from core.config import Settings
from core.jobs import doorbell, rows
from core.jobs.registry import LEASE_SECONDS, handlers
from core.jobs.runner import Runner

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
FINISH_SECONDS = 5.0
LEAVE_SECONDS = 10.0


class Worker:
    """Works until :meth:`stop` is called (a signal handler may). ``queues`` None: all of them."""

    def __init__(self, app: Flask, *, threads: int = 2, queues: Sequence[str] | None = None) -> None:
        settings: Settings = app.extensions["jinke"]
        self._home = settings.home
        self._app = app
        self._threads = threads
        self._stopping = Event()
        self._leaving = Event()
        self._runner = Runner(
            app, owner=f"{socket.gethostname()}:{os.getpid()}"[:80], queues=queues, leaving=self._leaving
        )
        self._news = Condition()
        self._rings = 0

    def run(self) -> None:
        """Works until asked to stop; then lets running jobs finish, or sends them back to wait."""
        hands = [Thread(target=self._hand, name=f"job-{number}", daemon=True) for number in range(self._threads)]
        pulse = Thread(target=self._pulse, name="pulse", daemon=True)
        for thread in (*hands, pulse):
            thread.start()
        listener = doorbell.Listener(self._home)
        try:
            while not self._stopping.is_set():
                if listener.wait(POLL_SECONDS):
                    self._wake_hands()
        finally:
            listener.close()
            self._leave(hands)

    def stop(self) -> None:
        """Asks the worker to take no more jobs and :meth:`run` to return soon."""
        self._stopping.set()
        doorbell.ring(self._home)

    def _hand(self) -> None:
        while not self._stopping.is_set():
            heard = self._rings
            try:
                busy = self._runner.run_next()
            except Exception:
                log.exception("no job could be taken now; trying again")
                busy = False
            if not busy:
                self._rest(heard)

    def _rest(self, heard: int) -> None:
        """Until the bell rings again (or rang since ``heard``), or it is time to look anyway."""
        with self._news:
            self._news.wait_for(lambda: self._rings != heard or self._stopping.is_set(), POLL_SECONDS)

    def _wake_hands(self) -> None:
        with self._news:
            self._rings += 1
            self._news.notify_all()

    def _pulse(self) -> None:
        shortest = min([LEASE_SECONDS, *(known.lease_seconds for known in handlers.values())])
        while not self._leaving.is_set() or self._runner.running:
            try:
                self._keep_leases()
                self._hand_on()
            except Exception:
                log.exception("leases could not be looked after now; trying again")
            self._stopping.wait(shortest / 4) if not self._stopping.is_set() else time.sleep(0.5)

    def _keep_leases(self) -> None:
        jobs = sorted(self._runner.running.values(), key=lambda job: job.job_id)
        if not jobs:
            return
        with self._runner.engine.begin() as connection:
            answers = [job.extend(connection) for job in jobs]
        for job, answer in zip(jobs, answers, strict=True):
            job.told(answer)

    def _hand_on(self) -> None:
        handed_on = self._runner.look_after_others()
        if handed_on:
            log.warning("%s jobs were handed on: their worker fell silent", handed_on)
            self._wake_hands()

    def _leave(self, hands: list[Thread]) -> None:
        """Short jobs finish; long ones stop at their next checkpoint; the rest are sent back over their heads."""
        self._wake_hands()
        _join(hands, FINISH_SECONDS)
        self._leaving.set()
        _join(hands, LEAVE_SECONDS)
        for job in list(self._runner.running.values()):
            log.warning("job %s does not stop; it goes back to waiting", job.job_id)
            self._runner.write(partial(rows.release, held=job.claim))


def _join(threads: list[Thread], seconds: float) -> None:
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def run_until_signalled(worker: Worker) -> None:
    """Works until SIGTERM or SIGINT; a second one ends the process where it stands. Main thread only."""

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    worker.run()
