"""Resumable uploads: the server side of tus 1.0 with creation, expiration, checksum and termination.

``POST /files/uploads/<course>`` begins an upload; the metadata ``lesson_id`` names the lesson whose file it becomes.
No database transaction is open while bytes arrive; how many arrived is asked of the disk, never of a row.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.http import http_date

from core import clock
from core.config import current_settings
from core.db import reading, release
from core.errors import TITLES, DomainError, status_of
from core.files import policy, queries, service, stores
from core.files.models import Upload, UploadState
from core.files.tus_headers import CONTENT_TYPE, VERSION, Refusal, metadata, number, offered
from core.files.words import sentence
from core.i18n import _
from core.web.scope import current_viewer
from media.checksums import Checksum
from media.errors import MediaError

bp = Blueprint("uploads", __name__, url_prefix="/files/uploads", template_folder="templates")

STATUS = {
    "upload_missing": 404,
    "upload_finished": 409,
    "upload_superseded": 423,
    "upload_too_long": 413,
    "offset_mismatch": 409,
    "checksum_unreadable": 400,
    "checksum_unknown": 400,
    "checksum_mismatch": 460,
    "storage_full": 507,
}
"""What tus answers to each code of the spool; 460 is its own, 507 says which resource is exhausted."""


@bp.url_value_preprocessor
def _limit_body(_endpoint: str | None, _values: object) -> None:
    # A client may send the whole file at once; what it announced is the limit (``total`` below).
    request.max_content_length = current_settings().max_upload_bytes


class Body:
    """The body of a request as it arrives. A line that breaks is the client's leaving, however it is told."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        try:
            return request.stream.read(size)
        except OSError as error:
            raise ClientDisconnected from error


@bp.route("", methods=["OPTIONS"], provide_automatic_options=False)
@bp.route("/<anything>", methods=["OPTIONS"], provide_automatic_options=False)
def offer(anything: str = "") -> Response:  # noqa: ARG001 - the answer is the same everywhere
    """What this server can do."""
    return Response(status=204, headers=offered(current_settings().max_upload_bytes))


@bp.post("/<course_slug>", provide_automatic_options=False)
def create(course_slug: str) -> Response:
    """Begins an upload into a course. 201 with its address, or a refusal before the first byte."""
    length = number("Upload-Length", request.headers.get("Upload-Length"))
    told = metadata(request.headers.get("Upload-Metadata"))
    with reading():
        course, lesson = queries.target(course_slug, told.lesson_id)
        user_id = policy.must_upload(current_viewer(), course, lesson)
        release()
    upload = service.begin(course, lesson, user_id=user_id, name=told.file_name, length=length, metadata=told.header)
    location = url_for("uploads.append", upload_id=upload.id)
    return Response(status=201, headers={"Location": location, "Upload-Expires": http_date(upload.expires_at)})


@bp.route("/<upload_id>", methods=["HEAD"], provide_automatic_options=False)
def standing(upload_id: str) -> Response:
    """How many bytes have arrived: where the client goes on."""
    upload = _own(upload_id)
    headers = {
        "Upload-Offset": str(_offset(upload)),
        "Upload-Length": str(upload.length),
        "Upload-Expires": http_date(upload.expires_at),
        "Cache-Control": "no-store",
    }
    if upload.metadata_header:
        headers["Upload-Metadata"] = upload.metadata_header
    return Response(status=200, headers=headers)


@bp.patch("/<upload_id>", provide_automatic_options=False)
def append(upload_id: str) -> Response:
    """Takes the next piece, straight to the disk. The piece that completes the file starts the job that checks it."""
    if request.mimetype != CONTENT_TYPE:
        raise Refusal(415, _("Send the bytes as “%(type)s”.", type=CONTENT_TYPE))
    at = number("Upload-Offset", request.headers.get("Upload-Offset"))
    given = request.headers.get("Upload-Checksum")
    checksum = Checksum.parse(given) if given is not None else None
    upload = _own(upload_id)
    if upload.state == UploadState.RECEIVING:
        offset = stores.spool().append(upload.id, Body(), at=at, total=upload.length, checksum=checksum)
    elif at == upload.length and not request.content_length:
        offset = upload.length
    else:
        raise Refusal(409, sentence("upload_finished", {}))
    expires = service.renew(upload)
    if offset == upload.length:
        service.complete(upload)
    return Response(status=204, headers={"Upload-Offset": str(offset), "Upload-Expires": http_date(expires)})


@bp.delete("/<upload_id>", provide_automatic_options=False)
def terminate(upload_id: str) -> Response:
    """Ends an upload; nothing of it stays, unless it had become a lesson's file already."""
    service.forget(_own(upload_id))
    return Response(status=204)


def _own(upload_id: str) -> Upload:
    """The upload, if it is this person's and has not expired. Leaves no transaction open."""
    with reading():
        upload = queries.upload(upload_id)
        policy.must_go_on(current_viewer(), upload)
        release()
    if upload.state == UploadState.RECEIVING and upload.expires_at <= clock.now():
        raise Refusal(410, _("This upload was left alone for too long and has expired. Choose the file again."))
    return upload


def _offset(upload: Upload) -> int:
    return stores.spool().offset(upload.id) if upload.state == UploadState.RECEIVING else upload.length


@bp.before_request
def _check_version() -> None:
    """Every request but OPTIONS says which protocol it speaks; checked before anything is read or written."""
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        raise Refusal(412, _("This address speaks tus %(version)s; the request does not.", version=VERSION))


@bp.after_request
def _speak_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    return response


@bp.errorhandler(Refusal)
def _refuse(error: Refusal) -> Response:
    return _problem(error.status, error.sentence)


@bp.errorhandler(MediaError)
def _refuse_bytes(error: MediaError) -> Response:
    return _problem(STATUS[error.code], sentence(error.code, error.params))


@bp.errorhandler(DomainError)
def _refuse_person(error: DomainError) -> Response:
    return _problem(status_of(error), error.sentence)


@bp.errorhandler(HTTPException)
def _refuse_request(error: HTTPException) -> Response:
    if isinstance(error, CSRFError):
        return _problem(400, _("This page is too old. Reload it and choose the file again; what has arrived is kept."))
    return _problem(error.code or 500, error.description or "")


def _problem(status: int, words: Any) -> Response:
    """A problem document (RFC 9457), whatever the client says it would like: upload clients say nothing."""
    title = str(TITLES.get(status, TITLES[500 if status >= 500 else 400]))
    response = jsonify(type="about:blank", title=title, status=status, detail=str(words) or title)
    response.mimetype = "application/problem+json"
    response.status_code = status
    return response
