"""The order of the boxes in an MP4 file (ISO/IEC 14496-12), read without any tool."""

from collections.abc import Iterator
from pathlib import Path

_MOST_BOXES = 100_000


def top_level_boxes(path: Path) -> Iterator[str]:
    """The names of the boxes at the top level, as far as they can be followed; a box may reach beyond the end."""
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        for _ in range(_MOST_BOXES):
            file.seek(at)
            header = file.read(16)
            if len(header) < 8:
                return
            length, name = int.from_bytes(header[:4], "big"), header[4:8]
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            elif length == 0:
                length = size - at
            yield name.decode("latin-1")
            if length < 8 or at + length > size:
                return
            at += length


def is_faststart(path: Path) -> bool | None:
    """Whether the index (``moov``) comes before the media, so that playing can begin with the first bytes.

    ``None`` if no index was found at all, which nothing can play.
    """
    seen_media = False
    for name in top_level_boxes(path):
        if name == "moov":
            return not seen_media
        seen_media = seen_media or name == "mdat"
    return None
