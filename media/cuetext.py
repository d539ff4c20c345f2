"""The text of a cue: tags, voices and entities, by the W3C's WebVTT cue text parsing rules (section 6.4).

Browsers build a tree from it; so does this, because a transcript wants the words alone, and because what is
written out again must be closed and escaped whatever was read.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from media.cuetimes import parse_timestamp, write_timestamp

TAGS = frozenset({"c", "i", "b", "u", "ruby", "rt", "v", "lang"})
_MOST_DEPTH = 64
_SPACE = "\t\n\f\r "
_NAME = re.compile(r"[^\t\n\f .]*")
_CLASSES = re.compile(r"(?:\.[^\t\n\f .]*)*")


@dataclass
class Span:
    """A tag with what is inside it. ``annotation`` is the voice of ``v`` and the language of ``lang``."""

    tag: str
    classes: tuple[str, ...] = ()
    annotation: str = ""
    children: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Stamp:
    """A moment inside a cue, from which on the words after it are spoken."""

    milliseconds: int


Node = Span | Stamp | str


def parse_cue_text(text: str) -> list[Node]:
    """The tree of a cue's text. No text is wrong: what cannot be understood is skipped, as browsers do.

    Spans nested deeper than any real caption are dropped, their words kept.
    """
    root = Span("")
    path = [root]
    for token in _tokens(text):
        if not token.startswith("<"):
            path[-1].children.append(html.unescape(token))
        elif token.startswith("</"):
            _close(path, token[2:].removesuffix(">"))
        elif token[1:2].isascii() and token[1:2].isdigit():
            stamp = parse_timestamp(token[1:].removesuffix(">"))
            if stamp is not None:
                path[-1].children.append(Stamp(stamp))
        else:
            span = _start_tag(token[1:].removesuffix(">"))
            fits = span.tag in TAGS and (span.tag != "rt" or path[-1].tag == "ruby")
            if fits and len(path) < _MOST_DEPTH:
                path[-1].children.append(span)
                path.append(span)
    return root.children


def plain_text(nodes: Sequence[Node]) -> str:
    """The words without any tag; lines stay lines."""
    parts = []
    for node in nodes:
        if isinstance(node, Span):
            parts.append(plain_text(node.children))
        elif isinstance(node, str):
            parts.append(node)
    return "".join(parts)


def speaker(nodes: Sequence[Node]) -> str | None:
    """The first voice that is named."""
    for node in nodes:
        if isinstance(node, Span):
            name = node.annotation if node.tag == "v" else ""
            if found := name or speaker(node.children):
                return found
    return None


def write_cue_text(nodes: Sequence[Node]) -> str:
    """Cue text that every parser reads as this tree: all tags closed, all signs escaped, no empty line."""
    written = _write(nodes).replace("\r", "\n").replace("\0", "\ufffd")
    return re.sub(r"\n{2,}", "\n", written).strip("\n")


def unknown_tags(text: str) -> list[str]:
    """The names of start tags that have no meaning in WebVTT, each once, in order."""
    starts = (token for token in _tokens(text) if re.match(r"<[^/0-9>]", token))
    names = (_start_tag(token[1:].removesuffix(">")).tag for token in starts)
    return list(dict.fromkeys(name for name in names if name and name not in TAGS))


def escape(text: str) -> str:
    """Plain words as cue text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _tokens(text: str) -> Iterator[str]:
    """Text and tags in turn; a tag left open reaches to the end."""
    at = 0
    while at < len(text):
        if text[at] == "<":
            end = text.find(">", at)
            stop = len(text) if end < 0 else end + 1
        else:
            end = text.find("<", at)
            stop = len(text) if end < 0 else end
        yield text[at:stop]
        at = stop


def _start_tag(inside: str) -> Span:
    name = _NAME.match(inside)
    at = name.end() if name else 0
    classes = _CLASSES.match(inside, at)
    stop = classes.end() if classes else at
    found = tuple(each for each in inside[at:stop].split(".") if each)
    annotation = " ".join(html.unescape(inside[stop:]).strip(_SPACE).split())
    return Span(inside[:at], found, annotation)


def _close(path: list[Span], name: str) -> None:
    if len(path) > 1 and path[-1].tag == name:
        path.pop()
    elif name == "ruby" and path[-1].tag == "rt":
        del path[-2:]


def _write(nodes: Sequence[Node]) -> str:
    parts = []
    for node in nodes:
        if isinstance(node, Stamp):
            parts.append(f"<{write_timestamp(node.milliseconds)}>")
        elif isinstance(node, str):
            parts.append(escape(node))
        else:
            name = ".".join((node.tag, *node.classes))
            annotation = f" {escape(node.annotation)}" if node.annotation else ""
            parts.append(f"<{name}{annotation}>{_write(node.children)}</{node.tag}>")
    return "".join(parts)
