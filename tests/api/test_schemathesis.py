"""What the OpenAPI document promises, tried with inputs that nobody would think of (schemathesis, from outside)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.conftest import Furnished, serving

pytestmark = [pytest.mark.slow]

NOT_CHECKED = "positive_data_acceptance"
"""A course that is full, an address that is taken, dates in the wrong order: rules that no schema can say."""


def probe(site: Furnished, folder: Path, person: str | None, *, examples: int, seed: int, phases: str) -> str:
    """Runs schemathesis over the whole document; returns what it complains of, empty for nothing."""
    lines = [f"seed = {seed}", "[parameters]"]
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.9 }}' for name in site.ids]
    lines += ['"body.institution" = { dictionary = "institution_slug", probability = 0.8 }']
    for name, values in site.ids.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    (folder / "schemathesis.toml").write_text("\n".join(lines))
    headers = [f"Authorization: {site.headers(person)['Authorization']}"] if person else []
    with serving(site.app) as url:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")),
            *("run", f"{url}/api/v1/openapi.json", "--phases", phases, "--exclude-checks", NOT_CHECKED),
            # The run would take its own token away, and meet nothing but closed doors from then on.
            *("--exclude-operation-id", "me_revoke_token"),
            *("--max-examples", str(examples), "--continue-on-failure", "--warnings", "off"),
            *(part for header in headers for part in ("-H", header)),
        ]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=3600)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


@pytest.mark.parametrize(("person", "examples"), [("teacher", 8), (None, 2)], ids=["teacher", "visitor"])
def test_no_input_breaks_the_api_or_the_document(
    furnished: Furnished, tmp_path: Path, person: str | None, examples: int
) -> None:
    complaints = probe(furnished, tmp_path, person, examples=examples, seed=1, phases="fuzzing")
    assert not complaints, complaints


@pytest.mark.judge
@pytest.mark.parametrize("person", ["teacher", "operator", "student", None])
def test_long_and_in_order_too(furnished: Furnished, tmp_path: Path, person: str | None) -> None:
    complaints = probe(furnished, tmp_path, person, examples=100, seed=7, phases="coverage,fuzzing,stateful")
    assert not complaints, complaints
