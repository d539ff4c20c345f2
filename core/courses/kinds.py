"""The kinds of lessons: a dictionary from a kind's name to what the kind means.

Core's own three stand at the end. A lesson of a kind nobody registered (its plugin is gone) is shown as such, and its
row is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.courses.models import Lesson
from core.files.models import Asset, AssetState
from core.i18n import _, _l
from core.markdown import plain_text
from core.progress.reading import LONGEST_MS, reading_ms

READING_A_PAGE_OF_PAPER_MS = 30_000
"""A document's page is glanced over in half a minute; the learner may take longer, the rule must not ask for more."""


@dataclass(frozen=True, slots=True)
class LessonKind:
    """What a kind of lesson is called, looks like, takes and lacks."""

    name: str
    label: Any
    icon: str
    template: str
    """Shows the lesson to a learner; included by the learning page."""
    editor: str
    """The part of the lesson's form that belongs to this kind."""
    length_ms: Callable[[Lesson, Asset | None], int]
    """What has to be watched or read, in milliseconds; 0 while nothing is there."""
    lacks: Callable[[Lesson, Asset | None], str | None]
    """What must be added before the course can be reviewed, as a sentence; None when it is complete."""
    accepts: frozenset[str] = frozenset()
    """Kinds of files it is made of."""


_kinds: dict[str, LessonKind] = {}


def register(kind: LessonKind) -> None:
    """Makes a kind known. Raises ValueError where the name is taken."""
    if kind.name in _kinds:
        raise ValueError(f"the lesson kind {kind.name!r} is registered twice")
    _kinds[kind.name] = kind


def all_kinds() -> list[LessonKind]:
    """Every kind, in the order in which they were registered."""
    return list(_kinds.values())


def find(name: str) -> LessonKind | None:
    """The kind of that name, or None where nobody registered it."""
    return _kinds.get(name)


def length_ms(lesson: Lesson, asset: Asset | None) -> int:
    """How much there is to watch or read, by the rule of the lesson's kind; unchanged where the kind is unknown."""
    kind = find(lesson.kind)
    return kind.length_ms(lesson, asset) if kind else lesson.duration_ms


def _video_ms(_lesson: Lesson, asset: Asset | None) -> int:
    return asset.duration_ms if asset is not None and asset.state == AssetState.READY else 0


def _page_ms(lesson: Lesson, _asset: Asset | None) -> int:
    text = plain_text(lesson.body)
    return reading_ms(text) if text else 0


def _document_ms(lesson: Lesson, asset: Asset | None) -> int:
    if asset is None or asset.state != AssetState.READY:
        return 0
    pages = int(asset.details.get("pages") or 2)
    return min(_page_ms(lesson, None) + pages * READING_A_PAGE_OF_PAPER_MS, LONGEST_MS)


def _file_lacks(lesson: Lesson, asset: Asset | None) -> str | None:
    if lesson.asset_id is None or asset is None:
        return _("“%(title)s” has no file yet.", title=lesson.title)
    if asset.state == AssetState.FAILED:
        return _("The file of “%(title)s” could not be read. Upload another one.", title=lesson.title)
    if asset.state != AssetState.READY:
        return _("The file of “%(title)s” is still being checked. Try again in a moment.", title=lesson.title)
    return None


def _page_lacks(lesson: Lesson, _asset: Asset | None) -> str | None:
    return None if lesson.body.strip() else _("“%(title)s” has no text yet.", title=lesson.title)


register(
    LessonKind(
        "video",
        _l("Video"),
        "video",
        "progress/kinds/video.html",
        "teach/kinds/file.html",
        _video_ms,
        _file_lacks,
        frozenset({"video"}),
    )
)
register(
    LessonKind("page", _l("Page"), "page", "progress/kinds/page.html", "teach/kinds/page.html", _page_ms, _page_lacks)
)
register(
    LessonKind(
        "document",
        _l("Document"),
        "document",
        "progress/kinds/document.html",
        "teach/kinds/file.html",
        _document_ms,
        _file_lacks,
        frozenset({"document"}),
    )
)
