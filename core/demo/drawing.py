"""Covers and slides, drawn with Pillow: a sheet of paper, one ink, one motif, well-set type."""

import math
import shutil
import subprocess
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageColor, ImageDraw, ImageFont

SIZE = (1280, 720)
SCALE = 2
"""Drawn twice as large and reduced, so that curves are smooth."""

Pen = ImageDraw.ImageDraw
Colour = tuple[int, int, int]


@cache
def font(style: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The Noto CJK face of a style (``"Serif:bold"``, ``"Sans"``) as fontconfig finds it; a plain one where none is."""
    if not shutil.which("fc-match"):
        return ImageFont.load_default(size)
    command = ["fc-match", "-f", "%{file}\n%{index}", f"Noto {style.replace(':', ' CJK SC:', 1)}"]
    if ":" not in style:
        command[-1] = f"Noto {style} CJK SC"
    found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.split("\n")
    return ImageFont.truetype(found[0], size, index=int(found[1]) if len(found) > 1 and found[1].isdigit() else 0)


def draw_cover(lines: list[str], institution: str, *, motif: str, ink: str, paper: str) -> Image.Image:
    """A course cover of 1280 × 720: the motif to the right, the title in ``lines`` to the left."""
    width, height = SIZE[0] * SCALE, SIZE[1] * SCALE
    image = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(image)
    MOTIFS[motif](pen, width, height, _mix(paper, ink, 0.82), _mix(paper, ink, 0.34))
    size = 92 * SCALE
    y = height // 2 - len(lines) * size * 62 // 100
    for line in lines:
        pen.text((84 * SCALE, y), line, font=font("Serif:bold", size), fill=ink)
        y += size * 124 // 100
    pen.line([(88 * SCALE, y + 30 * SCALE), (168 * SCALE, y + 30 * SCALE)], fill=ink, width=4 * SCALE)
    pen.text((88 * SCALE, y + 50 * SCALE), institution, font=font("Sans", 30 * SCALE), fill=_mix(paper, ink, 0.75))
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def draw_slide(heading: str, body: str, *, ink: str, paper: str, number: int, count: int) -> Image.Image:
    """A lecture's slide of 1280 × 720; the first one is a title page."""
    image = Image.new("RGB", SIZE, ink if number == 1 else "#fcfbf8")
    pen = ImageDraw.Draw(image)
    if number == 1:
        pen.text((110, 270), heading, font=font("Serif:bold", 76), fill=paper)
        pen.line([(114, 400), (194, 400)], fill=paper, width=4)
        pen.text((112, 430), body, font=font("Sans", 34), fill=_mix(ink, paper, 0.8))
        return image
    pen.rectangle([(0, 0), (18, SIZE[1])], fill=ink)
    pen.text((96, 92), heading, font=font("Serif:bold", 60), fill=ink)
    for index, line in enumerate(body.split("\n")):
        y = 240 + index * 108
        pen.ellipse([(100, y + 20), (116, y + 36)], fill=_mix("#fcfbf8", ink, 0.6))
        pen.text((148, y), line, font=font("Sans", 42), fill="#2b2b2b")
    pen.text((1150, 650), f"{number} / {count}", font=font("Sans", 24), fill="#8a8a8a")
    return image


def _mix(under: str, over: str, share: float) -> tuple[int, int, int]:
    low, high = ImageColor.getrgb(under), ImageColor.getrgb(over)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low[:3], high[:3], strict=True))
    return red, green, blue


