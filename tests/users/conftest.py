"""The mail that the site sends, opened; and the settings under which limits and pauses are tried."""

import re
import shutil
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from flask import Flask

from core.db import db
from core.jobs.runner import work_off

Letters = Callable[[], list[EmailMessage]]


@pytest.fixture
def letters(app: Flask) -> Letters:
    """``letters()`` does the waiting jobs and returns the mails that were sent since it was last asked."""
    folder = app.extensions["jinke"].home / "mail"
    shutil.rmtree(folder, ignore_errors=True)
    seen: set[str] = set()

    def open_new() -> list[EmailMessage]:
        db.session.rollback()
        work_off(app)
        new = sorted(path for path in folder.glob("*.eml") if path.name not in seen)
        seen.update(path.name for path in new)
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(path.read_bytes()) for path in new]

    return open_new


def text_of(letter: EmailMessage) -> str:
    """The words of a mail."""
    return str(letter.get_content())


def link_in(letter: EmailMessage) -> str:
    """The path and query of the one link in a mail."""
    (link,) = re.findall(r"https?://[^/\s]+(/\S+)", text_of(letter))
    return str(link)
