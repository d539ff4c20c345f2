"""The forms of institution administration."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional

from core.courses.forms import SwitchField, VersionField, options
from core.i18n import _l
from core.institutions.models import InstitutionRole
from core.users.forms import address
from core.users.identities import LONGEST_EMAIL, LONGEST_USERNAME
from core.users.roster_reading import LONGEST
from core.users.roster_words import ROLES
from core.web.fields import LineField, ProseField
from core.web.once import OnceField

SPEEDS = {100: "1×", 125: "1.25×", 150: "1.5×", 175: "1.75×", 200: "2×"}


class NewInstitutionForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """Makes an institution."""

    name = LineField(
        _l("Name of the institution"), longest=120, validators=[DataRequired(_l("Give the institution a name."))]
    )
    slug = LineField(
        _l("Address"),
        longest=64,
        description=_l("The end of the institution's address: small letters, digits and hyphens. It stays as it is."),
        validators=[DataRequired(_l("Give the institution an address."))],
    )
    administrator = LineField(
        _l("First administrator"),
        longest=LONGEST_EMAIL,
        description=_l("E-mail address or user name of an account. May be named later on the people page."),
    )


class RulesForm(FlaskForm):  # type: ignore[misc]
    """What counts as watched."""

    watch_threshold = IntegerField(
        _l("Share of a video that must be watched, in percent"),
        validators=[
            InputRequired(_l("Give a whole number between 50 and 100.")),
            NumberRange(50, 100, _l("Give a whole number between 50 and 100.")),
        ],
    )
    max_speed = SelectField(
        _l("Fastest speed that counts"),
        coerce=int,
        choices=options(SPEEDS.items()),
    )
    allow_seeking = SwitchField(_l("Learners may skip ahead to parts they have not watched"))
    version = VersionField()

    def offer_also(self, speed: int) -> None:
        """Offers a speed that is in force although it is none of ours."""
        if speed not in SPEEDS:
            self.max_speed.choices = [*options(SPEEDS.items()), *options([(speed, f"{speed / 100:g}×")])]


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """How the institution presents itself."""

    name = LineField(
        _l("Name of the institution"), longest=120, validators=[DataRequired(_l("Give the institution a name."))]
    )
    introduction = ProseField(
        _l("Introduction"), longest=2000, description=_l("Shown on the institution's public page.")
    )
    version = VersionField()


class _MemberFields(FlaskForm):  # type: ignore[misc]
    role = SelectField(_l("Role"), choices=options((role, ROLES[role]) for role in InstitutionRole))
    number = LineField(_l("Number"), longest=LONGEST["external_id"], description=_l("Student or staff number."))
    class_name = LineField(_l("Class"), longest=LONGEST["class_name"])


class NewPersonForm(_MemberFields):
    """Brings one person in."""

    name = LineField(_l("Name"), longest=LONGEST["name"], validators=[DataRequired(_l("Type the person's name."))])
    email = LineField(_l("E-mail"), longest=LONGEST_EMAIL, validators=[Optional(), address])
    username = LineField(
        _l("User name"),
        longest=LONGEST_USERNAME,
        description=_l("To log in with. Left empty, the e-mail address or the number serves."),
    )
    key = OnceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("role", InstitutionRole.STUDENT)
        super().__init__(*args, **kwargs)


class PersonForm(_MemberFields):
    """What a member is, and, for accounts that the institution made, how they are called."""

    name = LineField(_l("Name"), longest=LONGEST["name"], validators=[DataRequired(_l("Type the person's name."))])
    email = LineField(_l("E-mail"), longest=LONGEST_EMAIL, validators=[Optional(), address])


class RosterForm(FlaskForm):  # type: ignore[misc]
    """Hands in a list of people."""

    file = FileField(_l("List of people"))
