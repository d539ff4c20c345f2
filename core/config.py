"""Typed settings, read once at start from ``$JINKE_HOME/jinke.toml`` and the environment.

A setting ``max_upload_bytes`` is ``max_upload_bytes = …`` in the file or ``JINKE_MAX_UPLOAD_BYTES=…`` in the
environment, which wins. An unknown name, a wrong type or a missing secret stops the start with a sentence: a typo must
never silently become a default.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from flask import current_app

PREFIX = "JINKE_"
NOT_SETTINGS = {"JINKE_HOME", "JINKE_SHARED"}


class ConfigError(Exception):
    """The configuration cannot be used; the sentence says which setting and what to do.

    It is English with ``values`` to fill in: the settings have to be read before there are languages to choose from.
    """

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence % values)
        self.sentence = sentence
        self.values = values


def N_(message: str) -> str:  # noqa: N802 - how gettext calls words that are translated later
    """Marks a sentence for translation."""
    return message


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can choose. Paths are absolute; sizes are bytes; times are seconds."""

    home: Path
    secret_key: str
    database_url: str
    base_url: str = "http://127.0.0.1:8000"
    """The address people see; links in mails and canonical links start with it."""
    site_name: str = "金课"
    mail_url: str = "file:"
    """``file:`` writes each mail below ``$JINKE_HOME/mail`` (development); ``smtp://user:password@host:port`` sends."""
    mail_from: str = "Jinke <no-reply@localhost>"
    accel_prefix: str = ""
    """Internal nginx location that serves stored files (``X-Accel-Redirect``); empty: this process serves them."""
    proxy_hops: int = 0
    """How many trusted proxies stand in front (their ``X-Forwarded-*`` are believed)."""
    max_upload_bytes: int = 8 * 1024**3
    upload_chunk_bytes: int = 1024**2
    """How much browsers send in one request of an upload; what nginx lets through unless told otherwise."""
    rate_limits: bool = True
    cheap_hashes: bool = False
    """Fast password hashes, for test runs only: refused unless ``debug``."""
    debug: bool = False
    web_threads: int = 64
    worker_threads: int = 2
    session_days: int = 30
    default_locale: str = "zh_Hans_CN"
    default_timezone: str = "Asia/Shanghai"

    @property
    def media_root(self) -> Path:
        """Where the local store keeps its objects."""
        return self.home / "media"

    @property
    def upload_root(self) -> Path:
        """Where unfinished uploads lie; on the same file system as the store, so that finishing is a rename."""
        return self.home / "uploads"

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel over TLS only, wherever the public address is TLS."""
        return self.base_url.startswith("https://")


def home_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The instance folder: ``$JINKE_HOME``, or ``instance`` in the current folder."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("JINKE_HOME") or "instance").resolve()


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Reads file and environment; ``overrides`` win over both. Raises :class:`ConfigError` with a sentence."""
    environ = os.environ if environ is None else environ
    home = Path(overrides.pop("home", None) or home_folder(environ))
    values: dict[str, Any] = {**_from_file(home / "jinke.toml"), **_from_environment(environ), **overrides}
    known = {field.name: field for field in fields(Settings)}
    typed = {name: _typed(name, value, known[name].type) for name, value in values.items()}
    typed["home"] = home
    typed.setdefault("database_url", f"sqlite:///{home / 'jinke.sqlite'}")
    if typed["database_url"].startswith("postgresql://"):
        typed["database_url"] = "postgresql+psycopg://" + typed["database_url"].removeprefix("postgresql://")
    if "secret_key" not in typed:
        typed["secret_key"] = _stored_secret(home)
    settings = Settings(**typed)
    if settings.cheap_hashes and not settings.debug:
        raise ConfigError(N_("cheap_hashes is for test runs: set debug as well, or remove it."))
    return settings


def write_secret(home: Path) -> None:
    """Creates ``home`` and its secret key, readable by the owner only, unless the key is there already."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(home / "secret_key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))


def _stored_secret(home: Path) -> str:
    try:
        return (home / "secret_key").read_text().strip()
    except FileNotFoundError:
        raise ConfigError(
            N_("No secret key in %(home)s: run `jinke init`, or set JINKE_SECRET_KEY."), home=home
        ) from None


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(N_("%(path)s is not valid TOML: %(error)s."), path=path, error=error) from error
    _refuse_unknown(values.keys(), str(path))
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    names = {name for name in environ if name.startswith(PREFIX)} - NOT_SETTINGS
    values = {name.removeprefix(PREFIX).lower(): environ[name] for name in names}
    _refuse_unknown(values.keys(), "JINKE_*")
    return values


def _refuse_unknown(names: Any, where: str) -> None:
    known = {field.name for field in fields(Settings)} - {"home"}
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known))
            raise ConfigError(
                N_("Unknown setting “%(name)s” in %(where)s. Known: %(known)s."), name=name, where=where, known=listed
            )


def _typed(name: str, value: Any, wanted: Any) -> Any:
    if wanted is bool and isinstance(value, str):
        if value.lower() not in {"1", "0", "true", "false", "yes", "no"}:
            raise ConfigError(N_("%(name)s must be true or false, not “%(value)s”."), name=name, value=value)
        return value.lower() in {"1", "true", "yes"}
    if wanted is int and isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise ConfigError(N_("%(name)s must be a whole number, not “%(value)s”."), name=name, value=value) from None
    if wanted is not Path and not isinstance(value, wanted):
        raise ConfigError(
            N_("%(name)s must be of the type %(wanted)s, not %(given)s."),
            name=name,
            wanted=wanted.__name__,
            given=type(value).__name__,
        )
    return value


def current_settings() -> Settings:
    """The settings of the running application."""
    settings: Settings = current_app.extensions["jinke"]
    return settings
