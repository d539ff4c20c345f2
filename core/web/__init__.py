"""What every page and every JSON answer shares: transactions, scope, security headers, static files, the API object.

A request flows: session → person and roles → the institution named by the URL → view → commit if the answer is a
success, roll back otherwise → headers. Views neither commit nor set headers that all pages need.
"""

from flask import Flask

from core.config import Settings
from core.web import api, converters, encoding, failures, pages, scope, security, static, transactions


def init_app(app: Flask, settings: Settings) -> None:
    """Registers the shared glue, in the order in which a request meets it."""
    converters.init_app(app)
    failures.init_app(app)
    transactions.init_app(app)
    encoding.init_app(app)
    security.init_app(app, settings)
    scope.init_app(app)
    static.init_app(app)
    api.init_app(app)
    pages.init_app(app)
