"""Mail: asked for in the caller's transaction, sent by a job, so that a letter exists exactly when its reason does.

``mail_url`` chooses the sender: ``file:`` writes each mail as an ``.eml`` file below ``$JINKE_HOME/mail``, for
development; ``smtp://user:password@host:port`` or ``smtps://…`` sends it. Templates of letters are plain text whose
first line is the subject; they are rendered in the language of the person they go to.
"""

import hashlib
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app
from sqlalchemy import update

from core import clock, i18n
from core.config import Settings, current_settings
from core.db import db
from core.i18n import _l, force_locale
from core.jobs.models import Job
from core.jobs.service import JobContext, JobFailed, enqueue, handler, say

TIMEOUT_SECONDS = 20

say(
    {
        "mail.refused": _l("the mail server did not accept the mail (%(answer)s)"),
        "mail.address": _l("this cannot be a mail address: %(address)s"),
    }
)


class Addressee(Protocol):
    """Whoever gets a letter."""

    email: str | None
    locale: str | None


def send(to: str, subject: str, text: str, html: str | None = None) -> Job:
    """Asks for a mail in the caller's transaction. ``text`` is what all can read; ``html`` may stand beside it."""
    return enqueue("mail.send", {"to": to, "subject": subject, "text": text, "html": html}, max_attempts=8)


def send_letter(person: Addressee, template: str, /, to: str | None = None, **values: Any) -> Job:
    """Asks for a letter to a person, in their language. ``to``: an address that is not (yet) theirs."""
    address = to or person.email
    if address is None:
        raise ValueError("a letter to somebody without an address")
    # A person who never chose a language speaks that of the request, and outside of one the site's.
    locale = person.locale or str(i18n.get_locale() or current_settings().default_locale)
    with force_locale(locale):
        page = current_app.jinja_env.get_template(template)
        letter = page.render(person=person, site_name=current_settings().site_name, **values)
    subject, _newline, text = letter.strip().partition("\n")
    return send(address, subject, text.strip() + "\n")


@handler("mail.send", lease_seconds=60)
def _send(payload: dict[str, Any], context: JobContext) -> None:
    settings = current_settings()
    site = hashlib.sha256(settings.secret_key.encode()).hexdigest()[:12]
    message = compose(settings, f"{context.job_id}.{site}", **payload)
    address = urlsplit(settings.mail_url)
    if address.scheme == "file":
        _write(settings.home / "mail", context.job_id, message)
    else:
        _transmit(address, message)
    # Letters carry one-time links. Once sent they are nobody's business any more.
    kept = {"to": payload["to"], "subject": payload["subject"]}
    db.session.connection().execute(update(Job).where(Job.id == context.job_id).values(payload=kept))


def compose(
    settings: Settings, name: str, *, to: str, subject: str, text: str, html: str | None = None
) -> EmailMessage:
    """The message. Line breaks in subject or address, the way to smuggle in headers, cannot get into it."""
    message = EmailMessage(policy=SMTP)
    sender_name, sender_address = parseaddr(settings.mail_from)
    domain = sender_address.partition("@")[2] or "localhost"
    try:
        message["To"] = Address(addr_spec=to)
    except (ValueError, IndexError, MessageError):
        raise JobFailed("mail.address", address=to) from None
    message["From"] = Address(display_name=sender_name, addr_spec=sender_address)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(clock.now())
    # The same name for every attempt of a job: a mail server that got it before may notice.
    message["Message-ID"] = f"<{name}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def _write(folder: Path, number: int, message: EmailMessage) -> None:
    """Puts the mail where a developer finds it, and says so in the log."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{clock.now():%Y%m%d-%H%M%S}-{number}.eml"
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(message.as_bytes())
    unfinished.replace(target)
    current_app.logger.info("mail to %s: %s", message["To"], target)


def _transmit(address: SplitResult, message: EmailMessage) -> None:
    """Hands the mail to the server of ``mail_url``. Raises :class:`JobFailed` where it will never be taken."""
    host, tls = address.hostname or "localhost", ssl.create_default_context()
    try:
        with _connect(address, host, tls) as server:
            if address.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=tls)
                server.ehlo()
            if address.username:
                server.login(unquote(address.username), unquote(address.password or ""))
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        _give_up_if_final(code, answer)
        raise
    except smtplib.SMTPResponseException as error:
        _give_up_if_final(error.smtp_code, error.smtp_error)
        raise


def _connect(address: SplitResult, host: str, tls: ssl.SSLContext) -> smtplib.SMTP:
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(host, address.port or 465, timeout=TIMEOUT_SECONDS, context=tls)
    server = smtplib.SMTP(host, address.port or 25, timeout=TIMEOUT_SECONDS)
    server.ehlo()
    return server


def _give_up_if_final(code: int, answer: bytes | str) -> None:
    """RFC 5321: an answer of 500 and above will be the same next time; one of 400 and above may not."""
    if code >= 500:
        words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        raise JobFailed("mail.refused", answer=f"{code} {words}")
