"""How large a roster may be, and the one exception for files of which nothing can be used."""

from typing import Any

MOST_BYTES = 20 * 1024**2
MOST_UNPACKED = 96 * 1024**2
MOST_RATIO = 200
"""How many bytes may come out of one: text of a roster packs to a tenth, a bomb to a thousandth."""
MOST_FILES = 200
MOST_ROWS = 50_000
MOST_COLUMNS = 200
LONGEST_CELL = 500


class Unusable(ValueError):
    """Nothing can be imported from this file; ``core.users.roster_words`` makes ``code`` and ``params`` a sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
