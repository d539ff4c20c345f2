"""Lengths of time as people read them; everything inside is milliseconds."""

from core.i18n import _


def clock_text(milliseconds: int) -> str:
    """Minutes and seconds as a player shows them: ``6:52``, ``1:02:03``."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def rough_text(milliseconds: int) -> str:
    """A sum of lengths in words, rounded to minutes: ``1 h 20 min``; empty for nothing."""
    if milliseconds <= 0:
        return ""
    minutes = max(1, round(milliseconds / 60_000))
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return str(_("%(minutes)s min", minutes=minutes))
    if not minutes:
        return str(_("%(hours)s h", hours=hours))
    return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes))
