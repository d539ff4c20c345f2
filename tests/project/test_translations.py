"""Every word the pages, mails and the command line say exists in Chinese too."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from core import i18n
from core.cli import cli, paragraphs

CORE = Path(__file__).parents[2] / "core"
CATALOGUES = CORE / "translations" / "zh_Hans_CN"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "_n": (1, 2), "N_": None}
JINJA = {"extensions": "jinja2.ext.i18n", "silent": "false"}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def used_words() -> Iterator[tuple[str, Message]]:
    """Where each message of core is used, and the message."""
    for path in sorted(CORE.rglob("*")):
        template = "templates" in path.parts and path.is_file()
        if not template and path.suffix != ".py":
            continue
        method, options = ("jinja2.ext:babel_extract", JINJA) if template else ("python", {})
        with path.open("rb") as file:
            for line, message, _, context in extract(method, file, KEYWORDS, options=options):
                yield f"{path.relative_to(CORE)}:{line}", Message(message, context=context)
    for words in help_texts(cli):
        yield "jinke --help", Message(words)


def help_texts(command: click.Command) -> Iterator[str]:
    """What the command line says about a command, its options and its subcommands."""
    options = [option.help for option in command.params if isinstance(option, click.Option)]
    for text in (command.help, *options):
        yield from paragraphs(text)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from help_texts(inner)


@pytest.fixture(scope="module")
def used() -> dict[object, str]:
    """The key of every message that core uses, and one place where it does."""
    catalogue = Catalog()
    return {catalogue._key_for(message.id, message.context): place for place, message in used_words()}


@pytest.fixture(scope="module")
def written() -> dict[object, list[tuple[str, Message]]]:
    """Every message in the catalogues of core, by key, with the files it stands in."""
    found: dict[object, list[tuple[str, Message]]] = {}
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale="zh_Hans_CN", abort_invalid=True)
        for message in catalogue:
            if message.id:
                key = catalogue._key_for(message.id, message.context)
                found.setdefault(key, []).append((path.name, message))
    return found


def test_every_word_is_said_in_chinese(
    used: dict[object, str], written: dict[object, list[tuple[str, Message]]]
) -> None:
    said = {key for key, entries in written.items() if all(complete(message) for _, message in entries)}
    missing = [f"{place}: {key!r}" for key, place in used.items() if key not in said]
    assert not missing, "\n".join(missing)


def test_no_translation_has_lost_its_use(
    used: dict[object, str], written: dict[object, list[tuple[str, Message]]]
) -> None:
    stale = [f"{entries[0][0]}: {key!r}" for key, entries in written.items() if key not in used]
    assert not stale, "\n".join(stale)


def test_translations_keep_the_placeholders(written: dict[object, list[tuple[str, Message]]]) -> None:
    wrong = []
    for file, message in (entry for entries in written.values() for entry in entries):
        allowed = {name for text in texts(message.id) for name in PLACEHOLDER.findall(text)}
        wrong += [f"{file}: {text}" for text in texts(message.string) if not set(PLACEHOLDER.findall(text)) <= allowed]
        if isinstance(message.id, str) and set(PLACEHOLDER.findall(str(message.string))) != allowed:
            wrong.append(f"{file}: {message.id}")
    assert wrong == []


def test_the_packages_agree_on_their_words() -> None:
    assert len(i18n.merged_catalogue("zh_Hans_CN")) > 0


def complete(message: Message) -> bool:
    """Translated, every plural form of it, and not merely guessed by a tool."""
    return not message.fuzzy and all(texts(message.string))


def texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]
