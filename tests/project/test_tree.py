"""The tracked tree: what may stand in it and what may not."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOP_LEVEL = {
    ".ci", ".editorconfig", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "README.zh.md",
    "core", "docs", "media", "migrations", "package-lock.json", "package.json", "plugins", "pyproject.toml",
    "requirements-dev.txt", "requirements-node.txt", "requirements.txt", "run.py", "search_index", "tests", "uv.lock",
}  # fmt: skip
PACKAGES = ("core", "media", "migrations", "plugins", "search_index")
LONGEST_MODULE = 450

# Written in two halves, so that this file does not name them either.
MACHINE_PATHS = ["/wor" + "k/", "tmp" + "/jk", ".lib" + "rary/", "far" + "m-"]


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).exists()]


def test_only_the_agreed_names_stand_at_the_top(tracked: list[Path]) -> None:
    assert {path.parts[0] for path in tracked} <= TOP_LEVEL


def test_no_tracked_text_names_a_path_of_somebodys_machine(tracked: list[Path]) -> None:
    found = []
    for path in tracked:
        body = (ROOT / path).read_bytes()
        if b"\0" not in body:
            text = body.decode("utf-8", "replace")
            found += [f"{path}: {name}" for name in MACHINE_PATHS if name in text]
    assert found == []


def test_what_is_made_by_setup_or_at_run_time_is_not_tracked(tracked: list[Path]) -> None:
    made = {"instance", "node_modules", ".venv", "vendor", "__pycache__"}
    assert [path for path in tracked if made & set(path.parts) or path.suffix in {".mo", ".pyc", ".sqlite"}] == []


def test_modules_stay_short_enough_to_read(tracked: list[Path]) -> None:
    # A migration is written once, by a generator, and read from top to bottom.
    modules = [path for path in tracked if path.suffix == ".py" and "versions" not in path.parts]
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in modules}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_tool_looks_at_every_package() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    present = {name for name in PACKAGES if any((ROOT / name).rglob("*.py"))}
    assert present <= set(tools["mypy"]["files"])
    assert present <= set(tools["importlinter"]["root_packages"])
    assert present <= set(tools["setuptools"]["packages"]["find"]["include"])


def test_nobody_imports_against_the_arrows() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    outcome = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout
