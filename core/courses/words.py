"""What levels and languages of courses are called."""

from typing import Any

from core.courses.models import Level
from core.i18n import _l

LEVELS: dict[str, Any] = {
    Level.BEGINNER: _l("Beginner"),
    Level.INTERMEDIATE: _l("Intermediate"),
    Level.ADVANCED: _l("Advanced"),
}

LANGUAGES: dict[str, Any] = {
    "zh-CN": _l("Chinese"),
    "en": _l("English"),
    "ja": _l("Japanese"),
    "ko": _l("Korean"),
    "fr": _l("French"),
    "de": _l("German"),
    "ru": _l("Russian"),
    "es": _l("Spanish"),
}
"""Languages of instruction, by BCP 47 tag."""
