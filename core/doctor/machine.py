"""Checks of the machine: programs, libraries, fonts, the instance folder and its disk."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from core.config import current_settings
from core.doctor.findings import Finding, fail, ok, warn
from core.i18n import TRANSLATIONS, _
from core.web.static import ROOT

GIGABYTE = 1024**3
LITTLE, TOO_LITTLE = 10 * GIGABYTE, GIGABYTE
_NAME = re.compile(r"[A-Za-z0-9._-]+")

PROGRAMS = ("ffmpeg", "ffprobe", "prlimit", "setpriv", "nice")
"""What examines and makes media, and what keeps that within limits."""


def python() -> Iterator[Finding]:
    """The interpreter and the libraries the project names."""
    running = ".".join(map(str, sys.version_info[:3]))
    names = [str(_NAME.match(requirement)[0]) for requirement in requires("jinke") or ()]  # type: ignore[index]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        yield fail(
            "python",
            _("Python libraries are missing: %(names)s.", names=", ".join(missing)),
            _("Run `make setup` in the project's folder."),
        )
    else:
        flask, sqlalchemy = version("flask"), version("sqlalchemy")
        yield ok("python", f"Python {running}, Flask {flask}, SQLAlchemy {sqlalchemy}")


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def programs() -> Iterator[Finding]:
    """The tools that look into media files, and put limits on each other."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        yield fail(
            "programs",
            _("Programs are missing: %(names)s. Uploaded videos cannot be examined.", names=", ".join(missing)),
            _("Install them: `apt install ffmpeg util-linux coreutils`, or run `make setup` as root."),
        )
        return
    said = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=False, timeout=20)
    yield ok("programs", " ".join(said.stdout.split()[:3]) or "ffmpeg")


def fonts() -> Iterator[Finding]:
    """Chinese letters for the covers that are drawn here."""
    if shutil.which("fc-list") is None:
        found = ""
    else:
        listed = ["fc-list", ":lang=zh", "family"]
        found = subprocess.run(listed, capture_output=True, text=True, check=False, timeout=20).stdout.strip()
    if found:
        yield ok("fonts", _("Chinese fonts are installed."))
    else:
        yield warn(
            "fonts",
            _("There is no Chinese font: covers of the demo are drawn with empty boxes."),
            _("Install one: `apt install fontconfig fonts-noto-cjk`."),
        )


def built_files() -> Iterator[Finding]:
    """What the set-up makes out of the sources: compiled words, browser libraries."""
    words = list(TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo"))
    libraries = ROOT / "vendor"
    if words and libraries.is_dir() and any(libraries.iterdir()):
        yield ok("files", _("Translations and browser libraries are in place."))
    else:
        yield fail(
            "files",
            _("Translations or browser libraries were not built: pages are in English, or videos do not play."),
            _("Run `make setup` in the project's folder."),
        )


def home() -> Iterator[Finding]:
    """The instance folder: writable, with room, its secret kept to its owner."""
    folder = current_settings().home
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield fail(
            "home",
            _("Nothing can be written to %(folder)s: %(reason)s.", folder=folder, reason=error.strerror),
            _("Give the folder to the user that runs Jinke, or set JINKE_HOME to another one."),
        )
        return
    yield ok("home", _("%(folder)s can be written to.", folder=folder))
    free = shutil.disk_usage(folder).free
    said = _("%(free)s GB are free on its disk.", free=round(free / GIGABYTE, 1))
    if free < TOO_LITTLE:
        yield fail("disk", said, _("Uploads are refused soon. Free some space, or move the folder to a larger disk."))
    elif free < LITTLE:
        yield warn("disk", said, _("A few lectures fill that. Free some space, or move the folder to a larger disk."))
    else:
        yield ok("disk", said)


def secret() -> Iterator[Finding]:
    """The key that signs sessions and links."""
    path = current_settings().home / "secret_key"
    if "JINKE_SECRET_KEY" in os.environ or not path.exists():
        kept = len(current_settings().secret_key) >= 32
    else:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield fail(
                "secret",
                _("Others on this machine can read the secret key: whoever has it can log in as anybody."),
                _("Run `chmod 600 %(path)s`.", path=path),
            )
            return
        kept = len(path.read_text().strip()) >= 32
    if kept:
        yield ok("secret", _("The secret key is long and kept to its owner."))
    else:
        yield fail(
            "secret",
            _("The secret key is short: it can be guessed."),
            _("Use at least 32 random characters. Everybody has to log in again afterwards."),
        )
