"""Words of strangers become pages: what is allowed shows, what could harm does not."""

import pytest

from core.markdown import plain_text, render


def test_the_usual_marks_become_html() -> None:
    html = render("# 目标\n\n学会 **两件** 事：\n\n1. 读 `GET`\n2. 见 https://example.edu.cn\n\n|A|B|\n|-|-|\n|1|2|\n")
    assert "<h2>目标</h2>" in html
    assert "<strong>两件</strong>" in html
    assert '<a href="https://example.edu.cn"' in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "<a href='vbscript:x'>y</a>",
        '<svg onload="alert(1)">',
        "[x](\x00javascript:alert(1))",
    ],
)
def test_nothing_that_runs_comes_out(attack: str) -> None:
    html = render(attack).lower()
    for forbidden in (
        "<script",
        "<svg",
        "<img src=x",
        'href="javascript',
        'href="data',
        'src="javascript',
        "<a href='",
    ):
        assert forbidden not in html


def test_plain_text_has_the_words_only() -> None:
    assert plain_text("## 第一节\n\n看 [这里](https://a.cn/x) 与 `code` & **重点**").split() == [
        "第一节",
        "看",
        "这里",
        "与",
        "code",
        "&",
        "重点",
    ]
