"""The blueprint of institution administration, the guard of its pages, and the frame they share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core.institutions import admin_queries, policy, queries
from core.institutions.models import Institution
from core.permissions import Permission
from core.users.current import current_person
from core.users.roster_words import ROLES
from core.web.scope import current_viewer

bp = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")

View = Callable[..., ResponseReturnValue]


def on_institution(permission: Permission = Permission.MANAGE_MEMBERS) -> Callable[[View], View]:
    """Decorator: the view is given the :class:`Institution` of its URL, if the person may do ``permission`` there."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(institution_slug: str, **arguments: Any) -> ResponseReturnValue:
            current_person()
            institution = queries.by_slug(institution_slug)
            policy.enter(current_viewer(), institution, permission)
            return view(institution, **arguments)

        return guarded

    return decorate


def page(template: str, institution: Institution, tab: str, /, status: int = 200, **values: Any) -> ResponseReturnValue:
    """A page of the administration, inside the frame with the institution's name and tabs."""
    viewer = current_viewer()
    html = render_template(
        f"admin/{template}",
        institution=institution,
        tab=tab,
        address={"institution_slug": institution.slug},
        tab_counts=admin_queries.tab_counts(institution),
        role_names=ROLES,
        many_institutions=viewer.is_operator or len(viewer.institutions) > 1,
        **values,
    )
    return html, status
