"""One request, one transaction: a success commits, everything else rolls back."""

from flask import Flask, Response

from core.db import db


def init_app(app: Flask) -> None:
    """Ends the request's transaction by the status of its answer."""
    app.after_request(_end_transaction)


def _end_transaction(response: Response) -> Response:
    # Read before the session is touched: a request that never asked the database has no transaction to end.
    if db.session.registry.has():
        if response.status_code < 400:
            db.session.commit()
        else:
            db.session.rollback()
    return response
