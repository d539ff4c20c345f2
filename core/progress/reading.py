"""Pages and documents under the rule for videos: reading has a length, and time with the page in view is
watched.

The player of a page claims ``[0, 15000)``, ``[15000, 30000)`` … of an imagined film as long as the text
takes to read.
"""

import re
from dataclasses import replace

from core.progress.rule import Criterion

HAN_PER_MINUTE = 500
"""Characters read silently. The national curriculum (义务教育语文课程标准) asks for at least 500 from grades 7 to 9."""

WORDS_PER_MINUTE = 240
"""Brysbaert (2019), "How many words do we read per minute?", J. Memory and Language 109: 238 for silent
reading.
"""

SHORTEST_MS = 5_000
"""Even a page of one line is looked at, and a page left within a blink was not read."""

LONGEST_MS = 300_000
"""Who reads fast or knows the matter is not held longer: past five minutes, time says little about reading.
"""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def reading_ms(text: str) -> int:
    """How long plain text takes to read: its length for the rule, in milliseconds between 5 seconds and 5
    minutes.
    """
    han = len(_HAN.findall(text))
    words = len(_WORD.findall(_HAN.sub(" ", text)))
    needed = han * 60_000 // HAN_PER_MINUTE + words * 60_000 // WORDS_PER_MINUTE
    return min(max(needed, SHORTEST_MS), LONGEST_MS)


def reading_criterion(criterion: Criterion) -> Criterion:
    """The institution's criterion for something that is read: a page has no speed and no seeking."""
    return replace(criterion, max_speed_percent=100, allow_seeking=True)
