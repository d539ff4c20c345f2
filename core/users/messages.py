"""What Flask-Security says after an act, in our words. Its domain is ours, so the Chinese stands with all other words.

Only what can appear with our configuration is here; the sentences about single fields are in the forms.
"""


def N_(text: str) -> str:  # noqa: N802 - the customary name of a mark for translators
    """Marks a text that is translated where it is shown."""
    return text


MESSAGES: dict[str, tuple[str, str]] = {
    "CONFIRM_REGISTRATION": (N_("We have written to %(email)s."), "success"),
    "EMAIL_CONFIRMED": (N_("Thank you, your e-mail address is confirmed."), "success"),
    "ALREADY_CONFIRMED": (N_("This e-mail address has been confirmed before."), "info"),
    "CONFIRMATION_REQUEST": (N_("If %(email)s waits to be confirmed, we have sent the link again."), "success"),
    "CONFIRMATION_EXPIRED": (N_("The link was valid for %(within)s and has expired. Ask for a new one here."), "error"),
    "INVALID_CONFIRMATION_TOKEN": (
        N_("This link is not complete or no longer valid. Ask for a new one here."),
        "error",
    ),
    "PASSWORD_RESET_REQUEST": (N_("If there is an account with %(email)s, we have sent it a link."), "success"),
    "PASSWORD_RESET_EXPIRED": (
        N_("The link was valid for %(within)s and has expired. Ask for a new one here."),
        "error",
    ),
    "INVALID_RESET_PASSWORD_TOKEN": (
        N_("This link has been used before, or is not complete. Ask for a new one here."),
        "error",
    ),
    "PASSWORD_RESET_NO_LOGIN": (N_("Your new password is set. Log in with it."), "success"),
    "PASSWORD_CHANGE": (N_("Your password is changed. All other browsers were logged out."), "success"),
    "REAUTHENTICATION_REQUIRED": (N_("Type your password once more to go on."), "info"),
    "REAUTHENTICATION_SUCCESSFUL": (N_("Thank you. You can go on."), "success"),
    "CHANGE_EMAIL_SENT": (N_("We have written to %(email)s. Open the link in that mail."), "success"),
    "CHANGE_EMAIL_CONFIRMED": (N_("Your new e-mail address is in use."), "success"),
    "CHANGE_EMAIL_EXPIRED": (N_("The link was valid for %(within)s and has expired. Ask for a new one here."), "error"),
    "API_ERROR": (N_("This link has been used before, or is not complete. Ask for a new one here."), "error"),
    "EMAIL_ALREADY_ASSOCIATED": (N_("%(email)s belongs to an account already."), "error"),
}
