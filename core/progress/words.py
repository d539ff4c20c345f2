"""Where a learner stands, in words: "已观看 6:52 / 8:00，还差 3:10–4:18"."""

from typing import Any

from core.i18n import _
from core.progress.intervals import Intervals
from core.progress.rule import Criterion, countable, end_tolerance_ms

WORTH_NAMING_MS = 1_000
"""A gap shorter than this is a sliver between two claims; nobody goes back for it."""

PARTS_NAMED = 3


def clock_time(milliseconds: int) -> str:
    """A length or a place in a film as players show it: ``6:52``, ``1:02:07``. Begun seconds do not count."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def standing(
    kind: str, watched: Intervals, criterion: Criterion, *, duration_ms: int, required_ms: int, completed: bool
) -> str:
    """What counts of a lesson and what is missing, as one sentence; empty while the length is unknown."""
    if duration_ms <= 0:
        return ""
    counted = countable(watched, criterion).within(0, duration_ms)
    # Who saw a film to its end has seen all of it, even where container and player disagree about the last frame.
    whole = duration_ms - counted.measure <= end_tolerance_ms(duration_ms)
    numbers = {"done": clock_time(duration_ms if whole else counted.measure), "all": clock_time(duration_ms)}
    if kind != "video":
        return _read(completed, numbers, required_ms)
    if completed:
        return _("Watched %(done)s of %(all)s; the lesson is completed", **numbers)
    left_ms = max(1_000, required_ms - counted.measure + 999)
    needed = clock_time(left_ms)
    if not counted:
        return _("Not watched yet: %(needed)s of %(all)s have to be watched", needed=needed, all=numbers["all"])
    missing = counted.missing(duration_ms, WORTH_NAMING_MS)
    if missing.measure < left_ms + 1_000:
        return _("Watched %(done)s of %(all)s, still missing %(parts)s", parts=parts_in_words(missing), **numbers)
    return _(
        "Watched %(done)s of %(all)s, still missing %(parts)s; %(needed)s of that is enough",
        parts=parts_in_words(missing),
        needed=needed,
        **numbers,
    )


def _read(completed: bool, numbers: dict[str, Any], required_ms: int) -> str:
    if completed:
        return _("Read for %(done)s of %(all)s; the lesson is completed", **numbers)
    return _("Read for %(done)s of %(all)s; complete after %(needed)s", needed=clock_time(required_ms + 999), **numbers)


def parts_in_words(parts: Intervals) -> str:
    """``3:10–4:18, 6:00–6:05``; of many parts the first three and how many more there are."""
    named = [_between(start, end) for start, end in parts.pieces[:PARTS_NAMED]]
    text = _(", ").join(named)
    more = len(parts) - len(named)
    return _("%(parts)s and %(count)s more places", parts=text, count=more) if more > 0 else text


def _between(start: int, end: int) -> str:
    first, last = clock_time(start), clock_time(end)
    return first if first == last else f"{first}–{last}"


def what_completes(kind: str, criterion: Criterion) -> str:
    """The rule that holds for this lesson, for the learner to read before watching."""
    if kind != "video":
        return _("Time counts while this page is in view. Leave it open and read.")
    values = {"percent": criterion.threshold_percent, "speed": f"{criterion.max_speed_percent / 100:g}"}
    if criterion.allow_seeking:
        return _("The lesson is complete when %(percent)s%% has been watched, at any speed up to %(speed)s×.", **values)
    return _(
        "The lesson is complete when %(percent)s%% has been watched from the beginning, without skipping, at any speed"
        " up to %(speed)s×.",
        **values,
    )
