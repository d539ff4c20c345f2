"""Uploads around the protocol: how one is doing, and the plain form for browsers without scripts."""

from flask import Blueprint, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from core.config import current_settings
from core.db import reading, release
from core.errors import Invalid, Unavailable
from core.files import policy, queries, service, stores, tus_headers
from core.files.models import Asset, Upload, UploadState
from core.files.words import sentence
from core.i18n import _
from core.web.pages import safe_target
from core.web.scope import current_viewer
from media.storage import StorageFull

bp = Blueprint("upload_pages", __name__, url_prefix="/files/uploads", template_folder="templates")

FORM_BYTES = 64 * 1024**2
"""The most a form without scripts takes: it cannot be resumed."""


@bp.url_value_preprocessor
def _limit_form(endpoint: str | None, _values: object) -> None:
    # Before anybody asks for the form's fields, which reads the whole body.
    if endpoint == "upload_pages.form":
        request.max_content_length = FORM_BYTES + 64 * 1024


@bp.app_template_global()
def upload_limits() -> dict[str, int | str]:
    """What an upload's page tells: bytes of one request, of one file, and of a plain form."""
    settings = current_settings()
    return {
        "chunk": settings.upload_chunk_bytes,
        "most": settings.max_upload_bytes,
        "most_gb": f"{settings.max_upload_bytes / 1024**3:.3g}",
        "form_mb": FORM_BYTES // 1024**2,
    }


@bp.app_template_global()
def upload_words() -> dict[str, str]:
    """What the script of an upload says; places in braces are filled in there."""
    return {
        "preparing": _("Getting ready"),
        "uploading": _("{percent} uploaded"),
        "left": _("{percent} uploaded, about {time} left"),
        "paused": _("Paused at {percent}"),
        "line": _("The line is down. It goes on by itself as soon as it is back; {percent} has arrived."),
        "checking": _("All bytes have arrived. The file is being checked."),
        "interrupted": _("The upload has not come to its end. Choose the file again to go on."),
        "too_large": _("This file has {size}; at most {limit} are accepted."),
        "log_in": _("You were logged out. Log in in another window, then try again; what has arrived is kept."),
        "failed": _("The upload stopped. Try again; what has arrived is kept."),
    }


@bp.get("/<upload_id>/state")
def state(upload_id: str) -> ResponseReturnValue:
    """How an upload is doing, in JSON: state, bytes that arrived, a sentence for people, the asset it became."""
    upload = queries.upload(upload_id)
    policy.must_see(current_viewer(), upload)
    asset = queries.asset(upload.asset_id)
    offset = stores.spool().offset(upload.id) if upload.state == UploadState.RECEIVING else upload.length
    response = jsonify(
        id=upload.id,
        name=upload.name,
        state=upload.state,
        offset=offset,
        length=upload.length,
        sentence=in_words(upload, asset),
        asset=asset and {"id": asset.id, "kind": asset.kind, "size": asset.size, "duration_ms": asset.duration_ms},
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/<course_slug>/form")
def form(course_slug: str) -> ResponseReturnValue:
    """Takes a file from a plain form, up to 64 MB, and leads back to the page it came from."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid(_("Choose a file first."), field="file")
    lesson_id = tus_headers.lesson_number(request.form.get("lesson_id", ""))
    with reading():
        course, lesson = queries.target(course_slug, lesson_id)
        user_id = policy.must_upload(current_viewer(), course, lesson)
        release()
    length = file.stream.seek(0, 2)
    file.stream.seek(0)
    try:
        service.receive(course, lesson, file.stream, user_id=user_id, name=file.filename, length=length)
    except StorageFull as error:
        raise Unavailable(sentence(error.code, error.params)) from error
    flash(_("“%(name)s” has arrived and is being checked.", name=file.filename), "success")
    return redirect(safe_target(request.form.get("next"), "/"))


def in_words(upload: Upload, asset: Asset | None) -> str:
    """What an upload's state means for the person who waits, with what they should know of a file that was taken."""
    if upload.state == UploadState.FAILED:
        return sentence(upload.reason.get("code", ""), upload.reason.get("params", {}))
    words = {
        UploadState.RECEIVING: _("The upload has not come to its end. Choose the file again to go on."),
        UploadState.FINISHING: _("All bytes have arrived. The file is being checked."),
        UploadState.DONE: _("The file is ready."),
    }
    warnings = asset.details.get("warnings", []) if asset is not None else []
    return " ".join([words[upload.state], *(sentence(each["code"], each["params"]) for each in warnings)])
