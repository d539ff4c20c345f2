"""The least server that keeps the rule's promises: what the database does for it, done with dictionaries.

One active stream per person, one answer per sequence number, accounts and slack kept between heartbeats, a ledger.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from core.progress.intervals import NOTHING, Intervals
from core.progress.replay import Entry, Heartbeat, Window
from core.progress.rule import Criterion, Decision, Stream, complete, decide, open_stream

START = 1_790_000_000_000
LESSON_MS = 2_700_000


@dataclass
class Watching:
    """A row of the table of streams."""

    person: str
    lesson: str
    account: Stream
    answers: dict[int, Decision] = field(default_factory=dict)


@dataclass
class Server:
    """`now` is its clock; `down` makes it answer nobody (a restart); `after` schedules what the network delivers."""

    criterion: Criterion = field(default_factory=Criterion)
    durations: dict[str, int] = field(default_factory=dict)
    now: int = START
    down: bool = False
    streams: dict[str, Watching] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    watched: dict[tuple[str, str], Intervals] = field(default_factory=dict)
    slack: dict[tuple[str, str], int] = field(default_factory=dict)
    ledger: list[tuple[Heartbeat, Decision]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _due: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)

    def duration(self, lesson: str) -> int:
        return self.durations.get(lesson, LESSON_MS)

    def open(self, person: str = "li", lesson: str = "lesson") -> str:
        before = self.active.get(person)
        stream, closed = open_stream(self.now, self.streams[before].account if before else None)
        if before and closed:
            self.streams[before].account = closed
        key = f"s{len(self.streams) + 1}"
        self.streams[key] = Watching(person, lesson, stream)
        self.active[person] = key
        return key

    def heartbeat(self, key: str, sequence: int, *claim: tuple[int, int]) -> Decision:
        """The answer to a heartbeat; the same one again where the sequence number was used before."""
        row = self.streams[key]
        if sequence in row.answers:
            return row.answers[sequence]
        place = (row.person, row.lesson)
        claimed = Intervals(claim)
        decision = decide(
            self.criterion,
            row.account,
            claimed,
            watched=self.watched.get(place, NOTHING),
            duration_ms=self.duration(row.lesson),
            slack_used_ms=self.slack.get(place, 0),
            now_ms=self.now,
        )
        row.account, row.answers[sequence] = decision.stream, decision
        self.watched[place], self.slack[place] = decision.watched, decision.slack_used_ms
        self.ledger.append((Heartbeat(len(self.ledger) + 1, key, self.now, claimed), decision))
        return decision

    def after(self, delay_ms: int, do: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + delay_ms, next(self._order), do))

    def advance(self, by_ms: int) -> None:
        """Let the clock run and deliver what is due on the way."""
        end = self.now + by_ms
        while self._due and self._due[0][0] <= end:
            self.now, _, do = heapq.heappop(self._due)
            do()
        self.now = end

    def seen(self, person: str = "li", lesson: str = "lesson") -> Intervals:
        return self.watched.get((person, lesson), NOTHING)

    def is_complete(self, person: str = "li", lesson: str = "lesson") -> bool:
        return complete(self.seen(person, lesson), self.duration(lesson), self.criterion)

    def accepted_ms(self, person: str = "li") -> int:
        """Media time accepted from a person in all lessons, repeats included."""
        return sum(
            decision.accepted.measure for beat, decision in self.ledger if self.streams[beat.stream].person == person
        )

    def entries(self) -> list[Entry]:
        return [Entry(beat.id, decision.accepted, decision.rejected) for beat, decision in self.ledger]

    def windows(self) -> dict[str, Window]:
        return {
            key: Window(row.account.opened_ms, row.account.superseded_ms, self.criterion, self.duration(row.lesson))
            for key, row in self.streams.items()
        }
