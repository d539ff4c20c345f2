"""Activation links for many people at once: shown in a file, once, or sent to each by mail.

A link opens an account, so it is shown only to administrators of the institution that brought the account, and only as
long as the person has set no password. A letter goes to the person's own address, so any of their institutions may ask
for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from core import audit, clock, mail
from core.db import db, table_of
from core.i18n import _
from core.institutions.models import Institution, Membership
from core.jobs.service import enqueue
from core.users.models import ActivationLink, User
from core.users.roster import Step, batches
from core.users.roster_plan import BATCH
from core.users.service import ACTIVATION_LASTS, activation_url
from core.users.tokens import fast_hash, new_token

MAIL = "roster.mail_links"
LETTERS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Invitation:
    """A person who can be handed a link, as the list of links names them."""

    user_id: int
    name: str
    number: str
    class_name: str
    login: str


def invitations(institution: Institution, user_ids: Sequence[int] | None = None) -> list[Invitation]:
    """The members with accounts of this institution's own who have set no password; of ``user_ids`` if given."""
    query = (
        select(User.id, User.name, Membership.external_id, Membership.class_name, User.username, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.institution_id == institution.id,
            User.home_id == institution.id,
            User.password.is_(None),
            User.active,
            User.is_operator.is_(False),
        )
        .order_by(Membership.class_name, Membership.external_id, User.id)
    )
    wanted = None if user_ids is None else set(user_ids)
    return [
        Invitation(row.id, row.name, row.external_id or "", row.class_name, row.username or row.email or "")
        for row in db.session.execute(query)
        if wanted is None or row.id in wanted
    ]


def new_links(people: Sequence[Invitation]) -> list[tuple[Invitation, str, str]]:
    """A fresh token for each: person, address to open, token. Nothing is written: :func:`keep` does that."""
    tokens = [new_token() for _person in people]
    return [(person, activation_url(token), token) for person, token in zip(people, tokens, strict=True)]


def keep(links: Sequence[tuple[Invitation, str, str]]) -> None:
    """Makes links valid; earlier ones of the same people die. Notes in the audit log that they were handed out."""
    _replace([(person.user_id, token) for person, _url, token in links])
    audit.record("people.links_made", count=len(links))


def ask_to_mail(institution: Institution, user_ids: Sequence[int] | None, actor_id: int | None) -> int:
    """Asks for letters with links to members who have an address and no password; returns to how many."""
    ids = [person_id for person_id, _person in _with_address(institution, user_ids)]
    for batch in batches(ids, 20 * BATCH):
        enqueue(MAIL, {"user_ids": batch, "since": clock.now_ms()}, user_id=actor_id)
    audit.record("people.links_mailed", count=len(ids))
    return len(ids)


def mail_links(user_ids: Sequence[int], since: datetime, step: Step) -> None:
    """Writes to each of the people, those excepted who got a link since: a killed job goes on where it stopped."""
    done = 0
    for batch in batches(user_ids, LETTERS_AT_ONCE):
        got_one = select(ActivationLink.user_id).where(ActivationLink.created_at >= since)
        people = db.session.scalars(
            select(User).where(
                User.id.in_(batch),
                User.password.is_(None),
                User.active,
                User.email.is_not(None),
                User.id.not_in(got_one),
            )
        ).all()
        tokens = {person.id: new_token() for person in people}
        _replace(list(tokens.items()))
        for person in people:
            mail.send_letter(person, "users/mail/activation.txt", activation_link=activation_url(tokens[person.id]))
        done += len(batch)
        step(done, len(user_ids))


def _with_address(institution: Institution, user_ids: Sequence[int] | None) -> list[tuple[int, Any]]:
    query = (
        select(User.id, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.institution_id == institution.id, User.password.is_(None), User.active, User.email.is_not(None)
        )
        .order_by(User.id)
    )
    wanted = None if user_ids is None else set(user_ids)
    return [(row.id, row.email) for row in db.session.execute(query) if wanted is None or row.id in wanted]


def _replace(tokens: Sequence[tuple[int, str]]) -> None:
    moment, connection = clock.now(), db.session.connection()
    links = table_of(ActivationLink)
    for batch in batches(tokens, BATCH):
        connection.execute(delete(links).where(links.c.user_id.in_([user_id for user_id, _token in batch])))
        connection.execute(
            insert(links),
            [
                {
                    "user_id": user_id,
                    "token_hash": fast_hash(token),
                    "created_at": moment,
                    "expires_at": moment + ACTIVATION_LASTS,
                }
                for user_id, token in batch
            ],
        )


def heading() -> list[str]:
    """The columns of a list of links."""
    return [_("Name"), _("Number"), _("Class"), _("Log-in name"), _("Activation link")]
