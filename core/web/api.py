"""The JSON API: one flask-smorest object, OpenAPI 3.1 at ``/api/v1/openapi.json``, packages add their blueprints."""

from flask import Flask
from flask_smorest import Api

from core import errors

api = Api()


def init_app(app: Flask) -> None:
    """Configures and mounts the API; the site's own error table answers below it too."""
    app.config.update(
        API_TITLE="Jinke",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "jinke_session"},
                }
            },
            "security": [{"token": []}, {"session": []}, {}],
        },
    )
    api.init_app(app)
    # flask-smorest registers a handler of its own; ours is the one table.
    errors.init_app(app)
