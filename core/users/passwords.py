"""Passwords: what makes one acceptable, and hashing that keeps nobody waiting.

The rules are those of NIST SP 800-63B: a least length, no demands on its composition, and a refusal of what attackers
try first. The list is that of Django (20,000 common passwords compiled by Royce Williams), cut to those long enough
to pass the length rule.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask_security import PasswordUtil
from passlib.context import CryptContext

from core.config import Settings, current_settings
from core.db import release
from core.i18n import _

SHORTEST = 8
LONGEST = 128
"""Longer ones add nothing but work for the server."""

_LIST = Path(__file__).with_name("common_passwords.txt")


class PatientContext(CryptContext):  # type: ignore[misc] # the library ships no types
    """Hashes only outside a transaction: on SQLite everybody's writing would wait for it."""

    def hash(self, secret: str | bytes, **options: Any) -> str:
        """The hash of a password."""
        release()
        return str(super().hash(secret, **options))

    def verify(self, secret: str | bytes, hash: str | bytes, **options: Any) -> bool:
        """Whether a hash is that of a password."""
        release()
        return bool(super().verify(secret, hash, **options))


def make_context(settings: Settings) -> PatientContext:
    """argon2id at OWASP's minimum (19 MiB, two passes, one lane); nearly nothing in test runs."""
    return PatientContext(
        schemes=["argon2"],
        argon2__rounds=1 if settings.cheap_hashes else 2,
        argon2__memory_cost=64 if settings.cheap_hashes else 19_456,
        argon2__parallelism=1,
    )


class PasswordRules(PasswordUtil):
    """The rules as Flask-Security asks for them."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)

    def validate(self, password: str, is_register: bool, **about: Any) -> tuple[list[str] | None, str]:
        """What is wrong with ``password`` (None: nothing), and the password in normal form.

        ``about`` are the fields of the registration, or ``user``.
        """
        password = self.normalize(password)
        user = about.get("user")
        words = [getattr(user, name) for name in ("name", "email", "username")] if user else list(about.values())
        problem = find_problem(password, [word for word in words if isinstance(word, str)])
        return ([problem] if problem else None), password


def find_problem(password: str, words: list[str]) -> str | None:
    """Why a password is refused, as a sentence, or None. ``words`` are what anybody knows of its owner."""
    if len(password) < SHORTEST:
        return _("A password needs at least %(least)d characters. A sentence you remember is best.", least=SHORTEST)
    if len(password) > LONGEST:
        return _("A password has at most %(most)d characters.", most=LONGEST)
    if "\x00" in password or "�" in password:
        return _("There is a character in the password that cannot be read. Type it anew instead of pasting it.")
    plain = password.casefold()
    if plain in _common() or len(set(plain)) < 3:
        return _("This password is among the first that attackers try. Choose another; a sentence is best.")
    if plain in _guessable(words):
        return _("This password is your name or address. Choose something that others do not know.")
    return None


def _guessable(words: list[str]) -> set[str]:
    known = [word.casefold() for word in [*words, current_settings().site_name]]
    parts = [part for word in known for part in re.split(r"[@\s]", word)]
    return {*known, *parts, *(word + word for word in parts)}


@cache
def _common() -> frozenset[str]:
    return frozenset(_LIST.read_text(encoding="utf-8").splitlines())
