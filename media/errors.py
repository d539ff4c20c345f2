"""The one family of errors this package raises: a code and parameters, never a sentence for people.

Core turns a code into Chinese or English. So that it cannot forget one, every class lists its codes in
``sentences``; the English there is what logs show and what translators start from.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import ClassVar

import media


class MediaError(Exception):
    """Something about bytes that a person can be told.

    ``code`` is one of the keys of ``sentences`` of its class; ``params`` fill the sentence's braces and
    hold only numbers and short strings. ``str(error)`` is the English sentence, for logs. A code the class
    does not list is a mistake of the programmer and raises ``KeyError`` at once.
    """

    sentences: ClassVar[Mapping[str, str]] = {}

    def __init__(self, code: str, **params: int | float | str) -> None:
        super().__init__(self.sentences[code].format(**params))
        self.code = code
        self.params = params


def all_sentences() -> dict[str, str]:
    """Every code this package can raise or report, with its English sentence."""
    for module in pkgutil.iter_modules(media.__path__, "media."):
        importlib.import_module(module.name)
    found: dict[str, str] = {}
    waiting: list[type[MediaError]] = [MediaError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__.startswith("media."):
            found.update(kind.sentences)
        waiting.extend(kind.__subclasses__())
    return found
