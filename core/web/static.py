"""Static files under addresses that change with their content, so that browsers may keep them for ever.

Scripts import each other by bare names (``jinke/api.js``); the page's import map leads these to the same addresses.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Flask, Response, request
from markupsafe import Markup

ROOT = Path(__file__).parent / "static"
YEAR = 31_536_000


def init_app(app: Flask) -> None:
    """Offers ``static_url`` and ``import_map`` to templates; lets fingerprinted files be cached for a year."""
    app.jinja_env.globals.update(static_url=static_url, import_map=import_map)
    app.after_request(_cache_long)


@cache
def static_url(name: str) -> str:
    """The address of a static file, with its fingerprint."""
    path = ROOT / name
    fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "missing"
    return f"/static/{name}?v={fingerprint}"


@cache
def import_map() -> Markup:
    """The JSON of the page's import map: ``jinke/…`` for our modules, ``vendor/…`` for kept libraries' entry points."""
    names = {f"jinke/{path.relative_to(ROOT / 'js').as_posix()}": path for path in (ROOT / "js").rglob("*.js")}
    imports = {bare: static_url(path.relative_to(ROOT).as_posix()) for bare, path in sorted(names.items())}
    imports["vendor/"] = "/static/vendor/"
    return Markup(json.dumps({"imports": imports}))  # noqa: S704 - our own file names only


def _cache_long(response: Response) -> Response:
    if request.path.startswith("/static/") and "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
