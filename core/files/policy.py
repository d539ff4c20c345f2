"""May they? Who uploads into a course, and who sees how a file is doing."""

from core.courses import kinds
from core.courses import policy as courses
from core.courses.models import Course, Lesson
from core.errors import Invalid, LogInNeeded, NotAllowed, NotFound
from core.files.models import Asset, Upload
from core.i18n import _
from core.permissions import Permission, Viewer


def must_upload(viewer: Viewer, course: Course, lesson: Lesson | None) -> int:
    """Lets people pass who may change the course, while it may be changed; returns the person's id."""
    courses.enter_editor(viewer, course)
    courses.must(viewer, Permission.EDIT_COURSE, course)
    courses.must_be_changeable(course)
    if viewer.user_id is None:
        raise LogInNeeded(_("Log in to upload files."))
    if lesson is not None:
        kind = kinds.find(lesson.kind)
        if kind is None or not kind.accepts:
            label = kind.label if kind else lesson.kind
            raise Invalid(_("A lesson of the kind “%(kind)s” has no file.", kind=label), field="lesson_id")
    return viewer.user_id


def must_go_on(viewer: Viewer, upload: Upload) -> None:
    """Lets only the uploader go on with an upload, and only while they may still change the course."""
    if viewer.user_id is None:
        raise LogInNeeded(_("Log in to go on with the upload; what has arrived is kept."))
    if viewer.user_id != upload.user_id:
        raise NotFound(_("There is no such upload, or it is not yours."))
    if not _edits(viewer, upload):
        raise NotAllowed(_("You may not change this course any more. Ask its leader if you need to."))


def must_see(viewer: Viewer, upload: Upload) -> None:
    """Lets the uploader and the people who make the course see how it is doing."""
    if viewer.user_id is None:
        raise LogInNeeded(_("Log in to see your uploads."))
    if viewer.user_id != upload.user_id and not _edits(viewer, upload):
        raise NotFound(_("There is no such upload, or it is not yours."))


def must_see_asset(viewer: Viewer, asset: Asset, courses: list[tuple[int, int]]) -> None:
    """Lets the uploader, the teams of the courses made of it and the institution's administrators see an asset.

    To everybody else there is no such file, whatever they may watch of it. ``courses``: (institution id, course id).
    """
    places = [{"institution_id": institution, "course_id": course} for institution, course in courses]
    if asset.institution_id is not None:
        places.append({"institution_id": asset.institution_id})
    is_own = viewer.user_id is not None and viewer.user_id == asset.uploader_id
    if not is_own and not any(viewer.may(Permission.SEE_DRAFT, **place) for place in places):
        raise NotFound(_("There is no such file, or it is not open to you."))


def _edits(viewer: Viewer, upload: Upload) -> bool:
    place = {"institution_id": upload.institution_id, "course_id": upload.course_id}
    return viewer.may(Permission.EDIT_COURSE, **place)
