"""WebVTT timestamps (W3C WebVTT, section 6.3, "collect a WebVTT timestamp")."""

import re

# Twelve digits of hours still fit into 64 bits of milliseconds; no recording needs as many.
TIMESTAMP = r"([0-9]{1,12}):([0-9]{2})(?::([0-9]{2}))?\.([0-9]{3})(?![0-9])"
_TIMESTAMP = re.compile(TIMESTAMP)


def timestamp(parts: tuple[str | None, ...]) -> int | None:
    """Milliseconds from the four groups of ``TIMESTAMP``, or ``None`` if they make no valid time.

    A first part that is not two digits, or is above 59, is hours, and then seconds must be given as well.
    """
    first, second, third, fraction = (int(part) if part is not None else None for part in parts)
    if third is None:
        if len(parts[0] or "") != 2 or (first or 0) > 59:
            return None
        first, second, third = 0, first, second
    hours, minutes, seconds, thousandths = (part or 0 for part in (first, second, third, fraction))
    if minutes > 59 or seconds > 59:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def parse_timestamp(text: str) -> int | None:
    """Milliseconds of a text that is one timestamp and nothing else."""
    match = _TIMESTAMP.fullmatch(text)
    return timestamp(match.groups()) if match else None


def write_timestamp(milliseconds: int) -> str:
    """The timestamp with hours, which every parser reads."""
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"
