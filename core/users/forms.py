"""The forms of accounts that Flask-Security's views show and ask. They keep its names; rules and words are ours.

Whatever could tell that an account exists goes into ``form_errors``, where it says the same for every account.
"""

from typing import Any

import flask_security as library
from flask import current_app, request, session
from flask_security.forms import unique_user_email, valid_user_email
from wtforms import BooleanField, Field, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, StopValidation

from core.errors import Invalid, TooManyRequests
from core.i18n import _, _l
from core.users.authentication import authenticate, is_password_of
from core.users.current import current_person
from core.users.identities import LONGEST_EMAIL, normal_email
from core.users.models import User
from core.users.passwords import LONGEST
from core.web.fields import LineField
from core.web.pages import safe_target

THEN = "registered_then"
"""Where in the session a registration remembers the page it began on."""


def security() -> library.Security:
    """The running Flask-Security."""
    extension: library.Security = current_app.extensions["security"]
    return extension


def address(_form: Any, field: Field) -> None:
    """Validator: an e-mail address, brought into our one form."""
    try:
        field.data = normal_email(field.data or "")
    except Invalid as error:
        raise StopValidation(str(error)) from error


def email_field(label: Any, *validators: Any) -> LineField:
    """A field for an address."""
    keywords = {"type": "email", "autocomplete": "email", "inputmode": "email"}
    missing = InputRequired(_l("Type your e-mail address."))
    return LineField(label, longest=LONGEST_EMAIL, validators=[missing, address, *validators], render_kw=keywords)


def new_password_field(label: Any) -> PasswordField:
    """A field for a password to be; what makes one good is checked by :mod:`core.users.passwords`."""
    return PasswordField(
        label,
        description=_l("At least 8 characters; a sentence you remember is best."),
        validators=[InputRequired(_l("Type a password."))],
        render_kw={"autocomplete": "new-password", "minlength": 8, "maxlength": LONGEST},
    )


def old_password_field(label: Any) -> PasswordField:
    """A field for the password that the person has."""
    return PasswordField(
        label,
        validators=[InputRequired(_l("Type your present password."))],
        render_kw={"autocomplete": "current-password", "maxlength": LONGEST},
    )


