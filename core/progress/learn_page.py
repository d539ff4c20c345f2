"""What the learning page shows, put together for one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flask import url_for

from core.courses import kinds
from core.courses.models import Caption
from core.i18n import _, language_tag
from core.permissions import Viewer
from core.progress import learn_queries, player_words, policy, rule, words
from core.progress.intervals import NOTHING, Intervals
from core.progress.learn_queries import LessonInPlace, Place, Stage, Step, Uncounted
from core.progress.models import LessonProgress
from core.progress.policy import Admission
from core.progress.rule import Criterion
from core.progress.rulings import criterion_of

NEARLY_OVER_MS = 3_000
"""Who stopped this close to the end starts from the beginning."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the address asks for."""

    as_student: bool = False
    seconds: float | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class LearningPage:
    """A lesson as one person sees it. Times in milliseconds."""

    place: LessonInPlace
    kind: kinds.LessonKind | None
    admission: Admission
    wishes: Wishes
    user_id: int | None
    stages: list[Stage]
    progress: LessonProgress | None
    criterion: Criterion
    watched: Intervals
    captions: Sequence[Caption]
    transcript: Caption | None
    uncounted: list[Uncounted]

    @property
    def steps(self) -> list[Step]:
        """All lessons of the course, in order."""
        return [step for stage in self.stages for step in stage.steps]

    @property
    def previous(self) -> Step | None:
        """The lesson before this one."""
        return next((before for before, after in pairwise(self.steps) if after.id == self.place.lesson.id), None)

    @property
    def following(self) -> Step | None:
        """The lesson after this one."""
        return next((after for before, after in pairwise(self.steps) if before.id == self.place.lesson.id), None)

    @property
    def completed(self) -> bool:
        """Whether the learner has completed this lesson."""
        return self.progress is not None and self.progress.completed_at is not None

    @property
    def counts(self) -> bool:
        """Whether watching here is counted."""
        return self.admission.counts and self.place.lesson.duration_ms > 0

    @property
    def required_ms(self) -> int:
        """How much has to count."""
        return rule.required_ms(self.place.lesson.duration_ms, self.criterion)

    @property
    def sentence(self) -> str:
        """What counts and what is missing, in words."""
        return words.standing(
            self.place.lesson.kind,
            self.watched,
            self.criterion,
            duration_ms=self.place.lesson.duration_ms,
            required_ms=self.required_ms,
            completed=self.completed,
        )

    @property
    def rule_in_words(self) -> str:
        """What has to be done for the lesson to be complete."""
        return words.what_completes(self.place.lesson.kind, self.criterion)

    @property
    def position_ms(self) -> int:
        """Where to go on: where the address says, else where the learner stopped, on any device."""
        duration = self.place.lesson.duration_ms
        asked = self.wishes.seconds
        if asked is not None and 0 <= asked * 1000 < duration:
            return int(asked * 1000)
        stopped = self.progress.position_ms if self.progress and self.watched else 0
        return 0 if stopped >= duration - NEARLY_OVER_MS else stopped

    def is_locked(self, step: Step) -> bool:
        """Whether this person may not open that lesson."""
        return not (self.admission.sees_all or step.is_preview)

    def url_of(self, step: Step) -> str:
        """Where a lesson of this course is shown, in the same manner as this one."""
        return self._url(step.id)

    def here(self, **extra: Any) -> str:
        """The address of this page, with ``t`` (seconds) or ``captions`` (a language)."""
        return self._url(self.place.lesson.id, **extra)

    def caption_url(self, caption: Caption) -> str:
        """Where the player loads subtitles from."""
        return self._url(self.place.lesson.id, endpoint="learn.caption", language=caption.language)

    def _url(self, lesson_id: int, *, endpoint: str = "learn.lesson", **extra: Any) -> str:
        manner: dict[str, Any] = {"as": "student"} if self.wishes.as_student else {}
        return url_for(endpoint, course_slug=self.place.course.slug, lesson_id=lesson_id, **manner, **extra)

    def for_player(self) -> dict[str, Any]:
        """What the scripts of the page need to know, as JSON."""
        lesson = self.place.lesson
        return {
            "lesson": lesson.id,
            "user": self.user_id,
            "kind": lesson.kind,
            "counts": self.counts,
            "duration_ms": lesson.duration_ms,
            "required_ms": self.required_ms,
            "position_ms": self.position_ms,
            "watched": self.watched.pieces,
            "completed": self.completed,
            "allow_seeking": self.criterion.allow_seeking or not self.counts,
            "max_speed": self.criterion.max_speed_percent / 100,
            "heartbeat_ms": self.criterion.heartbeat_ms,
            "urls": {
                "streams": url_for("progress.open_stream", lesson_id=lesson.id),
                "heartbeats": url_for("progress.heartbeat", stream_id="STREAM"),
                "progress": url_for("progress.progress", lesson_id=lesson.id),
                "record": url_for("record.show", course_slug=self.place.course.slug, lesson_id=lesson.id),
            },
            "words": player_words.player_words(),
        }


def load(course_slug: str, lesson_id: int, viewer: Viewer, wishes: Wishes) -> LearningPage:
    """The page for this person. Raises :class:`NotFound` where the lesson is not there for their eyes."""
    place, admission, learner = admitted(course_slug, lesson_id, viewer, as_student=wishes.as_student)
    progress = learner.progress if learner else None
    of_this_file = progress is not None and progress.asset_id == place.lesson.asset_id
    watched = Intervals.parse(progress.watched) if progress and of_this_file else NOTHING
    subtitles = learn_queries.captions_of(lesson_id) if admission.sees else []
    return LearningPage(
        place=place,
        kind=kinds.find(place.lesson.kind),
        admission=admission,
        wishes=wishes,
        user_id=viewer.user_id,
        stages=learn_queries.outline_with_progress(place.course.id, learner.enrolment.id if learner else None),
        progress=progress,
        criterion=criterion_of(place.institution, place.lesson.kind),
        watched=watched,
        captions=subtitles,
        transcript=_transcript(subtitles, [wishes.language, language_tag(), place.course.language]),
        uncounted=learn_queries.uncounted(progress, watched) if progress and of_this_file else [],
    )


def admitted(
    course_slug: str, lesson_id: int, viewer: Viewer, *, as_student: bool
) -> tuple[LessonInPlace, Admission, Place | None]:
    """The lesson, what the person may do there, and as whom they learn (as nobody while previewing)."""
    place = learn_queries.lesson_in_place(lesson_id, course_slug)
    learner = learn_queries.place_of(viewer.user_id, place.course.id, lesson_id)
    run = learner.run if learner else None
    admission = policy.admission(viewer, place.course, place.lesson, run, as_student=as_student)
    return place, admission, None if admission.is_team else learner


def _transcript(subtitles: Sequence[Caption], wishes: list[str]) -> Caption | None:
    """The subtitles to read along: in the first language wished for that there is, else whatever there is."""
    for wish in filter(None, wishes):
        for exactly in (True, False):
            for subtitle in subtitles:
                if subtitle.language == wish or (not exactly and _language(subtitle.language) == _language(wish)):
                    return subtitle
    return subtitles[0] if subtitles else None


def _language(tag: str) -> str:
    return tag.split("-")[0].lower()


def uncounted_in_words(page: LearningPage) -> tuple[str, list[tuple[Any, str, str]]]:
    """How much was reported and not counted; for each part when, which and why."""
    parts = [
        (found.at, words.parts_in_words(found.rejection.intervals), _(found.rejection.reason.sentence))
        for found in page.uncounted
    ]
    return words.clock_time(sum(found.rejection.intervals.measure for found in page.uncounted)), parts
