"""People's pictures, as templates and answers show them."""

from typing import Any

from core.files.pictures import picture_url


def avatar_url(person: Any, size: int = 128) -> str | None:
    """The address of a person's picture at least ``size`` pixels wide; None for initials. Asks no database.

    ``person`` is anything with an ``avatar_id``.
    """
    return picture_url(person.avatar_id, size) if person.avatar_id else None
