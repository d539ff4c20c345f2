"""The wheel: it holds everything the site needs and starts without the source tree."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "media", "migrations", "plugins", "search_index")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, because building writes beside the source."""
    source = tmp_path_factory.mktemp("source")
    skip = shutil.ignore_patterns("__pycache__", ".*")
    for name in PACKAGES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=skip)
    for path in [ROOT / "pyproject.toml", *ROOT.glob("README*")]:
        shutil.copy(path, source)
    return source


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(target)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def test_it_holds_every_file_of_every_package(source: Path, wheel: Path) -> None:
    files = [path for name in PACKAGES for path in (source / name).rglob("*") if path.is_file()]
    expected = {path.relative_to(source).as_posix() for path in files}
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert expected - packed == set()
    assert {"core/cli.py", "migrations/env.py"} <= packed


def test_its_command_starts_without_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    installed, home = tmp_path / "installed", tmp_path / "home"
    zipfile.ZipFile(wheel).extractall(installed)
    environment = {**os.environ, "PYTHONPATH": str(installed), "JINKE_HOME": str(home)}

    def jinke(*arguments: str) -> str:
        start = f"import core.cli, sys; assert core.cli.__file__.startswith({str(installed)!r}); core.cli.main()"
        command = [sys.executable, "-P", "-c", start, *arguments]
        outcome = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout

    jinke("init")
    assert (home / "jinke.sqlite").exists()
    assert "upgrade" in jinke("--help")
