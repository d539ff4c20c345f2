"""The test client: requests that know nothing of the test around them, as real ones do."""

from contextvars import copy_context
from secrets import token_hex
from typing import Any

from flask.globals import _cv_app
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from core.db import db


class Client(FlaskClient):
    """Runs each request in an application context of its own, although the test has one open.

    Flask would otherwise share the test's: with it the session, the logged-in person and the language of the request
    before. What the test wrote is committed first, and what it holds is read anew when it looks again.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.commit()
        db.session.expire_all()
        context = copy_context()
        context.run(_cv_app.set, None)  # type: ignore[arg-type]
        return context.run(super().open, *args, **kwargs)

    def csrf(self) -> dict[str, str]:
        """The header by which a page of this site proves that a request is its own: ``headers=client.csrf()``."""
        with self.session_transaction() as cookie:
            secret = cookie.setdefault("csrf_token", token_hex(20))
        signer = URLSafeTimedSerializer(self.application.secret_key or "", salt="wtf-csrf-token")
        return {"X-CSRFToken": signer.dumps(secret)}
