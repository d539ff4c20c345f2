"""What people write in Markdown arrives as HTML, and nothing else of it does."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markdown import plain_text, render

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    '![x](/files/1 "t\\" onerror=\\"alert(1)")',
    '![" onerror="alert(1)](/files/1/a.png)',
    '[x](https://e.cn "\\" onmouseover=\\"alert(1)")',
    '<https://e.cn/" onclick="alert(1)>',
    "<iframe src=//evil.cn></iframe>",
    "<style>*{display:none}</style>",
    "<form action=//evil.cn><button>x</button></form>",
    "```html\n<script>alert(1)</script>\n```",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "\x00<script\x00>alert(1)</script>",
    "[x](\x00javascript:alert(1))",
    "<a href='vbscript:x'>y</a>",
    "|a|\n|-|\n|<img src=x onerror=alert(1)>|",
]


class Seen(HTMLParser):
    """Collects what a browser would make of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def assert_harmless(html: str) -> None:
    seen = Seen(html)
    assert not seen.tags & {"script", "style", "iframe", "svg", "math", "form", "button", "object", "embed", "base"}
    for name, value in seen.attributes:
        assert name in {"href", "src", "alt", "title", "rel", "start", "loading"}
        if name in {"href", "src"}:
            scheme = "".join(value.split()).lower().partition(":")[0]
            assert scheme not in {"javascript", "vbscript", "data"}, value


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    assert_harmless(render(text))


@given(st.lists(st.sampled_from([*HOSTILE, "\n", "> ", "`", "![", "](", '"', "<", "&", "*", "# "]), max_size=8))
def test_hostile_pieces_in_any_order_stay_text(pieces: list[str]) -> None:
    assert_harmless(render("".join(pieces)))


def test_what_people_write_comes_out_as_they_mean_it() -> None:
    html = render("能说出**三种**构图：\n\n- 高远\n- 深远\n\n| 皴法 | 画家 |\n|---|---|\n| 雨点皴 | 范宽 |")
    assert "<strong>三种</strong>" in html
    assert html.count("<li>") == 2
    assert "<td>范宽</td>" in html


def test_headings_stand_below_those_of_the_page() -> None:
    assert "<h2>一</h2>" in render("# 一")
    assert "<h3>一</h3>" in render("# 一", heading_shift=2)
    deep = render("### 一\n\n##### 二")
    assert "<h2>一</h2>" in deep
    assert "<h4>二</h4>" in deep


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("考取**车工（四级）**的人", "考取<strong>车工（四级）</strong>的人"),
        ("他说**“你好”**就走", "他说<strong>“你好”</strong>就走"),
        ("先看**《溪山行旅图》**。", "先看<strong>《溪山行旅图》</strong>。"),
        ("一*两*三", "一<em>两</em>三"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name", "snake_case_name"),
        ("a**b**c", "a<strong>b</strong>c"),
        ("***都***要", "<em><strong>都</strong></em>要"),
    ],
)
def test_emphasis_needs_no_blanks_in_chinese(text: str, html: str) -> None:
    assert render(text) == f"<p>{html}</p>\n"


def test_links_of_others_get_no_trust_from_us() -> None:
    assert 'rel="noopener noreferrer nofollow ugc"' in render("见 https://www.moe.gov.cn/ 的目录")


def test_pictures_are_shown_from_this_site_and_linked_from_elsewhere() -> None:
    own, foreign = render("![溪山行旅图](/files/3/a.png)"), render("![溪山行旅图](https://e.cn/a.png)")
    assert '<img src="/files/3/a.png" alt="溪山行旅图"' in own
    assert "<img" not in foreign
    assert '<a href="https://e.cn/a.png"' in foreign
    assert "溪山行旅图" in foreign


def test_plain_text_has_the_words_only() -> None:
    words = plain_text("## 第一节\n\n看 [这里](https://a.cn/x) 与 `code` & **重点**").split()
    assert words == ["第一节", "看", "这里", "与", "code", "&", "重点"]
