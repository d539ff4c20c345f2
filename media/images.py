"""Pictures that people hand in, made safe and small: covers, avatars, logos.

Whatever arrives is decoded once, turned upright, cropped to the shape of its place and encoded anew as WebP. So
nothing of the original file reaches another person: no place of recording, no script in an odd corner, no colour
profile that only some screens know.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, ClassVar

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from media.errors import MediaError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 50_000_000
"""A camera of 50 megapixels; decoded, that is 200 MB."""
LEAST_SIDE = 16


class ImageError(MediaError):
    """The picture cannot be used."""

    sentences: ClassVar = {
        "image_empty": "The file is empty (0 bytes).",
        "image_too_many_bytes": "A picture has at most {limit} bytes; this one has {size}.",
        "image_unknown": "This is no picture that can be used. Use JPEG, PNG, WebP or GIF.",
        "image_damaged": "The picture is damaged and cannot be read.",
        "image_too_large": "The picture has more than {limit} pixels. Make it smaller first.",
        "image_too_small": "The picture is {width} × {height}; it needs at least {least} pixels on each side.",
    }


@dataclass(frozen=True)
class Box:
    """A place a picture is made for, in pixels."""

    width: int
    height: int


COVER = (Box(640, 360), Box(1280, 720))
"""A course's cover: on a card, and at the head of its page."""
SQUARE = (Box(256, 256),)
"""An avatar or a logo."""


@dataclass(frozen=True)
class Rendition:
    """A picture ready to be stored: WebP of ``width`` × ``height``."""

    width: int
    height: int
    data: bytes


def render(source: BinaryIO, boxes: tuple[Box, ...], *, whole: bool = False) -> list[Rendition]:
    """The picture once per box, in that order. Raises ``ImageError``.

    It fills the box and is cropped at the longer sides, from the middle; with ``whole`` (logos) nothing is cropped
    and what is left of the box stays transparent. A picture smaller than its box is enlarged, so that a page can
    reckon with the size. Of an animation the first frame counts.
    """
    picture = _upright(source, enough=2 * max(max(box.width, box.height) for box in boxes))
    return [Rendition(box.width, box.height, _encode(_fit(picture, box, whole=whole))) for box in boxes]


def _upright(source: BinaryIO, *, enough: int) -> Image.Image:
    """The first frame, decoded, turned as its metadata says, in sRGB, as RGB or RGBA.

    A JPEG far larger than ``enough`` pixels on each side is decoded at a fraction of its size, which is cheaper.
    """
    size = source.seek(0, 2)
    source.seek(0)
    if size == 0:
        raise ImageError("image_empty")
    if size > MOST_BYTES:
        raise ImageError("image_too_many_bytes", limit=MOST_BYTES, size=size)
    with _pillow_errors_told(), Image.open(source, formats=FORMATS) as picture:
        width, height = picture.size
        # The header is believed only as a reason to refuse: nothing has been decoded yet.
        if width * height > MOST_PIXELS:
            raise ImageError("image_too_large", limit=MOST_PIXELS)
        if min(width, height) < LEAST_SIDE:
            raise ImageError("image_too_small", width=width, height=height, least=LEAST_SIDE)
        profile = picture.info.get("icc_profile")
        picture.draft(None, (enough, enough))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        has_alpha = upright.has_transparency_data
        return _in_srgb(upright, profile).convert("RGBA" if has_alpha else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as a browser without colour management would show them; phones often photograph in Display P3."""
    if not profile or picture.mode != "RGB":
        return picture
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        # A broken profile says nothing; the colours are taken as they are.
        return picture
    return converted or picture


def _fit(picture: Image.Image, box: Box, *, whole: bool) -> Image.Image:
    size = (box.width, box.height)
    if not whole:
        return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    return ImageOps.pad(picture.convert("RGBA"), size, Image.Resampling.LANCZOS, color=(0, 0, 0, 0))


def _encode(picture: Image.Image) -> bytes:
    target = BytesIO()
    # A fresh picture: what Pillow remembers of the original (EXIF, XMP, profiles) would be written along.
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    clean.save(target, "WEBP", quality=82, method=4)
    return target.getvalue()


@contextmanager
def _pillow_errors_told() -> Iterator[None]:
    """Turn everything that Pillow raises over strangers' files into ``ImageError``."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError("image_too_large", limit=MOST_PIXELS)
    except UnidentifiedImageError:
        raise ImageError("image_unknown")
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError, KeyError) as error:
        # The decoders of four formats raise whatever a broken field leads to.
        raise ImageError("image_damaged") from error
