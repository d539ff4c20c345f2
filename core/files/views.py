"""The ways out: files behind signed links, and public pictures."""

from flask import Blueprint, Response

from core.errors import NotAllowed
from core.files import links, queries, sending
from core.files.words import sentence
from media.signing import SignatureError

bp = Blueprint("files", __name__, url_prefix="/files", template_folder="templates")


@bp.get("/media/<token>/<name>")
def media(token: str, name: str) -> Response:  # noqa: ARG001 - the name is for the eye
    """A file behind a signed link: whoever holds the link may have it until it expires."""
    try:
        grant = links.read(token)
    except SignatureError as error:
        raise NotAllowed(sentence(error.code, error.params)) from error
    file = queries.stored_file(grant.asset_id, grant.content)
    if grant.stream_id is not None:
        links.tell_fetch(grant.stream_id)
    return sending.send(file, as_download=grant.as_download)
