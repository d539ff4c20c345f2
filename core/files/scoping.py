"""How a URL that names an upload leads to its institution."""

import re

from sqlalchemy import select

from core.db import db, reading, release
from core.files.models import Upload
from core.web.scope import scope_by

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@scope_by("upload_id")
def institution_of_upload(upload_id: str) -> int | None:
    """The institution of the upload's course; None where there is no such upload.

    A transaction of its own that only reads: the body that follows may take minutes, and nobody must wait for it.
    """
    if not _ID.fullmatch(upload_id):
        return None
    with reading():
        found = db.session.scalar(select(Upload.institution_id).where(Upload.id == upload_id))
        release()
    return found
