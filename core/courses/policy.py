"""May they? Who sees a course, who opens its editor, and when it may be changed."""

from core.courses.models import Course, CourseState, Visibility
from core.errors import Conflict, LogInNeeded, NotAllowed, NotFound
from core.i18n import _
from core.permissions import Permission, Viewer

CHANGEABLE = frozenset({CourseState.DRAFT, CourseState.PUBLISHED})
"""While it is reviewed a course stands still, so that what is approved is what was read; an archive stays as it was."""


def may(viewer: Viewer, permission: Permission, course: Course) -> bool:
    """Whether the person holds ``permission`` on this course, by any role."""
    return viewer.may(
        permission,
        institution_id=course.institution_id,
        course_id=course.id,
        reviewer_id=course.reviewer_id,
    )


def must(viewer: Viewer, permission: Permission, course: Course) -> None:
    """As :func:`may`, raising :class:`NotAllowed`."""
    if not may(viewer, permission, course):
        raise NotAllowed(_("Your role in this course does not include this. Ask its leader if you need it."))


def sees_published(viewer: Viewer, course: Course) -> bool:
    """Whether the course is published and open to this person's eyes."""
    if course.state != CourseState.PUBLISHED:
        return False
    return course.visibility == Visibility.PUBLIC or may(viewer, Permission.SEE_MEMBERS_COURSES, course)


def sees_page(viewer: Viewer, course: Course, *, is_enrolled: bool) -> bool:
    """Whether the course's page is there for this person. Who learns in a course keeps it, also in the archive."""
    if sees_published(viewer, course) or may(viewer, Permission.SEE_DRAFT, course):
        return True
    return is_enrolled and course.state in {CourseState.PUBLISHED, CourseState.ARCHIVED}


def enter_editor(viewer: Viewer, course: Course) -> None:
    """Lets the team, the reviewer and the administrators pass.

    Others learn of the editor only what they know already: a visitor of a public course is asked to log in, a member of
    the institution is told that the role is missing, and to everybody else there is nothing here.
    """
    if may(viewer, Permission.SEE_DRAFT, course):
        return
    if sees_published(viewer, course):
        if viewer.user_id is None:
            raise LogInNeeded(_("Log in to work on this course."))
        if course.institution_id in viewer.institutions:
            raise NotAllowed(_("Only the people who make this course can open its editor."))
    raise NotFound(_("There is nothing at this address, or it is not open to you."))


def must_be_changeable(course: Course) -> None:
    """Raises :class:`Conflict` where the course's state holds it still, saying how to loosen it."""
    if course.state == CourseState.IN_REVIEW:
        raise Conflict(_("This course is being reviewed and stands still meanwhile. Withdraw it to change it."))
    if course.state == CourseState.ARCHIVED:
        raise Conflict(_("This course is archived. Take it back to draft to change it."))


def creating_institutions(viewer: Viewer) -> list[int]:
    """Ids of the institutions in which the person may start a course."""
    return [
        institution_id
        for institution_id in viewer.institutions
        if viewer.may(Permission.CREATE_COURSE, institution_id=institution_id)
    ]
