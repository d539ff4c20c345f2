"""Markdown that people write: to safe HTML for pages, to plain words for counting.

CommonMark with tables and bare links.

Two fences, each enough by itself: the parser makes no HTML but its own (raw HTML comes out as text, ``javascript:``
links stay text), and what it made goes through an allow-list. Pictures are shown from this site only, as the content
security policy has it; a picture from elsewhere becomes a link to it, so nothing is lost and nobody is tracked.
"""

from collections.abc import Sequence
from functools import lru_cache
from unicodedata import east_asian_width

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

OWN_FILES = "/files/"
LONGEST_KEPT = 50_000
"""Longer texts are rendered anew each time, so that the cache stays within some tens of megabytes."""

_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong"),
    *("s", "a", "img", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title", "loading"}, "ol": {"start"}}


def render(text: str, heading_shift: int = 1) -> Markup:
    """``text`` as safe HTML. Its highest heading stands ``heading_shift`` below ``h1``, which is the page's own."""
    if len(text) > LONGEST_KEPT:
        return _render(text, heading_shift)
    return _rendered(text, heading_shift)


def plain_text(text: str) -> str:
    """The words a reader sees, without marks and addresses; blocks are parted by line ends."""
    html = _parser().render(text)
    words = nh3.clean(html.replace("</", "\n</"), tags=set())
    return Markup(words).unescape().strip()  # noqa: S704 - unescaped at once, never shown as HTML


@lru_cache(maxsize=1024)
def _rendered(text: str, heading_shift: int) -> Markup:
    return _render(text, heading_shift)


def _render(text: str, heading_shift: int) -> Markup:
    parser, env = _parser(), dict[str, object]()
    tokens = parser.parse(text, env)
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + 1 + heading_shift)}"
    html = parser.renderer.render(tokens, parser.options, env)
    safe = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow ugc",
    )
    return Markup(safe)  # noqa: S704 - this is what the allow-list is for


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}, renderer_cls=_Renderer)
    parser.inline.ruler.at("emphasis", _emphasis)
    return parser.enable(["table", "strikethrough", "linkify"])


def _emphasis(state: StateInline, silent: bool) -> bool:
    """``**bold**`` also where Chinese stands around it.

    CommonMark wants a blank between ``**`` and a word when punctuation stands inside, and so leaves
    ``考取**车工（四级）**的人`` as typed. Chinese has no blanks: a wide character counts as the end of a word.
    """
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    opens, closes = scanned.can_open, scanned.can_close
    if marker == "*":
        end = state.pos + scanned.length
        before = state.src[state.pos - 1] if state.pos else " "
        after = state.src[end] if end < state.posMax else " "
        opens = not after.isspace() and (
            not _is_mark(after) or before.isspace() or _is_mark(before) or _is_wide(before)
        )
        closes = not before.isspace() and (
            not _is_mark(before) or after.isspace() or _is_mark(after) or _is_wide(after)
        )
    for _place in range(scanned.length):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(ord(marker), scanned.length, len(state.tokens) - 1, end=-1, open=opens, close=closes)
        )
    state.pos += scanned.length
    return True


def _is_wide(character: str) -> bool:
    return east_asian_width(character) in "WF"


def _is_mark(character: str) -> bool:
    return not _is_wide(character) and (isMdAsciiPunct(ord(character)) or isPunctChar(character))


class _Renderer(RendererHTML):
    """Pictures from this site only."""

    def image(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[index]
        source, words = str(token.attrGet("src") or ""), self.renderInlineAsText(token.children, options, env)
        if source.startswith(OWN_FILES):
            return f'<img src="{escape(source)}" alt="{escape(words)}" loading="lazy">'
        if source.startswith("https://"):
            return f'<a href="{escape(source)}">{escape(words or source)}</a>'
        return str(escape(words))
