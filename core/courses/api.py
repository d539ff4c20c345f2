"""Courses as JSON: the catalogue, one course, beginning and changing one, and the steps of its life."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import request

from core.courses import editor_queries, lifecycle, policy, queries, service
from core.courses.api_schemas import (
    CardSchema,
    CatalogueQuery,
    CourseChange,
    CourseSchema,
    LifeSchema,
    NewCourse,
    NewMove,
    SubjectSchema,
)
from core.courses.catalogue import Card
from core.courses.course_page import seen_course
from core.courses.lifecycle import Move
from core.courses.models import Course
from core.courses.search import Question, courses_in_order, enrolment_counts
from core.courses.subjects import SUBJECTS
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.institutions import queries as institutions
from core.institutions.models import Institution
from core.permissions import Permission
from core.tenancy import institution_scope
from core.users.current import current_person
from core.web.api import Blueprint
from core.web.api_document import PUBLIC
from core.web.cursors import LINK, Position, page_of, piece, position
from core.web.scope import current_viewer

bp = Blueprint("course", __name__, url_prefix="/api/v1", description="Courses: finding, reading, making them")

REMEMBERED = 5
"""How many courses a cursor names: the list goes on behind the first of them that is still in it."""


@bp.get("/subjects")
@bp.doc(**PUBLIC)
@bp.response(200, SubjectSchema(many=True))
def subjects() -> Any:
    """The disciplines by which courses are found."""
    return [{"code": code, "name": str(name)} for code, name in SUBJECTS.items()]


@bp.get("/courses")
@bp.doc(**PUBLIC)
@bp.arguments(CatalogueQuery, location="query")
@bp.response(200, page_of(CardSchema), headers=LINK)
def courses(query: dict[str, Any]) -> Any:
    """The published courses that you may find, by the same filters as the catalogue page."""
    found = courses_in_order(Question.from_parameters(request.args), current_viewer())
    found = found[_start(found, position(query["cursor"])) :][: query["limit"] + 1]
    counts = enrolment_counts([card.id for card in found])
    rows = [{**asdict(card), "enrolment_count": counts.get(card.id, 0)} for card in found]
    for row in rows:
        row["credit_hours"] = float(row["credit_hours"] or 0)
    return piece(rows, query["limit"], _last)


def _start(found: list[Card], before: Position) -> int:
    """Where the next piece begins. Courses may have left the list since; one that was shown shows the place."""
    if not before:
        return 0
    places = {card.id: number for number, card in enumerate(found)}
    for course_id in before:
        if course_id in places:
            return places[course_id] + 1
    raise Invalid(_("This list has changed too much since. Begin again without a cursor."), field="cursor")


def _last(rows: Sequence[dict[str, Any]]) -> Position:
    return [row["id"] for row in reversed(rows[-REMEMBERED:])]


@bp.post("/courses")
@bp.arguments(NewCourse)
@bp.response(201, CourseSchema)
def create_course(sent: dict[str, Any]) -> Any:
    """Begins a course, as a draft led by you."""
    person, viewer = current_person(), current_viewer()
    institution = _institution(sent["institution"])
    viewer.must(Permission.CREATE_COURSE, institution_id=institution.id)
    slug = sent.get("slug") or service.suggested_slug(sent["title"])
    with institution_scope(institution.id):
        course = service.create_course(institution.id, person.id, title=sent["title"], slug=slug)
        return _as_json(course, institution)


def _institution(slug: str) -> Institution:
    try:
        return institutions.by_slug(slug)
    except NotFound:
        raise Invalid(_("There is no institution “%(slug)s” here.", slug=slug), field="institution") from None


@bp.get("/courses/<course_slug>")
@bp.doc(**PUBLIC)
@bp.response(200, CourseSchema)
def course(course_slug: str) -> Any:
    """One course: what it teaches, for whom, by whom."""
    seen = seen_course(course_slug, current_viewer())
    return _as_json(seen.course, seen.institution)


@bp.patch("/courses/<course_slug>")
@bp.arguments(CourseChange)
@bp.response(200, CourseSchema)
def change_course(sent: dict[str, Any], course_slug: str) -> Any:
    """Changes what is sent."""
    course, institution = editable(course_slug, Permission.EDIT_COURSE)
    version = sent.pop("version")
    if sent.get("slug", course.slug) != course.slug and course.published_at is not None:
        raise Conflict(_("The course was published under this address, so it stays."), field="slug")
    return _as_json(service.save_information(course.id, version, sent, current_person().id), institution)


@bp.get("/courses/<course_slug>/life")
@bp.response(200, LifeSchema)
def life(course_slug: str) -> Any:
    """Where a course stands, what you can do next, and its history."""
    course, _institution = editable(course_slug, Permission.SEE_DRAFT)
    return _life(course)


@bp.post("/courses/<course_slug>/moves")
@bp.arguments(NewMove)
@bp.response(200, LifeSchema)
def move(sent: dict[str, Any], course_slug: str) -> Any:
    """Makes a step in a course's life: submit, withdraw, send back, publish, archive, revise."""
    course, _institution = editable(course_slug, Permission.SEE_DRAFT)
    return _life(lifecycle.make_move(current_viewer(), course.id, Move(sent["move"]), sent["reason"]))


def editable(course_slug: str, permission: Permission) -> tuple[Course, Institution]:
    """The course for somebody who may do ``permission`` with it, and its institution."""
    current_person()
    found = queries.course_with_institution(course_slug)
    if found is None:
        raise NotFound(_("There is nothing at this address, or it is not open to you."))
    viewer = current_viewer()
    policy.enter_editor(viewer, found[0])
    policy.must(viewer, permission, found[0])
    return found


def _life(course: Course) -> dict[str, Any]:
    return {
        "state": course.state,
        "offers": lifecycle.offers(current_viewer(), course),
        "moves": [
            {
                "before": made.CourseMove.before,
                "after": made.CourseMove.after,
                "actor": made.actor,
                "reason": made.CourseMove.reason,
                "at": made.CourseMove.at,
            }
            for made in editor_queries.moves(course.id)
        ],
    }


def _as_json(course: Course, institution: Institution) -> dict[str, Any]:
    values = {
        name: getattr(course, name)
        for name in CourseSchema().fields
        if name not in {"institution", "team"} and hasattr(course, name)
    }
    return {
        **values,
        "institution": institution.name,
        "institution_slug": institution.slug,
        "team": queries.listed_team(course.id),
    }
