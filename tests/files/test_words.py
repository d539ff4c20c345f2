"""Everything that the leaf library may say of bytes is said in words here."""

import importlib
import pkgutil
import re

import pytest
from flask import Flask

import media
from core.files.words import SENTENCES, sentence
from media.errors import all_sentences

for module in pkgutil.iter_modules(media.__path__, "media."):
    importlib.import_module(module.name)


@pytest.mark.parametrize("code", sorted(all_sentences()))
def test_every_code_has_a_sentence_that_needs_no_more_than_it_is_given(app: Flask, code: str) -> None:
    given = set(re.findall(r"\{(\w+)\}", all_sentences()[code]))
    assert code in SENTENCES
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        words = sentence(code, dict.fromkeys(given, 12))
    assert re.search("[\u4e00-\u9fff]", words), "it is said in Chinese"
    assert "%(" not in words
