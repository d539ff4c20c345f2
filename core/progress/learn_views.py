"""The learning page, and the subtitles it plays."""

import math

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from core import markdown
from core.courses import captions
from core.errors import NotFound
from core.files.links import download_url, playback_url
from core.files.pictures import picture_url
from core.i18n import _
from core.progress import learn_page, words
from core.progress.learn_page import LearningPage, Wishes
from core.web.scope import current_viewer

bp = Blueprint("learn", __name__, template_folder="templates")

NO_KIND = "progress/kinds/unknown.html"


@bp.get("/courses/<course_slug>/lessons/<int:lesson_id>")
def lesson(course_slug: str, lesson_id: int) -> ResponseReturnValue:
    """A lesson: the player beside the outline, or the sentence that says how one gets to it."""
    page = learn_page.load(course_slug, lesson_id, current_viewer(), _wishes())
    uncounted_time, uncounted = learn_page.uncounted_in_words(page)
    response = make_response(
        render_template(
            "progress/learn.html",
            page=page,
            place=page.place,
            kind_template=page.kind.template if page.kind else NO_KIND,
            body=markdown.render(page.place.lesson.body) if page.admission.sees else "",
            lines=captions.lines(page.transcript) if page.transcript else (),
            player=page.for_player(),
            uncounted=uncounted,
            uncounted_time=uncounted_time,
            clock_time=words.clock_time,
            **_links(page),
        )
    )
    response.status_code = 200 if page.admission.sees else 403
    return response


@bp.get("/courses/<course_slug>/lessons/<int:lesson_id>/captions/<string(maxlength=16):language>.vtt")
def caption(course_slug: str, lesson_id: int, language: str) -> ResponseReturnValue:
    """Subtitles of a lesson, for whoever may see the lesson."""
    place, admission, _learner = learn_page.admitted(
        course_slug, lesson_id, current_viewer(), as_student=_wishes().as_student
    )
    found = captions.find(place.lesson.id, language) if admission.sees else None
    if found is None:
        raise NotFound(_("There are no captions in this language."))
    response = Response(found.vtt, mimetype="text/vtt")
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(f"{found.id}-{found.updated_at.timestamp()}")
    return response.make_conditional(request)


def _wishes() -> Wishes:
    seconds = request.args.get("t", type=float)
    if seconds is not None and not math.isfinite(seconds):
        seconds = None
    return Wishes(request.args.get("as") == "student", seconds, request.args.get("captions", ""))


def _links(page: LearningPage) -> dict[str, str | None]:
    """Links to the lesson's file, for whoever sees the lesson; the course's cover stands before the film."""
    asset = page.place.asset
    if asset is None or not page.admission.sees:
        return {"media_url": None, "save_url": None, "poster_url": None}
    cover_id = page.place.course.cover_id
    return {
        "media_url": playback_url(asset, user_id=page.user_id),
        "save_url": download_url(asset, user_id=page.user_id),
        "poster_url": picture_url(cover_id, 1280) if cover_id else None,
    }