def _gear(pen: Pen, width: int, height: int, dark: Colour, light: Colour) -> None:
    for x, y, radius, teeth, colour in (
        (width * 78 // 100, height * 40 // 100, height * 30 // 100, 16, dark),
        (width * 93 // 100, height * 84 // 100, height * 19 // 100, 11, light),
    ):
        outline = []
        for step in range(teeth * 4):
            reach = radius * (1.0 if step % 4 in {0, 1} else 0.86)
            angle = 2 * math.pi * step / (teeth * 4)
            outline.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
        pen.polygon(outline, outline=colour, width=9)
        for share in (0.62, 0.22):
            pen.circle((x, y), radius * share, outline=colour, width=9)


def _frames(pen: Pen, width: int, height: int, dark: Colour, light: Colour) -> None:
    for index in range(5):
        left, top = width * (54 + index * 4) // 100, height * (20 + index * 6) // 100
        box = [(left, top), (left + width * 26 // 100, top + height * 36 // 100)]
        pen.rectangle(box, outline=dark if index == 4 else light, width=9)
    left, top = width * 70 // 100, height * 44 // 100
    centre = (left + width * 13 // 100, top + height * 18 // 100)
    pen.regular_polygon((centre[0], centre[1], height * 8 // 100), 3, rotation=-90, fill=dark)


def _grid(pen: Pen, width: int, height: int, dark: Colour, light: Colour) -> None:
    step = height // 12
    for row in range(2, 11):
        for column in range(8):
            x, y = width * 60 // 100 + column * step, row * step
            on = (row * 7 + column * 5 + row * column) % 4 == 0
            pen.rounded_rectangle([(x, y), (x + step * 7 // 10, y + step * 7 // 10)], 10, fill=dark if on else light)


def _leaves(pen: Pen, width: int, height: int, dark: Colour, light: Colour) -> None:
    x = width * 80 // 100
    pen.line([(x, height * 12 // 100), (x, height)], fill=dark, width=8)
    for index in range(7):
        y = height * (18 + index * 11) // 100
        reach = width * (6 + index) // 100
        for side in (-1, 1):
            tip = (x + side * reach, y - height * 5 // 100)
            box = sorted([x, tip[0]]), sorted([y + height * 3 // 100, tip[1]])
            colour = dark if (index + (side > 0)) % 2 else light
            pen.ellipse([(box[0][0], box[1][0]), (box[0][1], box[1][1])], outline=colour, width=8)


def _waves(pen: Pen, width: int, height: int, dark: Colour, light: Colour) -> None:
    for row in range(9):
        points = []
        for step in range(121):
            x = width * 58 // 100 + step * width * 42 // 12000
            envelope = math.exp(-(((step - 60) / 28) ** 2))
            points.append((x, height * (18 + row * 8) // 100 + math.sin(step / 4 + row) * envelope * height * 0.05))
        pen.line(points, fill=dark if row % 3 == 1 else light, width=8, joint="curve")


def _sun(pen: Pen, width: int, height: int, dark: Colour, light: Colour) -> None:
    x, y = width * 80 // 100, height * 52 // 100
    pen.circle((x, y), height * 17 // 100, fill=dark)
    for step in range(24):
        angle = 2 * math.pi * step / 24
        near, far = height * 0.23, height * (0.38 if step % 2 else 0.31)
        ray = [(x + reach * math.cos(angle), y + reach * math.sin(angle)) for reach in (near, far)]
        pen.line(ray, fill=dark if step % 2 else light, width=10)


def _hills(pen: Pen, width: int, height: int, dark: Colour, light: Colour) -> None:
    pen.circle((width * 84 // 100, height * 28 // 100), height * 10 // 100, outline=dark, width=9)
    for row in range(6):
        base = height * (52 + row * 9) // 100
        points = [
            (x, base - math.sin(x / width * 7 + row * 1.3) * height * 0.06 * (1 + row / 6))
            for x in range(width * 50 // 100, width + 1, 24)
        ]
        pen.line(points, fill=dark if row % 2 else light, width=9, joint="curve")


MOTIFS: dict[str, Callable[[Pen, int, int, Colour, Colour], None]] = {
    "frames": _frames,
    "gear": _gear,
    "grid": _grid,
    "hills": _hills,
    "leaves": _leaves,
    "sun": _sun,
    "waves": _waves,
}
"""What a cover can show beside its title."""
