"""The forms of the course editor."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DecimalField, HiddenField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than the stubs
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, ValidationError

from core.courses import kinds
from core.courses.models import EnrolmentPolicy, TeamRole, Visibility
from core.courses.runs import POLICY_NAMES
from core.courses.subjects import SUBJECTS
from core.courses.team import ROLE_NAMES
from core.courses.words import LANGUAGES, LEVELS
from core.i18n import _, _l
from core.web.fields import LARGEST_ID, LineField, MomentField, ProseField, sensible_year
from core.web.once import OnceField

TITLE = 120
PROSE = 20_000
PAGE = 200_000

VISIBILITIES = {
    Visibility.PUBLIC: _l("Everybody"),
    Visibility.INSTITUTION: _l("Members of the institution only"),
}


def options(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """What a select offers: values and their names."""
    return [SelectChoice(value, label) for value, label in pairs]


class SwitchField(BooleanField):
    """A yes or no drawn as a switch."""


class VersionField(HiddenField):
    """The version of the row as the person saw it."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]) if valuelist else ""
        self.data = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def one_decimal(_form: Any, field: DecimalField) -> None:
    """Validator: a number with at most one decimal."""
    if field.data is not None and int(field.data.normalize().as_tuple().exponent) < -1:
        raise ValidationError(_("Give at most one decimal, like 1.5."))


class CreditHoursField(DecimalField):
    """学时: a number that is really one, not infinite and not nothing."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(_("Give a number, like 16 or 1.5."))


class NewCourseForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """Starts a course, or a copy of one."""

    institution_id = SelectField(_l("Institution"), coerce=int)
    title = LineField(_l("Title"), longest=TITLE, validators=[DataRequired(_l("Give the course a title."))])
    slug = LineField(
        _l("Address"),
        longest=80,
        description=_l(
            "The end of the course's address: small letters, digits and hyphens. Left empty, we choose one."
        ),
    )
    key = OnceField()


class InformationForm(FlaskForm):  # type: ignore[misc]
    """What a course is."""

    title = LineField(_l("Title"), longest=TITLE, validators=[DataRequired(_l("Give the course a title."))])
    slug = LineField(_l("Address"), longest=80)
    summary = ProseField(
        _l("Summary"),
        longest=300,
        description=_l("One or two sentences, shown in the catalogue. At most 300 characters."),
    )
    description = ProseField(_l("Description"), longest=PROSE)
    outcomes = ProseField(
        _l("What learners will be able to do"),
        longest=PROSE,
        description=_l("One line each, beginning with “- ”."),
    )
    audience = ProseField(_l("For whom"), longest=PROSE)
    subject = SelectField(_l("Discipline"))
    level = SelectField(_l("Level"), choices=options(LEVELS.items()))
    language = SelectField(_l("Language of instruction"), choices=options(LANGUAGES.items()))
    credit_hours = CreditHoursField(
        _l("Credit hours"),
        places=1,
        validators=[
            InputRequired(_l("Give the credit hours, 0 if there are none.")),
            NumberRange(0, 1000, _l("Give a number between 0 and 1000.")),
            one_decimal,
        ],
    )
    has_certificate = SwitchField(_l("There is a certificate for completing it"))
    visibility = SelectField(_l("Who finds it once published"), choices=options(VISIBILITIES.items()))
    version = VersionField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject.choices = options([("", _("Please choose")), *SUBJECTS.items()])


class TitleForm(FlaskForm):  # type: ignore[misc]
    """Names a chapter."""

    title = LineField(_l("Title"), longest=TITLE, validators=[DataRequired(_l("Give the chapter a title."))])
    version = VersionField()
    key = OnceField()


class NewLessonForm(FlaskForm):  # type: ignore[misc]
    """Adds a lesson to a chapter."""

    kind = SelectField(_l("Kind"))
    title = LineField(_l("Title"), longest=TITLE, validators=[DataRequired(_l("Give the lesson a title."))])
    key = OnceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = options((kind.name, kind.label) for kind in kinds.all_kinds())


class LessonForm(FlaskForm):  # type: ignore[misc]
    """What every lesson has. ``body`` is the page itself, or what stands under a video or document."""

    title = LineField(_l("Title"), longest=TITLE, validators=[DataRequired(_l("Give the lesson a title."))])
    body = ProseField(_l("Text"), longest=PAGE)
    is_preview = SwitchField(_l("Open to visitors as a taste of the course"))
    is_required = SwitchField(_l("Counts towards completing the course"))
    version = VersionField()


class MoveForm(FlaskForm):  # type: ignore[misc]
    """Makes a move in the course's life."""

    reason = ProseField(_l("What you want to say about it"), longest=500)


class MemberForm(FlaskForm):  # type: ignore[misc]
    """Puts somebody on the team."""

    login = LineField(
        _l("E-mail address or user name"),
        longest=254,
        validators=[DataRequired(_l("Give the e-mail address or user name of the person's account."))],
    )
    role = SelectField(_l("Role"), choices=options(ROLE_NAMES.items()), default=TeamRole.INSTRUCTOR)


class MembershipForm(FlaskForm):  # type: ignore[misc]
    """What somebody is on the team."""

    role = SelectField(_l("Role"), choices=options(ROLE_NAMES.items()))
    introduction = LineField(_l("Introduction on the course page"), longest=300)
    is_listed = SwitchField(_l("Shown on the course page"))


class ReviewerForm(FlaskForm):  # type: ignore[misc]
    """Names the reviewer."""

    reviewer = LineField(
        _l("Reviewer"),
        longest=254,
        description=_l(
            "E-mail address or user name of somebody who is not on the team. Empty: the administrators review."
        ),
    )


class RunForm(FlaskForm):  # type: ignore[misc]
    """A run of the course."""

    title = LineField(
        _l("Name of the run"), longest=TITLE, validators=[DataRequired(_l("Give the run a name, like “Autumn 2026”."))]
    )
    starts_at = MomentField(_l("Starts"), validators=[InputRequired(_l("Say when the run starts.")), sensible_year])
    ends_at = MomentField(_l("Ends"), validators=[Optional(), sensible_year])
    enrolment_opens_at = MomentField(_l("Enrolment opens"), validators=[Optional(), sensible_year])
    enrolment_closes_at = MomentField(_l("Enrolment closes"), validators=[Optional(), sensible_year])
    capacity = IntegerField(
        _l("Places"),
        validators=[Optional(), NumberRange(0, 1_000_000, _l("Give a whole number, or leave it empty for no limit."))],
        description=_l("Empty: no limit."),
    )
    policy = SelectField(_l("Who may join"), choices=options(POLICY_NAMES.items()), default=EnrolmentPolicy.OPEN)
    code = LineField(_l("Code"), longest=64, description=_l("Asked for when joining with a code."))
    version = VersionField()
    key = OnceField()


class GroupForm(FlaskForm):  # type: ignore[misc]
    """A class in a run."""

    name = LineField(_l("Name of the class"), longest=80, validators=[DataRequired(_l("Give the class a name."))])
    teacher_id = SelectField(_l("Teacher"), coerce=lambda text: int(text) if text and str(text).isdigit() else None)
    key = OnceField()

    def offer(self, people: Sequence[tuple[int, str]]) -> "GroupForm":
        """Says who can teach it; returns the form itself."""
        self.teacher_id.choices = options([("", _("Nobody yet")), *people])
        return self


def number_in(form: Any, name: str) -> int | None:
    """An id that a plain control sent; None where it is missing or names nothing."""
    text = str(form.get(name, ""))
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
