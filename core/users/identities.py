"""How people are named when they log in: by e-mail address or user name, each kept in one normal form.

Addresses and names are stored as these functions return them, so that finding a person is an equality that an index
answers, and ``Li.Lei@Example.cn`` cannot register beside ``li.lei@example.cn``.
"""

import re
import unicodedata

import email_validator

from core.errors import Invalid
from core.i18n import _

LONGEST_EMAIL = 254
LONGEST_USERNAME = 64

_USERNAME = re.compile(r"\w[\w.-]*", re.UNICODE)


def normal_email(text: str) -> str:
    """An e-mail address in lower case and as its domain is written. Raises :class:`Invalid` for what is none."""
    try:
        address = email_validator.validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError:
        raise Invalid(
            _("This is not an e-mail address. It should look like name@school.edu.cn."), field="email"
        ) from None
    if len(address) > LONGEST_EMAIL:
        raise Invalid(_("An e-mail address has at most %(most)d characters.", most=LONGEST_EMAIL), field="email")
    return address


def normal_username(text: str) -> str:
    """A user name in lower case and compatibility form (full-width digits become plain ones).

    Letters of any script, digits, dots, hyphens and underscores; never an ``@``, so that it cannot be taken for an
    address. Raises :class:`Invalid`.
    """
    name = unicodedata.normalize("NFKC", text).strip().lower()
    if not _USERNAME.fullmatch(name):
        raise Invalid(
            _("A user name consists of letters, digits, dots, hyphens and underscores, without blanks."),
            field="username",
        )
    if len(name) > LONGEST_USERNAME:
        raise Invalid(_("A user name has at most %(most)d characters.", most=LONGEST_USERNAME), field="username")
    return name


def is_proved(*, confirmed: bool, activated: bool, home_id: int | None, institution_id: int | None) -> bool:
    """Whether an account may be taken, in an institution, for the person whose e-mail address it bears.

    Anybody can register with somebody else's address, and an institution can write one into its list; whoever holds
    such an account must not receive what is meant for the owner of the address. So the address has been confirmed, or
    this institution itself wrote it (``home_id``), or the operator did and nobody has used the account yet.
    """
    if home_id is None:
        return confirmed or not activated
    return confirmed or home_id == institution_id
