"""A job's state as a sentence in the reader's language."""

from datetime import timedelta
from typing import Any

from core import clock
from core.i18n import _, _l, force_locale, format_datetime
from core.jobs import queries
from core.jobs.models import Job, JobState
from core.jobs.registry import say, sentences

SOON = timedelta(seconds=2)

say(
    {
        "jobs.worker_vanished": _l("the program that was doing it was stopped or crashed"),
        "jobs.unknown_kind": _l("nothing installed here knows how to do “%(kind)s”; is a plugin missing?"),
        "jobs.program_missing": _l("the program “%(program)s” is not installed on the server"),
        "jobs.broke": _l("something broke on our side (%(error)s)"),
    }
)


def describe(job: Job, locale: str | None = None) -> str:
    """Where the job stands and, where something went wrong, why and what to do. ``locale`` None: the request's."""
    if locale is not None:
        with force_locale(locale):
            return describe(job)
    if job.state == JobState.WAITING:
        return _waiting(job)
    if job.state == JobState.RUNNING:
        return _running(job)
    if job.state == JobState.DONE:
        return _("Done")
    if job.state == JobState.CANCELLED:
        return _("Cancelled. It can be started again.")
    return _("Failed: %(reason)s. It can be started again.", reason=sentence(job.reason))


def sentence(said: dict[str, Any]) -> str:
    """The words of a code with its parameters, as a handler gave them; the bare code where nobody registered words."""
    code = said.get("code", "")
    words = str(sentences.get(code, code.replace("%", "%%")))
    params: dict[str, Any] = said.get("params", {})
    return words % params


def _waiting(job: Job) -> str:
    later = job.run_at > clock.now() + SOON
    if job.failures:
        return _(
            "Attempt %(number)d of %(most)d failed: %(reason)s. Next attempt at %(time)s.",
            number=job.failures,
            most=job.max_attempts,
            reason=sentence(job.reason),
            time=format_datetime(job.run_at),
        )
    if later:
        return _("Planned for %(time)s", time=format_datetime(job.run_at))
    ahead = queries.number_ahead(job)
    return _("Waiting; tasks ahead: %(ahead)d", ahead=ahead) if ahead else _("Waiting; next in line")


def _running(job: Job) -> str:
    if job.cancel_requested:
        return _("Being cancelled; it stops at the next safe point")
    percent = job.progress // 10
    if job.message:
        return _("Running, %(percent)d %%: %(message)s", percent=percent, message=sentence(job.message))
    return _("Running, %(percent)d %%", percent=percent)
