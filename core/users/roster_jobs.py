"""Rosters in the background: the dry run, the writing, letters with activation links, forgetting old rows."""

from datetime import timedelta
from typing import Any

from core import clock
from core.db import db
from core.i18n import _l
from core.institutions.models import Institution
from core.jobs.service import JobContext, JobFailed, every, handler, say
from core.tenancy import across_institutions, current_institution_id
from core.users import roster, roster_links
from core.users.models import RosterImport

ROWS_KEPT = timedelta(days=90)
"""Lists of names and addresses are kept no longer than somebody may still ask what happened to a row."""

say(
    {
        "roster.checking": _l("%(done)d of %(total)d rows checked"),
        "roster.applying": _l("%(done)d of %(total)d rows imported"),
        "roster.mailing": _l("%(done)d of %(total)d letters written"),
        "roster.gone": _l("the list has been removed in the meantime"),
    }
)


@handler(roster.CHECK)
def _check(payload: dict[str, Any], context: JobContext) -> None:
    found, institution = _find(payload)
    roster.check(found, institution, _step(context, "roster.checking"))


@handler(roster.APPLY)
def _apply(payload: dict[str, Any], context: JobContext) -> None:
    found, institution = _find(payload)
    roster.apply(found, institution, _step(context, "roster.applying"))


@handler(roster_links.MAIL)
def _mail(payload: dict[str, Any], context: JobContext) -> None:
    roster_links.mail_links(payload["user_ids"], clock.from_ms(payload["since"]), _step(context, "roster.mailing"))


@every(24 * 60 * 60, "roster.forget_rows")
def _forget(_payload: dict[str, object]) -> None:
    with across_institutions("old rows are forgotten whosever they are"):
        roster.forget_rows(clock.now() - ROWS_KEPT)


def _find(payload: dict[str, Any]) -> tuple[RosterImport, Institution]:
    found = db.session.get(RosterImport, payload["import_id"])
    if found is None:
        raise JobFailed("roster.gone")
    return found, db.session.get_one(Institution, current_institution_id())


def _step(context: JobContext, code: str) -> roster.Step:
    def step(done: int, total: int) -> None:
        # Said first, so that the batch and how far it is are committed together.
        context.progress(1000 * done // max(1, total), code, done=done, total=total)
        context.commit()

    return step
