"""Why seconds were not counted: every reason a learner can be given, with the sentence they read."""

from enum import StrEnum


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for "extract, translate later")
    """Marks a message for translation and returns it as it is; whoever shows it translates it."""
    return message


class Reason(StrEnum):
    """Why seconds were not counted. `sentence` is what the learner reads, in English; pages translate it."""

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> "Reason":
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    FASTER_THAN_CLOCK = (
        "faster_than_clock",
        N_("More was reported than could have been played in the time that passed. Watch this part again."),
    )
    BEYOND_END = ("beyond_end", N_("This lies after the end of the lesson."))
    MALFORMED = ("malformed", N_("The report was not a list of start and end times in whole milliseconds."))
    OTHER_DEVICE_ACTIVE = (
        "other_device_active",
        N_("You had gone on in another window or on another device. Only one counts at a time."),
    )
    TOO_LATE = (
        "too_late",
        N_("The report arrived too late to be checked against the clock. Watch this part again."),
    )
    TOO_FRAGMENTED = (
        "too_fragmented",
        N_("What was watched is in too many small pieces. Watch the gaps between them to go on."),
    )
    MEDIA_REPLACED = (
        "media_replaced",
        N_("The teacher replaced the file of this lesson while it was open. Load the page again."),
    )
    NOT_YOUR_STREAM = ("not_your_stream", N_("This viewing session is not known. Load the page again."))
    RUN_CLOSED = ("run_closed", N_("The course run had ended, so nothing more is counted."))
    WITHDRAWN = ("withdrawn", N_("A teacher withdrew this part and gave a reason."))


class MalformedClaim(ValueError):
    """A claim that cannot be read. `reason` is for the page, the message names what is wrong."""

    def __init__(self, message: str, reason: Reason = Reason.MALFORMED) -> None:
        super().__init__(message)
        self.reason = reason
