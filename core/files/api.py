"""Files as JSON: what is known of an asset, for those who made it or work with it."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from core.files import policy, queries
from core.files.models import Asset, AssetState
from core.files.words import sentence
from core.users.current import current_person
from core.web.scope import current_viewer

bp = Blueprint("assets", __name__, url_prefix="/api/v1/assets", description="Uploaded files: state, length, size")


class AssetSchema(Schema):
    """An uploaded file."""

    id = fields.Integer(required=True)
    name = fields.String(required=True, metadata={"description": "The name its uploader gave it"})
    kind = fields.String(required=True, validate=OneOf(["video", "audio", "image", "document"]))
    media_type = fields.String(required=True)
    size = fields.Integer(required=True, metadata={"description": "Bytes"})
    sha256 = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf([state.value for state in AssetState]))
    reason = fields.String(required=True, metadata={"description": "Why it failed, in the reader's language; or empty"})
    warnings = fields.List(fields.String(), required=True)
    duration_ms = fields.Integer(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)


@bp.get("/<int:asset_id>")
@bp.response(200, AssetSchema)
def asset(asset_id: int) -> dict[str, Any]:
    """A file you uploaded, or of a course you work on."""
    current_person()
    found, courses = queries.asset_and_courses(asset_id)
    policy.must_see_asset(current_viewer(), found, courses)
    return as_json(found)


def as_json(found: Asset) -> dict[str, Any]:
    """The members of :class:`AssetSchema`."""
    values = {name: getattr(found, name) for name in AssetSchema().fields if hasattr(found, name)}
    warnings = [sentence(each["code"], each["params"]) for each in found.details.get("warnings", [])]
    reason = sentence(found.reason["code"], found.reason.get("params", {})) if found.reason else ""
    return {**values, "reason": reason, "warnings": warnings}
