"""Housekeeping: what has expired is forgotten."""

from sqlalchemy import delete

from core import clock
from core.db import db
from core.jobs.service import every
from core.users.models import ActivationLink, LoginThrottle, UserSession
from core.users.service import ACTIVATION_LASTS
from core.users.throttle import FORGOTTEN_AFTER


@every(24 * 60 * 60, "users.forget_expired")
def _forget(_payload: dict[str, object]) -> None:
    now = clock.now()
    db.session.execute(delete(UserSession).where(UserSession.expires_at < now))
    db.session.execute(delete(ActivationLink).where(ActivationLink.expires_at < now - ACTIVATION_LASTS))
    db.session.execute(delete(LoginThrottle).where(LoginThrottle.first_failure_at < now - 2 * FORGOTTEN_AFTER))
