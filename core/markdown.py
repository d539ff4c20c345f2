"""Markdown that people write: to safe HTML for pages, to plain words for counting and for short texts.

CommonMark with tables, strikethrough and links recognised in running text. Raw HTML in the source is shown as text, and
what comes out passes a sanitiser all the same: two walls, because this is where a stranger's words meet a reader's
session.
"""

from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

BLOCKS = {"p", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
INLINE = {"a", "br", "code", "em", "img", "s", "strong"}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title", "loading"}, "ol": {"start"}, "code": {"class"}}


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "typographer": False})
    parser.enable(["table", "strikethrough", "linkify"])
    return parser


def render(text: str) -> Markup:
    """Safe HTML. Headings begin at ``h2``, because the page has its own ``h1``."""
    tokens = _parser().parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    html = _parser().renderer.render(tokens, _parser().options, {})
    clean = nh3.clean(
        html,
        tags=BLOCKS | TABLES | INLINE,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )
    return Markup(clean)  # noqa: S704 - sanitised in the line above


def plain_text(text: str) -> str:
    """The words a reader sees, without marks and addresses; blocks are parted by line ends."""
    html = _parser().render(text)
    words = nh3.clean(html.replace("</", "\n</"), tags=set())
    return Markup(words).unescape().strip()  # noqa: S704 - unescaped at once, never shown as HTML
