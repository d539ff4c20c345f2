"""The sentences of rosters: why a file or a row is refused, what changes, what the columns are called."""

from typing import Any

from core.i18n import _, _l
from core.institutions.models import InstitutionRole
from core.users.models import ImportState, RowOutcome
from core.users.roster_limits import Unusable

COLUMNS: dict[str, Any] = {
    "name": _l("Name"),
    "family": _l("Family name"),
    "given": _l("Given name"),
    "middle": _l("Middle name"),
    "external_id": _l("Number"),
    "email": _l("E-mail"),
    "other_email": _l("E-mail"),
    "username": _l("User name"),
    "role": _l("Role"),
    "class_name": _l("Class"),
    "grade": _l("Class"),
    "status": _l("Status"),
    "enabled": _l("Status"),
}

ROLES: dict[str, Any] = {
    InstitutionRole.ADMINISTRATOR: _l("Administrator"),
    InstitutionRole.INSTRUCTOR: _l("Instructor"),
    InstitutionRole.STUDENT: _l("Student"),
}

OUTCOMES: dict[RowOutcome, Any] = {
    RowOutcome.REFUSED: _l("Not importable"),
    RowOutcome.CREATED: _l("New"),
    RowOutcome.JOINED: _l("Joins"),
    RowOutcome.UPDATED: _l("Updated"),
    RowOutcome.UNCHANGED: _l("Unchanged"),
}
"""In the order in which people want to look at them."""

STATES: dict[ImportState, Any] = {
    ImportState.CHECKING: _l("Being checked"),
    ImportState.CHECKED: _l("Checked, nothing written yet"),
    ImportState.APPLYING: _l("Being imported"),
    ImportState.APPLIED: _l("Imported"),
    ImportState.FAILED: _l("Failed"),
}

_FILES: dict[str, Any] = {
    "file_empty": _l("The file is empty. Fill in the template and upload it again."),
    "file_large": _l("The file is larger than %(most)s MB. Split it into several."),
    "file_old_excel": _l("This is the old Excel format (.xls). Save it as .xlsx or CSV and upload that."),
    "file_not_a_table": _l("This file is no table. Upload a CSV or XLSX file, or a ZIP of SDS files."),
    "file_encoding": _l("The text of the file is in an encoding we do not know. Save it as “CSV UTF-8” or as XLSX."),
    "file_quotes": _l("From row %(row)s on, quotation marks do not pair up. Save the list as XLSX and upload that."),
    "file_rows": _l("There are more than %(most)s rows. Split the list into several files."),
    "file_columns": _l("There are more than %(most)s columns. Keep only those the template has."),
    "file_heading_missing": _l(
        "There is no row of headings with a name and a number, e-mail or user name. Compare the file with the template."
    ),
    "file_heading_only": _l("There are headings but no people below them."),
    "file_about_other_things": _l(
        "This file lists schools, classes or enrolments, no people. Upload the students' and teachers' files, or a ZIP "
        "of all of them."
    ),
    "archive_damaged": _l("The file is damaged or protected with a password. Save it again and upload it anew."),
    "archive_files": _l("There are more than %(most)s files in it. Put only the lists of people into it."),
    "archive_large": _l("Unpacked it would be larger than %(most)s MB. Split it into several files."),
    "archive_without_tables": _l("There is no CSV file in it. Put the lists of people into it as CSV."),
}

_ROWS: dict[str, Any] = {
    "row_encoding": _l("“%(column)s” holds bytes that are no text. Type it anew and save the file as “CSV UTF-8”."),
    "row_character": _l("“%(column)s” holds a character that cannot be stored. Type it anew."),
    "row_formula": _l("“%(column)s” begins like a formula (%(text)s). Paste the value instead of the formula."),
    "row_quotes": _l("“%(column)s” runs over several lines. A quotation mark is probably not closed."),
    "row_long": _l("“%(column)s” is longer than %(most)s characters. Shorten it."),
    "row_shortened": _l(
        "Excel shortened “%(column)s” to %(text)s. Format the column as text and type the digits again."
    ),
    "row_name_missing": _l("The name is missing. Fill it in."),
    "row_login_missing": _l("Number, e-mail and user name are all missing. One of them is needed to log in."),
    "row_role_unknown": _l("There is no role “%(role)s”. Write student or instructor, or leave it empty."),
    "row_role_administrator": _l(
        "A file makes no administrators. Import the person as an instructor and change the role on the people page."
    ),
    "row_left": _l("The file marks this person as having left. Remove them on the people page if that is right."),
    "row_email": _l("“%(email)s” is no e-mail address. It should look like name@school.edu.cn."),
    "row_username": _l("“%(username)s” cannot be a user name: letters, digits, dots, hyphens and underscores only."),
    "row_double": _l("“%(text)s” stands in row %(row)s already. Keep one of the two rows."),
    "row_double_elsewhere": _l("“%(text)s” stands in row %(row)s of %(source)s already. Keep one of the two rows."),
    "row_same_person": _l("An earlier row is about the same person. Keep one of the two rows."),
    "row_number_of_other": _l(
        "Number %(number)s belongs to %(name)s here, but %(email)s to somebody else's account. Correct one of them."
    ),
    "row_email_unconfirmed": _l(
        "Somebody has an account under %(email)s, but has not shown that the address is theirs. Ask the person to "
        "confirm it, or to set a new password by e-mail, which does so too; then import the row again."
    ),
    "row_number_differs": _l(
        "%(email)s has the number %(known)s here, the file says %(number)s. Correct the file, or the person on the "
        "people page."
    ),
    "row_username_taken": _l("The user name “%(username)s” is taken. Give another, or leave it empty."),
    "row_number_no_login": _l(
        "Number %(number)s cannot be used to log in, or is taken on this site. Give an e-mail address or a user name."
    ),
}

_NOTES: dict[str, Any] = {
    "email_kept": _l("The e-mail address stays: only the person can change it."),
    "username_kept": _l("The user name stays: the account is in use."),
    "administrator_kept": _l("Stays an administrator."),
}


def about_file(error: Unusable) -> str:
    """Why nothing can be imported from a file."""
    return str(_FILES[error.code]) % error.params


def about_refusal(reason: dict[str, Any]) -> str:
    """Why a row is refused, and what to do."""
    params = {**reason["params"], "column": COLUMNS[reason["column"]]}
    return str(_ROWS[reason["code"]]) % params


def about_row(outcome: str, reason: dict[str, Any]) -> str:
    """What happens to a row, beyond the outcome's name: the reason, the changes, what is kept."""
    if outcome == RowOutcome.REFUSED:
        return about_refusal(reason)
    parts = []
    if outcome == RowOutcome.JOINED:
        parts.append(_("There is an account with this e-mail address. It joins and stays as it is."))
    if reason.get("username"):
        parts.append(_("Logs in with the user name %(username)s.", username=reason["username"]))
    for column, (before, after) in reason.get("changes", {}).items():
        parts.append(
            _("%(column)s: %(before)s → %(after)s", column=COLUMNS[column], before=_value(before), after=_value(after))
        )
    parts += [str(_NOTES[note]) for note in reason.get("notes", [])]
    return " ".join(parts)


def _value(text: str | None) -> str:
    return str(ROLES.get(text or "", text or "–"))