class LoginForm(library.LoginForm):
    """Log in with e-mail address or user name."""

    # Without validators: what no account can be called is answered like an account that does not exist.
    email = StringField(  # type: ignore[assignment]
        _l("E-mail or user name"),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "required": True},
    )
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password", "required": True})
    remember = None  # type: ignore[assignment] # our session rows last by themselves
    stay = BooleanField(_l("Stay logged in on this device"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next.data = safe_target(self.next.data, "")
        self.password.description = ""
        self.retry_after: int | None = None

    def validate(self, **kwargs: Any) -> bool:
        """Whether to log in. ``retry_after`` is set during a pause."""
        super(library.LoginForm, self).validate(**kwargs)
        if not self.email.data or not self.password.data:
            self.form_errors.append(_("Type your e-mail address or user name, and your password."))
            return False
        try:
            self.user = authenticate(security(), self.email.data, self.password.data)
        except TooManyRequests as error:
            self.retry_after = error.details["retry_after"]
            self.form_errors.append(str(error))
            return False
        if self.user is None:
            self.form_errors.append(_("The account or the password is not right. Check both and try again."))
        elif not self.user.active:
            self.form_errors.append(_("This account has been closed. Ask your institution’s administrator."))
        else:
            session.permanent = bool(self.stay.data)
        return not self.form_errors


class RegisterForm(library.RegisterFormV2):
    """Register with name, address and password."""

    name = LineField(
        _l("Name"),
        longest=80,
        description=_l("As it should stand on your records of study"),
        validators=[InputRequired(_l("Type your name."))],
        render_kw={"autocomplete": "name"},
    )
    email = email_field(_l("E-mail"), unique_user_email)  # type: ignore[assignment]
    password = new_password_field(_l("Password"))
    agreement = BooleanField(
        _l("I have read how my data is used and agree"),
        validators=[InputRequired(_l("Without your agreement we may not keep an account for you."))],
    )
    then = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.then.data = safe_target(self.then.data or request.args.get("next"), "")

    def validate(self, **kwargs: Any) -> bool:
        """Whether the entries are in order; an address that is taken is found here too, and answered by the view."""
        session[THEN] = self.then.data
        return super().validate(**kwargs)


class ForgotPasswordForm(library.ForgotPasswordForm):
    """Ask for a link that sets a new password."""

    email = email_field(_l("E-mail"))  # type: ignore[assignment]

    def validate(self, **kwargs: Any) -> bool:
        """Whether a letter goes out. Takes as long for an address that is not known."""
        if not _names_an_address(self, library.ForgotPasswordForm, kwargs) or not _finds(self):
            return False
        # The view hashes a password for addresses that are not known.
        security().pwd_context.dummy_verify()
        return True


class SendConfirmationForm(library.SendConfirmationForm):
    """Ask again for the link that confirms an address."""

    email = email_field(_l("E-mail"))  # type: ignore[assignment]

    def validate(self, **kwargs: Any) -> bool:
        """Whether a letter goes out: to addresses that are known and not confirmed yet."""
        if not _names_an_address(self, library.SendConfirmationForm, kwargs) or not _finds(self):
            return False
        if self.user is not None and self.user.confirmed_at is not None:
            self.email.errors = [_("This address is confirmed already.")]
            return False
        return True


class ResetPasswordForm(library.ResetPasswordForm):
    """Set a new password with a link from a letter."""

    password = new_password_field(_l("New password"))
    password_confirm = None  # type: ignore[assignment] # the field can be shown instead


class ChangePasswordForm(library.ChangePasswordForm):
    """Change the password, knowing the old one."""

    password = old_password_field(_l("Present password"))
    new_password = new_password_field(_l("New password"))
    new_password_confirm = None  # type: ignore[assignment] # the field can be shown instead

    def validate(self, **kwargs: Any) -> bool:
        """Whether the old password is right and the new one acceptable."""
        if not super(library.ChangePasswordForm, self).validate(**kwargs):
            return False
        person, old, new = current_person(), self.password.data or "", self.new_password.data or ""
        if not _knows_password(self.password, person, old):
            return False
        problems, self.new_password.data = security().password_util.validate(new, False, user=person)
        if not problems and self.new_password.data == old:
            problems = [_("This is the password you have already. Choose another.")]
        self.new_password.errors = problems or []
        return not problems


class VerifyForm(library.VerifyForm):
    """Type the password once more before something sensitive."""

    password = old_password_field(_l("Password"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next.data = safe_target(self.next.data, "")

    def validate(self, **kwargs: Any) -> bool:
        """Whether the password is right."""
        if not super(library.VerifyForm, self).validate(**kwargs):
            return False
        return _knows_password(self.password, current_person(), self.password.data or "")


class ChangeEmailForm(library.ChangeEmailForm):
    """Have mail sent to another address from now on."""

    email = email_field(_l("New e-mail address"), unique_user_email)  # type: ignore[assignment]


def _knows_password(field: PasswordField, person: User, typed: str) -> bool:
    try:
        known = is_password_of(security(), person, typed)
    except TooManyRequests as error:
        field.errors = [str(error)]
        return False
    field.errors = [] if known else [_("This is not your present password.")]
    return known


def _names_an_address(form: Any, base: type[Any], kwargs: dict[str, Any]) -> bool:
    """Whether what was typed is an address at all. That may be said aloud, so it goes where it is not squashed."""
    if super(base, form).validate(**kwargs):
        return True
    form.form_errors.extend(form.email.errors)
    return False


def _finds(form: Any) -> bool:
    """Whether the address belongs to an account that is open."""
    try:
        valid_user_email(form, form.email)
    except ValueError:
        form.user = None
    if form.user is None or not form.user.active:
        form.email.errors = [_("There is no account with this address.")]
        return False
    return True
