"""The examples of docs/api.md do what the page says, in order, with a real curl."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Furnished, serving

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl, which is not installed")
def test_the_examples_of_the_page_work(furnished: Furnished) -> None:
    examples = re.findall(r"^\$ (.+)$", PAGE.read_text(), re.MULTILINE)
    with serving(furnished.app) as site:
        environ = {"SITE": site, "TOKEN": furnished.token("teacher"), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        answers: list[Any] = []
        for example in examples:
            ended = subprocess.run(["sh", "-c", example], env=environ, capture_output=True, check=True)
            answers.append(json.loads(ended.stdout))
    me, courses, made, chapter, changed, refused = answers
    assert me["name"] == furnished.people["teacher"].name
    assert courses == {"items": [], "next": None}
    assert (made["slug"], made["state"]) == ("tea", "draft")
    assert chapter["title"] == "鲜叶"
    assert (changed["summary"], changed["version"]) == ("从鲜叶到杯中", 2)
    assert (refused["status"], list(refused["errors"])) == (422, ["level"])
