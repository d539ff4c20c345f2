"""Institutions as JSON: the public face of each."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from core.institutions import queries
from core.institutions.models import Institution
from core.web.api import Blueprint
from core.web.api_document import PUBLIC
from core.web.api_fields import Paging
from core.web.cursors import LINK, Position, page_of, piece, position

bp = Blueprint("institutions", __name__, url_prefix="/api/v1/institutions", description="Schools and training centres")


class InstitutionSchema(Schema):
    """An institution, and what counts as watched in its courses."""

    slug = fields.String(required=True)
    name = fields.String(required=True)
    introduction = fields.String(required=True)
    watch_threshold = fields.Integer(required=True, metadata={"description": "Percent of a video to be watched"})
    max_speed = fields.Integer(required=True, metadata={"description": "In hundredths: 200 is twice as fast"})
    allow_seeking = fields.Boolean(required=True)


@bp.get("")
@bp.doc(**PUBLIC)
@bp.arguments(Paging, location="query")
@bp.response(200, page_of(InstitutionSchema), headers=LINK)
def institutions(query: dict[str, Any]) -> Any:
    """All institutions of the site, the oldest first."""
    after = position(query["cursor"])
    return piece(queries.institutions_after(after[0] if after else 0, query["limit"] + 1), query["limit"], _last)


def _last(rows: Sequence[Institution]) -> Position:
    return [rows[-1].id]


@bp.get("/<institution_slug>")
@bp.doc(**PUBLIC)
@bp.response(200, InstitutionSchema)
def institution(institution_slug: str) -> Any:
    """One institution."""
    return queries.by_slug(institution_slug)
