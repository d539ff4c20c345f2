"""The ways out: files behind signed links, and public pictures."""

from flask import Blueprint, Response, request

from core.errors import NotAllowed, NotFound
from core.files import links, pictures, queries, sending
from core.files.words import sentence
from core.i18n import _
from media.signing import SignatureError

FOR_EVER = "public, max-age=31536000, immutable"

bp = Blueprint("files", __name__, url_prefix="/files", template_folder="templates")


@bp.get("/media/<token>/<name>")
def media(token: str, name: str) -> Response:  # noqa: ARG001 - the name is for the eye
    """A file behind a signed link: whoever holds the link may have it until it expires."""
    try:
        grant = links.read(token)
    except SignatureError as error:
        raise NotAllowed(sentence(error.code, error.params)) from error
    file = queries.stored_file(grant.asset_id, grant.content)
    if grant.stream_id is not None and request.method == "GET":
        links.tell_fetch(grant.stream_id)
    return sending.send(file, as_download=grant.as_download)


@bp.get("/pictures/<int:asset_id>-<seal>/<int:width>.webp")
def picture(asset_id: int, seal: str, width: int) -> Response:
    """A cover, logo or avatar. What lies at this address never changes."""
    if not pictures.is_seal(asset_id, seal) or width not in pictures.WIDTHS:
        raise NotFound(_("There is no picture at this address."))
    return sending.send(queries.picture_file(asset_id, width), as_download=False, cache=FOR_EVER)
