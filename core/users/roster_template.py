"""The template that people fill in: headings, an example row that is never imported, notes."""

from core.i18n import _
from core.web.spreadsheets import csv_bytes, xlsx_bytes

WIDTHS = (14, 16, 30, 16, 10, 18)


def as_csv() -> bytes:
    """The template as CSV; its notes are rows that begin with #."""
    return csv_bytes([_heading(), _example(), *([f"# {line}"] for line in _notes())])


def as_xlsx() -> bytes:
    """The template as a workbook; its notes are on a second sheet. Columns are text, so that zeros in front stay."""
    return xlsx_bytes([_heading(), _example()], _("People"), widths=WIDTHS, notes=(_("Notes"), _notes()))


def _heading() -> list[str]:
    return [_("Name"), _("Number"), _("E-mail"), _("User name"), _("Role"), _("Class")]


def _example() -> list[str]:
    return [_("# Example: Li Lei"), "20260101", "lilei@example.edu.cn", "", _("Student"), _("Software 1")]


def _notes() -> list[str]:
    return [
        _("Rows that begin with # are not imported: you may leave the example where it is."),
        _("Name is needed, and one of number, e-mail and user name. All other columns may be empty."),
        _("Number: student or staff number. It is how the same person is found when the list is imported again."),
        _("Role: student or instructor. Empty: student, or as before. Administrators are named on the people page."),
        _("Without e-mail and user name people log in with their number."),
        _("Passwords are not imported: each person sets one with an activation link."),
        _("Keep numbers as text, so that zeros in front stay and long numbers are not shortened."),
    ]
