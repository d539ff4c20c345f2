"""Codes are the contract between this package and the sentences that core writes."""

import ast
import string
from pathlib import Path

import pytest

import media
from media.errors import MediaError, all_sentences
from media.storage import ObjectMissing

ROOT = Path(media.__path__[0])


def declared() -> list[str]:
    """The codes as they stand in the source, once for each place."""
    codes = []
    for path in sorted(ROOT.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "sentences" and node.value:
                codes += list(ast.literal_eval(node.value))
    return codes


def used() -> set[str]:
    """The codes that are given to an error anywhere, as literal first arguments."""
    makers = {"super().__init__", "self._problem", "Problem", "ProbeWarning"}
    found = set()
    for path in sorted(ROOT.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = ast.unparse(node.func)
                if name in makers or (name.endswith(("Error", "Unplayable", "Failed")) and name != "ValueError"):
                    found.add(str(node.args[0].value))
    return found


def test_every_code_has_one_sentence_and_every_sentence_a_use() -> None:
    codes = declared()
    assert len(codes) == len(set(codes)) > 40
    assert set(codes) == set(all_sentences())
    # Chosen by a condition rather than written at the call.
    assert set(codes) - used() == {"timing_comma"}
    assert used() <= set(codes)


def test_every_sentence_ends_and_its_blanks_have_plain_names() -> None:
    for code, sentence in all_sentences().items():
        assert sentence.endswith((".", "}")), code
        for _, name, form, conversion in string.Formatter().parse(sentence):
            assert name is None or (name.isidentifier() and not form and not conversion), code


def test_an_error_speaks_english_to_logs_and_a_code_to_core() -> None:
    error = ObjectMissing("ab/cd")
    assert (error.code, error.params, str(error)) == (
        "object_missing",
        {"key": "ab/cd"},
        "The file ab/cd is not in the store.",
    )


def test_an_unlisted_code_is_a_mistake_that_shows_at_once() -> None:
    with pytest.raises(KeyError):
        MediaError("no_such_code")
