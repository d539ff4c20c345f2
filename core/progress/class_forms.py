"""Forms of the class pages."""

import re

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired

from core.errors import DomainError, Invalid
from core.i18n import _, _l
from core.progress.class_view import Filter, Show, Sort
from core.progress.intervals import Intervals
from core.web.fields import LineField, ProseField

SHOWN = {
    Show.ALL: _l("Everybody"),
    Show.STUCK: _l("Only those who are stuck"),
    Show.UNSTARTED: _l("Only those who have not begun"),
    Show.UNFINISHED: _l("Only those who have not finished"),
}
SORTED = {
    Sort.PROGRESS: _l("Least progress first"),
    Sort.NAME: _l("By name"),
    Sort.ACTIVE: _l("Last seen first"),
}

_MOMENT = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d)")


class FilterForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """What the teacher wants to see of a class; sent by GET."""

    class Meta:
        csrf = False

    q = StringField(_l("Search by name or number"))
    group = SelectField(_l("Class"))
    show = SelectField(_l("Show"), choices=[SelectChoice(*pair) for pair in SHOWN.items()])
    sort = SelectField(_l("Sorted by"), choices=[SelectChoice(*pair) for pair in SORTED.items()])

    @classmethod
    def of(cls, wanted: Filter, groups: dict[int, str]) -> "FilterForm":
        """The form as the address fills it in."""
        form = cls(formdata=None, q=wanted.text, show=wanted.show, sort=wanted.sort, group=str(wanted.group_id or ""))
        form.group.choices = [
            SelectChoice("", _("All classes")),
            *(SelectChoice(str(key), name) for key, name in groups.items()),
        ]
        return form


class _Part(FlaskForm):  # type: ignore[misc]
    """A part of a lesson, and why."""

    whole = BooleanField(_l("The whole lesson"))
    start = LineField(_l("From"), longest=12, description=_l("minutes:seconds, for example 3:10"))
    end = LineField(_l("To"), longest=12, description=_l("minutes:seconds"))
    note = ProseField(
        _l("Reason"),
        longest=500,
        description=_l("The learner will read it."),
        validators=[InputRequired(_l("Say why: the learner will read it."))],
    )

    def intervals(self, duration_ms: int) -> Intervals:
        """The part as milliseconds. Raises :class:`Invalid` naming the field that cannot be read."""
        if self.whole.data:
            return Intervals([(0, duration_ms)])
        start, end = (_milliseconds(field.data, field.name) for field in (self.start, self.end))
        end = min(end, duration_ms)
        if end <= start:
            raise Invalid(_("“To” must lie after “From” and inside the lesson."), field=self.end.name)
        return Intervals([(start, end)])

    def show(self, error: DomainError) -> None:
        """Puts a refusal at its field."""
        field = next((field for field in self if field.name == error.field), self.note)
        field.errors = [*field.errors, error.sentence]


class RulingForm(_Part):
    """A teacher's ruling."""

    what = RadioField(
        _l("Ruling"),
        choices=[
            SelectChoice("grant", _l("Count this part as watched")),
            SelectChoice("withdraw", _l("Do not count this part")),
        ],
        default="grant",
    )


class AnswerForm(_Part):
    """The answer to an appeal."""

    what = RadioField(
        _l("Answer"),
        choices=[SelectChoice("grant", _l("Grant: count this part as watched")), SelectChoice("refuse", _l("Refuse"))],
        default="grant",
    )


def _milliseconds(text: str | None, field: str) -> int:
    found = _MOMENT.fullmatch((text or "").strip().replace("：", ":"))
    if found is None:
        raise Invalid(_("Write the time as minutes:seconds, for example 3:10."), field=field)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000
