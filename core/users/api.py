"""Oneself as JSON: what a program asks first, to see whose token it holds."""

from typing import Any

from marshmallow import Schema, fields

from core.i18n import get_locale
from core.users import queries, service
from core.users.current import current_person
from core.web.api import Blueprint
from core.web.scope import current_viewer
from core.web.security import api_token

bp = Blueprint("me", __name__, url_prefix="/api/v1/me", description="The person a token or a session speaks for")


class MeSchema(Schema):
    """A person, as they see themselves."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    username = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, metadata={"description": "zh_Hans_CN or en"})
    timezone = fields.String(required=True, allow_none=True, metadata={"description": "IANA name; null: the site's"})
    is_operator = fields.Boolean(required=True)
    institutions = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Institution id → role there"}
    )
    may_write = fields.Boolean(required=True, metadata={"description": "False for a token that may only read"})


@bp.get("")
@bp.response(200, MeSchema)
def me() -> dict[str, Any]:
    """Who you are here."""
    person, viewer, token = current_person(), current_viewer(), api_token()
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "username": person.username,
        "language": person.locale or str(get_locale()),
        "timezone": person.timezone,
        "is_operator": viewer.is_operator,
        "institutions": {str(place): str(role) for place, role in viewer.institutions.items()},
        "may_write": token is None or not token.read_only,
    }


class TokenSchema(Schema):
    """An API token; what it says is shown only once, on the account page where it is made."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    read_only = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class TokenListSchema(Schema):
    """All your tokens, the newest first."""

    items = fields.List(fields.Nested(TokenSchema), required=True)


@bp.get("/tokens")
@bp.response(200, TokenListSchema)
def tokens() -> dict[str, Any]:
    """Your API tokens."""
    return {"items": queries.tokens_of(current_person())}


@bp.delete("/tokens/<int:token_id>")
@bp.response(204)
def revoke_token(token_id: int) -> None:
    """Ends a token at once."""
    service.revoke_token(current_person(), token_id)
