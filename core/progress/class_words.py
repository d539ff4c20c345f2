"""The cells of the class view as HTML, put together by hand: a class of 1,000 has 60,000 of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from core.progress.class_view import DONE, ClassView, Learner


@dataclass(frozen=True, slots=True)
class Row:
    """A learner as the table shows them."""

    learner: Learner
    done: str
    last_active_at: datetime | None
    cells: Markup


def rows_of(view: ClassView, url: Callable[[int, int], str]) -> Iterator[Row]:
    """The rows of the table; ``url`` leads from an enrolment and a lesson to the record of the two."""
    order = [column.lesson_id for column in view.columns]
    patterns = _patterns(order, url)
    for learner in view.learners:
        cells = "".join([_cell(learner, lesson_id, patterns) for lesson_id in order])
        yield Row(learner, f"{learner.done}/{view.required}", learner.last_active_at, Markup(cells))  # noqa: S704 - built from numbers


def _patterns(order: list[int], url: Callable[[int, int], str]) -> dict[int, str]:
    """Per lesson the address of a record, with a mark where the enrolment's number goes: routing once, not per cell."""
    return {lesson_id: str(escape(url(0, lesson_id))).replace("/learners/0/", "/learners/%d/") for lesson_id in order}


def _cell(learner: Learner, lesson_id: int, patterns: dict[int, str]) -> str:
    percent = learner.percents.get(lesson_id)
    if percent is None:
        return "<td>·"
    if percent == DONE:
        state, text = "done", "✓"
    elif learner.stuck_at == lesson_id:
        state, text = "stuck", f"{percent}!"
    else:
        state, text = "part", str(percent)
    return f'<td class="m-{state}"><a href="{patterns[lesson_id] % learner.enrolment_id}">{text}</a>'
