"""Languages: which one a request speaks, and the compiled catalogue of core's words.

Message ids are English; Chinese stands in ``translations/zh_Hans_CN/*.po``, one file per package, compiled into one
domain by ``python -m core.i18n`` (part of the set-up). Browsers say ``zh``, ``zh-CN`` or ``zh-Hans``; all of them mean
``zh_Hans_CN`` here.
"""

import os
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_app_context, has_request_context, request
from flask_babel import (
    Babel,
    force_locale,
    format_date,
    format_timedelta,
    get_locale,
    get_translations,
    ngettext,
)
from flask_babel import format_datetime as babel_format_datetime
from flask_babel import format_time as babel_format_time
from flask_babel.speaklater import LazyString
from flask_login import current_user
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from core.config import Settings

__all__ = [
    "LOCALES",
    "_",
    "_l",
    "force_locale",
    "format_date",
    "format_datetime",
    "format_timedelta",
    "get_locale",
    "language_tag",
    "ngettext",
    "speak_to_the_shell",
]

LOCALES = {"zh_Hans_CN": "中文", "en": "English"}
"""What the site speaks, each in its own words."""

COOKIE = "lang"
TRANSLATIONS = Path(__file__).parent / "translations"


def _catalogue() -> Any:
    """The words of the request's language. Found once: a page asks a hundred times, and Flask-Babel looks each time."""
    kept, babel = g.get("translations"), g.get("_flask_babel")
    if kept is None or babel is None or kept[0] is not getattr(babel, "babel_locale", None):
        kept = g.translations = (get_locale(), get_translations())
    return kept[1]


_of_the_shell: ContextVar[str | None] = ContextVar("language_of_the_shell", default=None)


def speak_to_the_shell(environ: Mapping[str, str]) -> None:
    """From here on words outside of requests are for the person at the command line, in the language of their shell.

    Threads begun later know nothing of it: what they write is for others.
    """
    wish = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    _of_the_shell.set(from_browser([wish]) or next(iter(LOCALES)))


@cache
def _words(locale: str | None) -> NullTranslations:
    return Translations.load(TRANSLATIONS, [locale]) if locale else NullTranslations()


def _(message: str, /, **variables: Any) -> str:
    """``message`` in the language of the request, with its variables filled in.

    Outside of any application it is that of the shell, or English where nobody listens (:func:`speak_to_the_shell`).
    """
    words: str = (_catalogue() if has_app_context() else _words(_of_the_shell.get())).gettext(message)
    return words % variables if variables else words


def _l(message: str, /, **variables: Any) -> LazyString:
    """As :func:`_`, for words written down before there is a request: translated each time they are shown."""
    return LazyString(_, message, **variables)


def format_datetime(moment: datetime, format: str | None = None) -> str:
    """Day and time on the person's own clock, to the minute unless a format of Babel's is named."""
    if format is not None:
        return str(babel_format_datetime(moment, format))
    return f"{format_date(moment)} {babel_format_time(moment, 'short')}"


@pass_context
def _in_template(context: Context, message: str, /, **variables: object) -> str:
    """``_()`` of templates: escapes its variables, as Jinja's own does."""
    words: str = _catalogue().gettext(message)
    if not context.eval_ctx.autoescape:
        return words % variables
    marked = Markup(words)  # noqa: S704 - our own words
    return marked % variables if "%" in words else marked


def init_app(app: Flask, settings: Settings) -> None:
    """Sets up Flask-Babel with our choice of locale and time zone."""
    app.config["BABEL_DEFAULT_LOCALE"] = settings.default_locale
    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.default_timezone
    Babel(
        app,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=lambda: _parsed(choose_locale() or settings.default_locale),
        timezone_selector=_choose_timezone,
    )
    app.jinja_env.globals.update(gettext=_in_template, _=_in_template)


_parsed = cache(Locale.parse)
"""Once for all requests: a locale carries its names of months and formats of dates with it."""


def choose_locale() -> str | None:
    """The person's own setting, the language cookie, the browser's wish, else the site's default (None)."""
    if not has_request_context():
        return _of_the_shell.get()
    chosen = request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return chosen
    if current_user and current_user.is_authenticated and current_user.locale in LOCALES:
        return str(current_user.locale)
    return from_browser(request.accept_languages.values())


def from_browser(wishes: object) -> str | None:
    """The first wish that the site can grant; None where it can grant none."""
    for wish in wishes if hasattr(wishes, "__iter__") else ():
        language = str(wish).lower().replace("_", "-").split("-")[0]
        if language == "zh":
            return "zh_Hans_CN"
        if language == "en":
            return "en"
    return None


def language_tag() -> str:
    """The request's language as a BCP 47 tag, for ``<html lang>``."""
    return "en" if str(get_locale()) == "en" else "zh-CN"


def _choose_timezone() -> str | None:
    # By name: Flask-Babel asks its zones for things that only its own kind can do.
    if has_request_context() and current_user and current_user.is_authenticated and current_user.timezone:
        return str(current_user.timezone)
    return None


def forget_choice() -> None:
    """Lets the rest of this request choose language and time zone again, after the person changed them."""
    g.pop("_flask_babel", None)


def merged_catalogue(locale: str) -> Catalog:
    """All packages' catalogues of a locale as one. Raises ValueError where two translate the same words differently."""
    merged = Catalog(locale=Locale.parse(locale))
    for path in sorted((TRANSLATIONS / locale).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale):
                if not message.id or not message.string:
                    continue
                known = merged.get(message.id, context=message.context)
                if known is not None and known.string != message.string:
                    raise ValueError(f"{path.name} translates {message.id!r} differently from another package")
                merged.add(message.id, message.string, context=message.context, flags=message.flags)
    return merged


def compile_catalogues() -> None:
    """Writes the ``.mo`` file of every locale that has ``.po`` files."""
    for folder in sorted(path for path in TRANSLATIONS.iterdir() if path.is_dir()):
        target = folder / "LC_MESSAGES" / "messages.mo"
        catalogue = merged_catalogue(folder.name)
        target.parent.mkdir(exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            write_mo(file, catalogue)
        fresh.replace(target)  # a process that starts just now reads the old words or the new ones, never half


if __name__ == "__main__":
    compile_catalogues()
    sys.exit(0)
