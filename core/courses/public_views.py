"""The public face: the front page, the catalogue, institutions, and what search engines ask for."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, get_template_attribute, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from core.config import current_settings
from core.courses import queries
from core.courses.catalogue import remembered
from core.courses.course_page import render_course_page, seen_course
from core.courses.models import Level
from core.courses.search import SORTS, Answer, Question, looser, search_courses
from core.courses.words import LEVELS
from core.files.pictures import picture_url
from core.i18n import language_tag
from core.institutions.queries import by_slug
from core.web.scope import current_viewer

bp = Blueprint("courses", __name__, template_folder="templates")

ON_THE_FRONT_PAGE = 8


@bp.get("/")
def home() -> ResponseReturnValue:
    """The front page: search, what is new, the disciplines, who teaches."""
    viewer = current_viewer()

    def render() -> str:
        answer = search_courses(Question(), viewer, per_page=ON_THE_FRONT_PAGE)
        options = {facet.name: facet.options for facet in answer.facets}
        return render_template("courses/_home.html", answer=answer, options=options)

    main = remembered(viewer, ("home", language_tag()), render)
    return render_template("courses/home.html", main=Markup(main), canonical=canonical("/"))  # noqa: S704 - ours


@bp.get("/courses")
def catalogue() -> ResponseReturnValue:
    """The catalogue; the address holds the whole question."""
    viewer, question = current_viewer(), Question.from_parameters(request.args)

    def render() -> tuple[str, str, bool]:
        answer = search_courses(question, viewer)
        nothing = not answer.cards and not answer.question.is_plain
        page = _catalogue_page(answer, looser(answer.question, viewer) if nothing else [])
        # Filters make endless addresses; what search engines keep is the plain list.
        address = canonical(Question().address(url_for("courses.catalogue"), answer.question.page))
        return render_template("courses/_catalogue.html", **page), address, answer.question.is_plain

    key = ("catalogue", language_tag(), question.address("", question.page))
    main, address, is_plain = remembered(viewer, key, render)
    return render_template(
        "courses/catalogue.html",
        main=Markup(main),  # noqa: S704 - rendered above
        canonical=address,
        is_plain=is_plain,
    )


@bp.get("/courses/<course_slug>")
def course(course_slug: str) -> ResponseReturnValue:
    """A course's page."""
    viewer = current_viewer()
    return render_course_page(seen_course(course_slug, viewer), viewer)


@bp.get("/i/<institution_slug>")
def institution(institution_slug: str) -> ResponseReturnValue:
    """An institution's public face: who it is, and its courses."""
    found = by_slug(institution_slug)
    question = Question(ticked={"institution": (institution_slug,)})
    answer = search_courses(question, current_viewer())
    has_courses = bool(answer.question.ticked)
    return render_template(
        "courses/institution.html",
        institution=found,
        answer=answer if has_courses else None,
        catalogue_url=question.address(url_for("courses.catalogue")),
        canonical=canonical(url_for("courses.institution", institution_slug=institution_slug)),
    )


@bp.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """Every page that anybody may read, for search engines (sitemaps.org)."""
    pages: list[tuple[str, str | None]] = [(canonical(url_for("courses.catalogue")), None)]
    pages += [
        (canonical(url_for("courses.course", course_slug=slug)), changed_at.date().isoformat())
        for slug, changed_at in queries.public_courses()
    ]
    return Response(render_template("courses/sitemap.xml", pages=pages), mimetype="application/xml")


@bp.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """What search engines may read: the public pages, but not every combination of filters."""
    lines = ["User-agent: *", "Disallow: /account/", "Disallow: /admin/", "Disallow: /api/", "Disallow: /my"]
    lines += ["Disallow: /teach", "Disallow: /courses?", f"Sitemap: {canonical(url_for('courses.sitemap'))}", ""]
    return Response("\n".join(lines), mimetype="text/plain")


def canonical(path: str) -> str:
    """The one address of a page, as search engines and shared links know it."""
    return current_settings().base_url.rstrip("/") + path


def _catalogue_page(answer: Answer, hints: list[tuple[Any, Question, int]]) -> dict[str, Any]:
    question, base = answer.question, url_for("courses.catalogue")
    chips = [(option.label, question.without(name, option.value).address(base)) for name, option in answer.ticks]
    if question.words:
        chips.insert(0, (f"“{question.words}”", replace(question, words="").address(base)))
    return {
        "answer": answer,
        "question": question,
        "ticked": [(name, value) for name, values in question.ticked.items() for value in values],
        "sorts": SORTS,
        "chips": chips,
        "hints": [(label, less.address(base), count) for label, less, count in hints],
        "page_url": lambda page: question.address(base, page),
    }


@bp.app_template_global()
def course_cards(answer: Answer, level: str = "h2", eager: int = 3) -> Markup:
    """The answer's cards as a grid; the covers of the first ``eager`` are fetched at once.

    A card looks the same to everybody, so each is rendered once per language and kept with the catalogue it is from.
    """
    card = get_template_attribute("courses/cards.html", "card")
    root, language, kept = url_for("courses.catalogue"), language_tag(), answer.catalogue.rendered_cards
    parts = []
    for place, course in enumerate(answer.cards):
        key = (course.id, language, root, level, place < eager)
        if key not in kept:
            kept[key] = card(course, root, level, place < eager)
        parts.append(kept[key])
    return Markup('<ul class="catalogue-grid">{}</ul>').format(Markup("").join(parts))


@bp.app_template_global()
def level_name(level: str) -> Any:
    """What a level is called."""
    return LEVELS.get(Level(level), "")


@bp.app_template_global()
def cover_url(course: Any, width: int = 640) -> str | None:
    """Where a course's cover is; None where it has none and one is drawn from its title."""
    return picture_url(course.cover_id, width) if course.cover_id else None


@bp.app_template_global()
def photo_url(person: Any) -> str | None:
    """Where a person's photo is; None where there is none and initials stand for it."""
    return picture_url(person.avatar_id, 128) if person.avatar_id else None


@bp.app_template_global()
def logo_url(institution: Any) -> str | None:
    """Where an institution's logo is, if it has one."""
    return picture_url(institution.logo_id, 128) if institution.logo_id else None
