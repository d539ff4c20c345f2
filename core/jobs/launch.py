"""Becomes another program, under limits, that does not outlive the process that started it.

Run as a script with ``python -I -S``, never imported: setting this up between fork and exec of a process with threads
is not safe, so a tiny program of its own does it and then executes the real one.

Arguments: the starter's pid, the signal to receive when the starting thread ends, then ``name=value`` limits
(``nice`` or an RLIMIT name, in its own unit), ``--`` and the command.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Does not return."""
    separator = arguments.index("--")
    starter, death_signal, *limits = arguments[:separator]
    command = arguments[separator + 1 :]
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(starter):
        sys.exit(143)  # the starter was gone before the line above
    for limit in limits:
        name, value = limit.split("=")
        if name == "nice":
            os.nice(int(value))
        else:
            _limit(getattr(resource, name), int(value))
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 - no shell is the point


def _limit(which: int, value: int) -> None:
    _soft, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


if __name__ == "__main__":
    main(sys.argv[1:])
