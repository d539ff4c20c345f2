"""The JSON API: one flask-smorest object, OpenAPI 3.1 at ``/api/v1/openapi.json``, packages add their blueprints."""

from typing import Any

import flask_smorest
from flask import Flask
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug import Request

from core import errors
from core.web.api_document import Contract, description
from core.web.json_body import json_object

api = flask_smorest.Api()

LARGEST_BODY = 2 * 1024**2
"""Bytes; far more than the longest page of text."""


class _Parser(FlaskParser):
    """Reads bodies by the rules of :mod:`core.web.json_body`: another type is 415, no JSON 400, too much 413."""

    def load_json(self, _request: Request, _schema: Schema) -> Any:
        return json_object(LARGEST_BODY)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # the library ships no types
    """A package's part of the API. Every operation needs a person unless it says ``@bp.doc(**PUBLIC)``."""

    ARGUMENTS_PARSER = _Parser()


def init_app(app: Flask) -> None:
    """Configures and mounts the API; the site's own error table answers below it too."""
    app.config.update(
        API_TITLE="Jinke",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS=description(),
    )
    api.init_app(app, spec_kwargs={"extra_plugins": [Contract()]})
    # Parts of the library's that nothing here refers to.
    for name in ("Error", "PaginationMetadata"):
        del api.spec.components.schemas[name]
    # flask-smorest registers a handler of its own; ours is the one table.
    errors.init_app(app)
