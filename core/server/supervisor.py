"""Keeps a few programs alive and leaves nothing behind.

Programs are functions run in forked children: everything is imported once, before the first fork, so a start and a
restart cost milliseconds. The supervisor itself has one thread, opens no database and waits for signals.
"""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 25.0
LONGEST_PAUSE = 10.0
QUICK_DEATH = 10.0
MOST_QUICK_DEATHS = 5
SIGNALS = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM}


@dataclass
class Program:
    """What to keep alive. ``essential``: when it cannot live, the supervisor gives up; others are tried for ever.
    ``once``: not started again when it ends well."""

    name: str
    run: Callable[[], None]
    essential: bool = False
    once: bool = False
    pid: int | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    quick_deaths: int = field(default=0, init=False)
    due: float = field(default=0.0, init=False)
    """When to start it next, on the monotonic clock."""


class Supervisor:
    """Runs ``programs`` until SIGINT or SIGTERM. ``say`` takes a sentence for the operator."""

    def __init__(self, programs: list[Program], say: Callable[[str], None]) -> None:
        self._programs = programs
        self._say = say

    def run(self) -> int:
        """The exit status: 0 after being asked to stop, 1 where an essential program would not stay alive."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            return self._keep_alive()
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _keep_alive(self) -> int:
        while True:
            for program in self._programs:
                if program.pid is None and program.due <= time.monotonic():
                    _start(program)
            received = signal.sigtimedwait(SIGNALS, self._until_next_start())
            if received is not None and received.si_signo in {signal.SIGINT, signal.SIGTERM}:
                return 0
            for program in self._programs:
                status = _end_of(program)
                if status is not None and not self._after_death(program, status):
                    return 1

    def _until_next_start(self) -> float:
        due = [program.due for program in self._programs if program.pid is None]
        return max(0.0, min(due) - time.monotonic()) if due and min(due) < float("inf") else 3600.0

    def _after_death(self, program: Program, status: int) -> bool:
        """Plans the next start. False: there is no point in going on."""
        if program.once and status == 0:
            program.due = float("inf")
            return True
        lived = time.monotonic() - program.started
        program.quick_deaths = program.quick_deaths + 1 if lived < QUICK_DEATH else 0
        if program.essential and program.quick_deaths >= MOST_QUICK_DEATHS:
            self._say(f"{program.name}: died {program.quick_deaths} times at once; giving up")
            return False
        pause = min(LONGEST_PAUSE, 0.25 * 2.0**program.quick_deaths)
        program.due = time.monotonic() + pause
        self._say(f"{program.name}: died, starts again in {pause:.1f} s")
        return True

    def _stop(self) -> None:
        """SIGTERM to all; SIGKILL to what is left when time is up or a second Ctrl-C comes."""
        _signal(self._programs, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while any(program.pid is not None for program in self._programs):
            received = signal.sigtimedwait(SIGNALS, max(0.0, until - time.monotonic()))
            if received is None or received.si_signo != signal.SIGCHLD:
                _signal(self._programs, signal.SIGKILL)
            for program in self._programs:
                _end_of(program)


def run_once(act: Callable[[], None]) -> int:
    """Runs ``act`` in a forked child and waits for its exit status; nothing it imports or opens stays here."""
    program = Program("once", act)
    _start(program)
    _pid, status = os.waitpid(program.pid or 0, 0)
    return os.waitstatus_to_exitcode(status)


def _start(program: Program) -> None:
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        program.pid, program.started = pid, time.monotonic()
        return
    os._exit(_as_child(program, parent))


def _as_child(program: Program, parent: int) -> int:
    """In the child: a session of its own (Ctrl-C reaches the supervisor alone), a death bound to the parent's."""
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            return 1
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        program.run()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - the last frame of the process
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _end_of(program: Program) -> int | None:
    """The exit status if the program just ended, else None. What it leaves of its process group ends with it."""
    if program.pid is None:
        return None
    pid, status = os.waitpid(program.pid, os.WNOHANG)
    if pid == 0:
        return None
    _signal([program], signal.SIGKILL)
    program.pid = None
    return os.waitstatus_to_exitcode(status)


def _signal(programs: list[Program], number: int) -> None:
    for program in programs:
        if program.pid is None:
            continue
        try:
            if number == signal.SIGKILL:
                os.killpg(program.pid, number)
            else:
                os.kill(program.pid, number)
        except ProcessLookupError:
            pass
