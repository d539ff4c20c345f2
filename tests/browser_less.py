"""Sending forms as a browser without scripts does: open the page, keep its hidden fields, post."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class Form:
    """A form of a page: where it goes, and what its fields hold before anybody types."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside = False
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self._inside = True
        elif self._inside and tag in {"input", "textarea", "select", "button"} and given.get("name"):
            self._add(tag, given)
        elif self._inside and tag == "option" and self._select and "selected" in given:
            self.forms[-1].values[self._select] = given.get("value", "")

    def _add(self, tag: str, given: dict[str, str]) -> None:
        form, kind = self.forms[-1], given.get("type", "text")
        form.names.add(given["name"])
        self._select = given["name"] if tag == "select" else ""
        if tag == "textarea":
            self._textarea = given["name"]
            form.values[self._textarea] = ""
        ticked = kind not in {"checkbox", "radio"} or "checked" in given
        if tag == "input" and kind not in {"submit", "file"} and ticked:
            form.values[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            # As browsers do: the line end right after the tag is not part of the text.
            self.forms[-1].values[self._textarea] += data.removeprefix("\r").removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._textarea = ""


def forms_of(response: TestResponse) -> list[Form]:
    """Every form of a page."""
    parser = _Forms()
    parser.feed(response.text)
    return parser.forms


def submit(
    client: FlaskClient, page: str, data: dict[str, Any] | None = None, *, to: str | None = None, **options: Any
) -> TestResponse:
    """Opens ``page``, fills in ``data`` and posts the form that leads to ``to`` (or has the fields of ``data``)."""
    answer = client.get(page)
    assert answer.status_code == 200, f"{page} answers {answer.status_code}"
    form = _chosen(forms_of(answer), page.partition("?")[0], to, set(data or {}))
    values = {**form.values, **(data or {})}
    values = {name: value for name, value in values.items() if value is not None}
    return client.post(to or form.action or page, data=values, **options)


def _chosen(forms: list[Form], page: str, to: str | None, names: set[str]) -> Form:
    posts = [form for form in forms if form.method == "post"]
    if to is not None:
        wanted = [form for form in posts if form.action == to]
    else:
        wanted = [form for form in posts if form.action in {"", page} or names <= form.names]
        wanted.sort(key=lambda form: (not names <= form.names, form.action not in {"", page}))
    assert wanted, f"no form to {to or page} among {[form.action for form in posts]}"
    return wanted[0]
