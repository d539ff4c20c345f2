"""The audit log in words."""

from dataclasses import dataclass
from typing import Any

from core.i18n import _, _l, format_datetime
from core.institutions.admin_queries import LogLine

ACTIONS: dict[str, Any] = {
    "institutions.created": _l("made the institution"),
    "institutions.saved": _l("changed rules or profile"),
    "institutions.logo_changed": _l("changed the logo"),
    "people.added": _l("added %(person)s"),
    "people.changed": _l("changed number or class of %(person)s"),
    "people.corrected": _l("corrected the account of %(person)s"),
    "people.role_changed": _l("changed the role of %(person)s"),
    "people.removed": _l("removed %(person)s from the institution"),
    "people.links_made": _l("made %(count)s activation links"),
    "people.links_mailed": _l("sent activation links to %(count)s people"),
    "people.import_started": _l("started importing “%(file)s”"),
    "people.imported": _l("imported “%(file)s”"),
    "courses.created": _l("made the course “%(title)s”"),
    "courses.edited": _l("changed a course's information"),
    "courses.copied": _l("copied a course"),
    "courses.submit": _l("submitted a course for review"),
    "courses.withdraw": _l("withdrew a course"),
    "courses.send_back": _l("sent a course back: %(reason)s"),
    "courses.publish": _l("approved and published a course"),
    "courses.archive": _l("archived a course: %(reason)s"),
    "courses.revise": _l("took a course back to draft"),
    "courses.chapter_deleted": _l("deleted the chapter “%(title)s”"),
    "courses.chapter_restored": _l("restored the chapter “%(title)s”"),
    "courses.lesson_deleted": _l("deleted the lesson “%(title)s”"),
    "courses.lesson_restored": _l("restored the lesson “%(title)s”"),
    "courses.run_created": _l("made the run “%(title)s”"),
    "courses.run_saved": _l("changed the run “%(title)s”"),
    "courses.run_deleted": _l("deleted the run “%(title)s”"),
    "courses.team_added": _l("put %(person)s on a course's team"),
    "courses.team_changed": _l("changed the role of %(person)s on a course's team"),
    "courses.team_removed": _l("took %(person)s off a course's team"),
    "courses.reviewer_named": _l("named the reviewer of a course"),
    "enrolment.admitted": _l("admitted a learner"),
    "enrolment.refused": _l("did not admit %(person)s"),
    "enrolment.removed": _l("took %(person)s out of a run"),
    "files.stored": _l("uploaded “%(name)s”"),
    "lesson.captions_stored": _l("stored captions"),
    "lesson.captions_removed": _l("removed captions"),
    "progress.ruling": _l("ruled on a learner's progress"),
}


class _Params(dict[str, Any]):
    """What an entry says; entries of older versions may lack a word of the sentence."""

    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as the list shows it."""

    text: str
    actor: str
    iso: str
    exact: str
    reason: str = ""


def told(line: LogLine) -> Told:
    """An entry in the reader's language; acts that no sentence is known for show their name."""
    sentence = str(ACTIONS.get(line.action, line.action.replace("%", "%%")))
    text = sentence % _Params(line.details, person=line.person or _("somebody"))
    return Told(text, line.actor or _("The system"), line.at.isoformat(), format_datetime(line.at))
