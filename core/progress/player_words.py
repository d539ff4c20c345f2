"""What the player says while it plays; its scripts carry no words of their own."""

from core.i18n import _


def player_words() -> dict[str, str]:
    """Every sentence and label that the scripts of the learning page show, in the reader's language."""
    return {
        "offline": _(
            "The server cannot be reached. Go on watching: what you watch is kept here and sent as soon as it can be."
        ),
        "online": _("The server can be reached again; everything you watched has been sent."),
        "unreachable": _("The server cannot be reached, so nothing can be counted yet. Press play to try again."),
        "logged_out": _("You have been logged out. What you watched is kept here; log in and it will be sent."),
        "log_in": _("Log in"),
        "superseded": _("You went on watching in another window or on another device. Nothing is counted here now."),
        "take_over": _("Go on here"),
        "replaced": _("The teacher has replaced the file of this lesson."),
        "reload": _("Load the page again"),
        "media_lost": _("The video could not be loaded. Check the line and try again."),
        "again": _("Try again"),
        "speed": _("Playback speed {playbackRate}x"),
        "too_fast": _("Only up to %(speed)s× is counted here."),
        "no_skipping": _("Parts that you have not watched yet cannot be skipped in this course."),
        "rejected": _("%(seconds)s seconds were not counted. %(why)s"),
        "record": _("My record"),
        "no_match": _("Nothing found in the transcript."),
        "matches": _("%(count)s lines found"),
        "page_of": _("Page %(page)s of %(pages)s"),
        "pdf_failed": _("This document cannot be shown here. Download it to read it."),
    }
