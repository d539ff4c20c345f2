"""Markdown that people write: to safe HTML for pages, to plain words for counting.

CommonMark with tables and bare links.

Two fences, each enough by itself: the parser makes no HTML but its own (raw HTML comes out as text, ``javascript:``
links stay text), and what it made goes through an allow-list. Pictures are shown from this site only, as the content
security policy has it; a picture from elsewhere becomes a link to it, so nothing is lost and nobody is tracked.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
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
    """``text`` as safe HTML. Headings move down by ``heading_shift``: by one they stand below the page's ``h1``."""
    if len(text) > LONGEST_KEPT:
        return _render(text, heading_shift)
    return _rendered(text, heading_shift)


def plain_text(text: str) -> str:
    """The words a reader sees, without marks and addresses; blocks are parted by line ends."""
    html = _parser().render(text, {"heading_shift": 0})
    words = nh3.clean(html.replace("</", "\n</"), tags=set())
    return Markup(words).unescape().strip()  # noqa: S704 - unescaped at once, never shown as HTML


@lru_cache(maxsize=1024)
def _rendered(text: str, heading_shift: int) -> Markup:
    return _render(text, heading_shift)


def _render(text: str, heading_shift: int) -> Markup:
    html = _parser().render(text, {"heading_shift": heading_shift})
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
    return parser.enable(["table", "strikethrough", "linkify"])


class _Renderer(RendererHTML):
    """Headings one page lower, pictures from this site only."""

    def heading_open(self, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
        return f"<{_shifted(tokens[index].tag, env)}>"

    def heading_close(self, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
        return f"</{_shifted(tokens[index].tag, env)}>\n"

    def image(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[index]
        source, words = str(token.attrGet("src") or ""), self.renderInlineAsText(token.children, options, env)
        if source.startswith(OWN_FILES):
            return f'<img src="{escape(source)}" alt="{escape(words)}" loading="lazy">'
        if source.startswith("https://"):
            return f'<a href="{escape(source)}">{escape(words or source)}</a>'
        return str(escape(words))


def _shifted(tag: str, env: Any) -> str:
    return f"h{min(6, int(tag[1]) + int(env['heading_shift']))}"
