"""A player that tells the truth over a bad line: what the real one in the browser does, second by second.

It sends a heartbeat every 15 seconds, keeps what was not acknowledged in a journal that survives the page, sends it
again under the same sequence number, and on a new visit sends the journal before it opens a new stream.
"""

import random
from dataclasses import dataclass, field
from functools import partial

from core.progress.intervals import NOTHING, Intervals
from tests.progress.server_in_memory import Server

BEAT_MS = 15_000


@dataclass
class Unsent:
    stream: str
    sequence: int
    piece: tuple[int, int]


@dataclass
class HonestClient:
    """One device of one person. Methods take seconds of real time; `seek` takes a place in the film."""

    server: Server
    person: str = "li"
    lesson: str = "lesson"
    speed: float = 1.0
    position: float = 0.0
    on_line: bool = True
    answers_lost: bool = False
    played: Intervals = NOTHING
    """The truth: what really ran past this person's eyes."""
    stream: str | None = None
    sequence: int = 0
    journal: list[Unsent] = field(default_factory=list)
    since: float = 0.0
    """Where the piece being played began."""
    beat_due: int = BEAT_MS
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def play(self, seconds: float) -> None:
        """Play on. The first play of a visit sends what the last one left behind and then opens a stream."""
        if self.stream is None:
            self._send()
            self.server.advance(3_000 if self.journal else 0)
            self.stream, self.sequence, self.beat_due = self.server.open(self.person, self.lesson), 0, BEAT_MS
        self.since = self.position
        left = min(round(seconds * 1000), round((self.server.duration(self.lesson) - self.position) / self.speed))
        while left > 0:
            step = min(left, self.beat_due)
            self.server.advance(step)
            self.position += step * self.speed
            left -= step
            self.beat_due -= step
            if not self.beat_due:
                self._note()
                self._send()
                self.beat_due = BEAT_MS

    def pause(self, seconds: float = 0) -> None:
        self._note()
        self._send()
        self.server.advance(round(seconds * 1000))

    def seek(self, to_ms: int) -> None:
        self._note()
        self.position = self.since = float(to_ms)

    def sleep(self, seconds: float) -> None:
        """The laptop's lid falls without a warning: nothing is sent, nothing runs; afterwards the film goes on."""
        self._note()
        self.server.advance(round(seconds * 1000))

    def close(self, *, flush: bool = True) -> None:
        """Leave the page. `flush=False`: the last message is lost (the phone killed the browser)."""
        self._note()
        if flush:
            self._send()
        self.stream = None

    def lock_phone(self, seconds: float) -> None:
        """The page is hidden: it sends what it has, and the system stops it."""
        self.pause(seconds)

    def _note(self) -> None:
        start, end = round(self.since), min(round(self.position), self.server.duration(self.lesson))
        if self.stream is not None and start < end:
            self.sequence += 1
            self.journal.append(Unsent(self.stream, self.sequence, (start, end)))
            self.played |= Intervals([(start, end)])
        self.since = self.position

    def _send(self) -> None:
        """Everything not yet acknowledged, each message on a path of its own, so that they may overtake each other."""
        if not self.on_line:
            return
        for message in self.journal:
            self.server.after(self.chance.randint(20, 2_500), partial(self._arrive, message))

    def _arrive(self, message: Unsent) -> None:
        if self.server.down:
            return
        self.server.heartbeat(message.stream, message.sequence, message.piece)
        if not self.answers_lost and message in self.journal:
            self.journal.remove(message)

    def kept(self) -> float:
        """The share of honestly watched time that counts, once the line is quiet."""
        self.server.advance(5_000)
        return (self.server.seen(self.person, self.lesson) & self.played).measure / self.played.measure
