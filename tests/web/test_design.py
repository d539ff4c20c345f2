"""The design system's promises that can be read off the files: contrast, weight, names, nothing inline."""

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "core" / "web"
CORE = WEB.parent
STYLES = WEB / "static" / "css"
BUDGET = 56_000
"""Bytes of all style sheets together, uncompressed."""

AA = 4.5
Colours = dict[str, str]


def _palettes() -> list[Colours]:
    text = (STYLES / "base.css").read_text()
    blocks = re.findall(r"(?::root|:root:not\([^)]*\)|:root\[[^]]*\]) \{(.*?)\}", text, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", block)) for block in blocks]


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("palette", [0, 1, 2], ids=["light", "dark by device", "dark by choice"])
@pytest.mark.parametrize(
    ("ink", "papers"),
    [
        ("ink", ["bg", "surface", "subtle", "accent-tint", "ok-tint", "warn-tint", "danger-tint"]),
        ("ink-2", ["bg", "surface", "subtle"]),
        ("ink-3", ["bg", "surface", "subtle"]),
        ("accent", ["bg", "surface", "subtle", "accent-tint"]),
        ("ok", ["bg", "surface", "subtle", "ok-tint"]),
        ("warn", ["bg", "surface", "subtle", "warn-tint"]),
        ("danger", ["bg", "surface", "subtle", "danger-tint"]),
        ("on-accent", ["accent", "accent-strong"]),
    ],
)
def test_text_can_be_read_on_every_paper(palette: int, ink: str, papers: list[str]) -> None:
    colours = _palettes()[palette]
    weak = {paper: contrast(colours[ink], colours[paper]) for paper in papers}
    assert all(ratio >= AA for ratio in weak.values()), weak


def test_borders_of_controls_can_be_seen() -> None:
    for colours in _palettes():
        assert contrast(colours["line-strong"], colours["surface"]) >= 3


def test_generated_covers_read_well() -> None:
    pairs = re.findall(r"--tone: (#\w+); --tone-ink: (#\w+);", (STYLES / "base.css").read_text())
    assert len(pairs) == 8
    assert all(contrast(paper, ink) >= 7 for paper, ink in pairs)


def test_both_ways_to_the_dark_palette_lead_to_the_same_colours() -> None:
    _light, by_device, by_choice = _palettes()
    assert by_device == by_choice


def test_the_style_sheets_stay_light() -> None:
    assert sum(path.stat().st_size for path in STYLES.glob("*.css")) < BUDGET


def _templates() -> list[Path]:
    return sorted(path for path in CORE.rglob("templates/**/*.html"))


def test_no_page_has_inline_styles_or_handlers() -> None:
    inline = re.compile(r"<[a-z][^>]*\s(style|on[a-z]+)=", re.IGNORECASE)
    found = [f"{path.name}: {match[0]}" for path in _templates() for match in inline.finditer(path.read_text())]
    assert not found


def test_scripts_and_style_elements_carry_the_nonce() -> None:
    tags = [
        (path.name, tag)
        for path in _templates()
        for tag in re.findall(r"<(?:script|style)\b[^>]*>", path.read_text())
        if "application/ld+json" not in tag
    ]
    assert tags
    assert not [tag for tag in tags if "nonce=" not in tag[1]]


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (WEB / "static/icons/icons.svg").read_text()))
    asked: dict[str, str] = {}
    for path in _templates():
        for name in re.findall(r"""(?:\bicon\(|icon_name=|icon_after=)['"]([\w-]+)['"]""", path.read_text()):
            asked[name] = path.name
    assert len(asked) > 10
    assert not {name: where for name, where in asked.items() if name not in drawn}
