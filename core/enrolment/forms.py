"""The form for joining a run."""

from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from core.i18n import _l
from core.web.fields import LARGEST_ID, LineField, ProseField


class EnrolForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """Which run, and what its door asks for."""

    run_id = IntegerField(
        widget=HiddenInput(),
        validators=[
            InputRequired(_l("Choose a run on the course's page.")),
            NumberRange(1, LARGEST_ID, _l("Choose a run on the course's page.")),
        ],
    )
    code = LineField(_l("Enrolment code"), longest=64)
    message = ProseField(_l("What the team should know"), longest=300)
