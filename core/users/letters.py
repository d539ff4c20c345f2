"""The letters that accounts send: which occasion is told in which words, and how many an address may get."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask_security import MailUtil
from flask_security.mail_util import EmailValidateException

from core import clock, mail
from core.config import current_settings
from core.errors import Invalid
from core.users import throttle
from core.users.identities import normal_email
from core.users.models import User

ON_REQUEST = {
    "change_email_instructions",
    "confirmation_instructions",
    "reset_instructions",
    "welcome_existing",
}
"""Letters that anybody can make us send to somebody."""

JUST_NOW = timedelta(minutes=5)


class Letters(MailUtil):
    """Flask-Security's mails as letters of ours, in the recipient's language, through the job queue."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],
        body: str | None,
        html: str | None,
        **context: Any,
    ) -> None:
        """Sends ``users/mail/<occasion>.txt``; the library's own subject and bodies are not used."""
        occasion = template.rsplit("/", 1)[-1]
        user: User = context["user"]
        address = str(recipient)
        if not recipient or (occasion in ON_REQUEST and not throttle.may_be_written_to(address)):
            return
        if occasion == "welcome_existing" and _is_new(user):
            # The form was sent twice: the first letter is on its way and says more.
            return
        links = {name: _ours(value) for name, value in context.items() if name.endswith("link")}
        mail.send_letter(user, f"users/mail/{occasion}.txt", to=address, **links)

    def normalize(self, email: str) -> str:
        """An address in our one form."""
        try:
            return normal_email(email)
        except Invalid as error:
            raise EmailValidateException(str(error)) from error

    def validate(self, email: str) -> str:
        """As :meth:`normalize`: whether an address receives mail is found out by writing to it."""
        return self.normalize(email)


def _ours(link: str) -> str:
    """The link at the site's own address. The library takes the host from the request, which anybody can make up: the
    letter would then lead its reader, with the token, to a stranger's server.
    """
    parts = urlsplit(link)
    query = f"?{parts.query}" if parts.query else ""
    return f"{current_settings().base_url.rstrip('/')}{parts.path}{query}"


def _is_new(user: User) -> bool:
    return user.confirmed_at is None and clock.now() - user.created_at < JUST_NOW
