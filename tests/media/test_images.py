"""Pictures come out upright, in the right shape, small, and with nothing of the original file left."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from media.images import COVER, MOST_BYTES, SQUARE, Box, ImageError, render

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def picture(size: tuple[int, int] = (400, 300), form: str = "PNG", **options: object) -> io.BytesIO:
    """Red on the left, green in the middle, blue on the right."""
    image = Image.new("RGB", size, GREEN)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 4, size[1]), RED)
    draw.rectangle((size[0] * 3 // 4, 0, size[0], size[1]), BLUE)
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP"
    return image


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    pixel = image.convert("RGBA").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=False))


def refusal(data: bytes) -> ImageError:
    with pytest.raises(ImageError) as caught:
        render(io.BytesIO(data), SQUARE)
    return caught.value


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_cover_is_made_in_both_sizes(form: str) -> None:
    small, large = render(picture(form=form), COVER)
    assert (small.width, small.height) == opened(small.data).size == (640, 360)
    assert (large.width, large.height) == opened(large.data).size == (1280, 720)
    assert near(opened(large.data), (640, 360), GREEN)
    assert len(large.data) < 40_000


def test_a_large_photograph_is_made_small() -> None:
    (square,) = render(picture((6000, 4000), "JPEG"), SQUARE)
    image = opened(square.data)
    assert image.size == (256, 256)
    assert near(image, (128, 128), GREEN)


def test_what_does_not_fit_is_cropped_from_the_middle() -> None:
    (square,) = render(picture((800, 200)), SQUARE)
    image = opened(square.data)
    assert all(near(image, at, GREEN) for at in ((2, 128), (128, 128), (253, 128)))


def test_a_logo_is_kept_whole_on_nothing() -> None:
    (logo,) = render(picture((800, 200)), SQUARE, whole=True)
    image = opened(logo.data)
    assert near(image, (5, 128), (*RED, 255))
    assert near(image, (250, 128), (*BLUE, 255))
    assert image.convert("RGBA").getchannel("A").getpixel((128, 5)) == 0


def test_transparency_is_kept() -> None:
    buffer = io.BytesIO()
    Image.new("LA", (64, 64), (200, 0)).save(buffer, "PNG")
    (square,) = render(buffer, SQUARE)
    assert opened(square.data).convert("RGBA").getchannel("A").getpixel((128, 128)) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_upright(orientation: int) -> None:
    turns = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.open(picture((400, 400)))
    turn = turns[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    (upright.transpose(turn) if turn is not None else upright).save(buffer, "JPEG", exif=exif, quality=95)

    (square,) = render(buffer, SQUARE)

    image = opened(square.data)
    assert near(image, (10, 128), RED)
    assert near(image, (246, 128), BLUE)


def test_nothing_of_the_original_is_passed_on() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    text = PngInfo()
    text.add_text("Comment", "SECRET-PLACE")
    for buffer in (
        picture(form="JPEG", exif=exif, comment=b"SECRET-PLACE"),
        picture(form="PNG", exif=exif, pnginfo=text, icc_profile=b"SECRET-PLACE"),
        picture(form="WEBP", exif=exif, xmp=b"<x>SECRET-PLACE</x>"),
    ):
        buffer.write(b"<script>SECRET-PLACE</script>")
        assert b"SECRET-PLACE" in buffer.getvalue()
        (square,) = render(buffer, SQUARE)
        assert b"SECRET-PLACE" not in square.data
        assert set(opened(square.data).info) <= {"loop", "background", "duration", "timestamp"}


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, BLUE)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    (square,) = render(buffer, SQUARE)
    image = opened(square.data)
    assert near(image, (128, 128), RED)
    assert getattr(image, "n_frames", 1) == 1


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_a_bomb_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    assert refusal(bomb + chunk(b"IEND", b"")).code == "image_too_large"
    large = struct.pack(">IIBBBBB", 8000, 7000, 8, 2, 0, 0, 0)
    assert refusal(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", large) + chunk(b"IDAT", b"")).code == "image_too_large"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_empty"),
        (b"%PDF-1.7", "image_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image_unknown"),
        (picture().getvalue()[:200], "image_damaged"),
        (picture(form="JPEG").getvalue()[:700], "image_damaged"),
        (picture((400, 8)).getvalue(), "image_too_small"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES), "image_too_many_bytes"),
    ],
)
def test_what_cannot_be_used_is_named(data: bytes, code: str) -> None:
    assert refusal(data).code == code


@pytest.mark.parametrize("form", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_formats_are_refused(form: str) -> None:
    assert refusal(picture((64, 64), form).getvalue()).code == "image_unknown"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_colour_is_understood(mode: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), "white").convert("RGB" if mode in ("CMYK", "I;16") else "RGBA").convert(
        "L" if mode == "I;16" else mode
    ).convert(mode).save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    (small,) = render(buffer, (Box(32, 32),))
    assert opened(small.data).size == (32, 32)


@given(st.binary(max_size=60), st.integers(0, 400))
def test_broken_files_break_nothing(noise: bytes, at: int) -> None:
    for form in ("PNG", "JPEG", "GIF", "WEBP"):
        data = bytearray(picture((20, 20), form).getvalue())
        data[at : at + len(noise)] = noise
        try:
            render(io.BytesIO(bytes(data)), (Box(16, 16),))
        except ImageError:
            continue
