"""Who may enter the administration of an institution."""

from core.errors import NotFound
from core.i18n import _
from core.institutions.models import Institution
from core.permissions import GRANTS, Permission, Viewer


def administers_somewhere(viewer: Viewer) -> bool:
    """Whether there is any institution this person manages: the operator, and administrators of their own."""
    manages = GRANTS[Permission.MANAGE_INSTITUTION]
    return viewer.may(Permission.MANAGE_SITE) or any(role in manages for role in viewer.institutions.values())


def enter(viewer: Viewer, institution: Institution, permission: Permission) -> None:
    """Raises :class:`NotAllowed` for members whose role is another, :class:`NotFound` for everybody else."""
    if viewer.may(permission, institution_id=institution.id):
        return
    if institution.id not in viewer.institutions:
        raise NotFound(_("There is nothing at this address, or it is not open to you."))
    viewer.must(permission, institution_id=institution.id)
