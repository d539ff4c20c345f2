"""Every table of core, imported in one place so that the schema is complete whoever asks for it."""

from core import audit, events
from core.courses import models as courses
from core.courses import stamp
from core.enrolment import models as enrolment
from core.files import models as files
from core.institutions import models as institutions
from core.jobs import models as jobs
from core.progress import models as progress
from core.users import models as users
from core.web import once as forms

__all__ = [
    "audit",
    "courses",
    "enrolment",
    "events",
    "files",
    "forms",
    "institutions",
    "jobs",
    "progress",
    "stamp",
    "users",
]
