"""What is measured: each row does one thing that people do, again and again, as somebody else each time."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from tests.benchmarks.seeding import PASSWORD, Seeded
from tests.benchmarks.seeding_courses import DURATION_MS, THINGS
from tests.benchmarks.senders import Answer, Sender

Step = Callable[[int], None]
"""Does the thing once; the number says for the how manieth time."""


def read(path: str, marker: bytes, *, logged_in: bool = False) -> Callable[[Sender, Seeded], Step]:
    """A row that reads ``path``; every answer must contain ``marker``, so that no error page is measured."""

    def prepare(sender: Sender, facts: Seeded) -> Step:
        def step(number: int) -> None:
            user_id = facts.player_ids[number % len(facts.player_ids)]
            headers = {"Cookie": facts.cookies[user_id]} if logged_in else {}
            expect(sender.send("GET", path.format(**_parts(facts, number)), headers), 200, marker)

        return step

    return prepare


def _parts(facts: Seeded, number: int) -> dict[str, object]:
    return {
        "slug": facts.slugs[number * 7 % len(facts.slugs)],
        "word": quote(THINGS[number % len(THINGS)]),
        "lesson": facts.player_lesson,
    }


def expect(answer: Answer, status: int, marker: bytes = b"") -> Answer:
    """The answer, if it is the right one."""
    if answer.status != status or marker not in answer.body:
        start = answer.body[:600].decode(errors="replace")
        raise SystemExit(f"expected {status} with {marker!r}, got {answer.status}:\n{start}")
    return answer


def _teachers(path: str, marker: bytes) -> Callable[[Sender, Seeded], Step]:
    def prepare(sender: Sender, facts: Seeded) -> Step:
        headers = {"Cookie": facts.cookies[facts.teacher_id]}
        return lambda _number: void(expect(sender.send("GET", facts.class_path + path, headers), 200, marker))

    return prepare


def void(_value: object) -> None:
    """Nothing."""


def _log_in(sender: Sender, facts: Seeded) -> Step:
    """The form is fetched and sent, as a browser does; the page it leads to is not part of it."""

    def step(number: int) -> None:
        form = expect(sender.send("GET", "/login"), 200, b"csrf_token")
        token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', form.body)
        assert token is not None
        email = facts.emails[-1 - number % len(facts.emails)]
        fields = {"csrf_token": token[1].decode(), "email": email, "password": PASSWORD}
        headers = {
            "Cookie": form.headers["set-cookie"].partition(";")[0],
            "Content-Type": "application/x-www-form-urlencoded",
        }
        expect(sender.send("POST", "/login", headers, urlencode(fields).encode()), 302)

    return step


@dataclass
class Player:
    """A player of one lesson: what it has reported, and when it last did."""

    headers: dict[str, str]
    stream: str
    reported_at: float = field(default_factory=time.monotonic)
    position_ms: int = 0
    sequence: int = 0

    def heartbeat(self) -> bytes:
        """The next report: what was played at normal speed since the last one."""
        now = time.monotonic()
        start = self.position_ms
        self.position_ms = min(DURATION_MS, start + max(1, int((now - self.reported_at) * 1000)))
        self.reported_at = now
        self.sequence += 1
        body = {"sequence": self.sequence, "intervals": [[start, self.position_ms]], "position_ms": self.position_ms}
        return json.dumps(body).encode()


def _heartbeats(sender: Sender, facts: Seeded) -> Step:
    """Each learner has a stream of their own and reports what the clock allows, so that everything is accepted."""
    players = []
    for user_id in facts.player_ids:
        headers = {
            "Cookie": facts.cookies[user_id],
            "X-CSRFToken": facts.csrf[user_id],
            "Content-Type": "application/json",
        }
        opened = expect(sender.send("POST", f"/api/v1/lessons/{facts.player_lesson}/streams", headers), 201)
        players.append(Player(headers, json.loads(opened.body)["stream_id"]))

    def step(number: int) -> None:
        player = players[number % len(players)]
        path = f"/api/v1/streams/{player.stream}/heartbeats"
        expect(sender.send("POST", path, player.headers, player.heartbeat()), 200, b'"rejected":[]')

    return step


@dataclass(frozen=True, slots=True)
class Peers:
    """CPU milliseconds of today's platforms where the bare view costs ``PEERS_BARE_MS``, and how few may be used there.

    The goal is a tenth of Moodle's figure where there is one, else of Kolibri's.
    """

    moodle: str = ""
    kolibri: str = ""
    goal: float | None = None


NOBODY = Peers()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what it does, and how often in a round."""

    name: str
    title: str
    prepare: Callable[[Sender, Seeded], Step]
    steps: int
    peers: Peers = NOBODY


LIST = Peers("38", "27", 3.8)
PAGE = Peers("153", "", 15.3)
REPORT = Peers("1,765", "444", 176.5)

ROWS = [
    Row("catalogue", "Catalogue, first page", read("/courses", b"/courses/course-"), 200, LIST),
    Row(
        "filters",
        "Catalogue, two filters",
        read("/courses?subject=46&level=advanced", b"/courses/course-"),
        200,
        LIST,
    ),
    Row("search", "Catalogue, a word searched", read("/courses?q={word}", b"/courses/course-"), 200, LIST),
    Row("course", "Course page, visitor", read("/courses/{slug}", b'class="outline"'), 200, PAGE),
    Row(
        "enrolled",
        "Course page, enrolled student",
        read("/courses/course-1", b'class="outline"', logged_in=True),
        200,
        PAGE,
    ),
    Row("login", "Log-in (form fetched and sent)", _log_in, 20, Peers("97–125", "97–125")),
    Row("dashboard", "Student’s dashboard", read("/my", b"/courses/course-1", logged_in=True), 200),
    Row("learn", "Learning page", read("/courses/course-1/lessons/{lesson}", b"<video controls", logged_in=True), 150),
    Row("heartbeat", "Heartbeat (one progress update)", _heartbeats, 600, Peers("35", "14", 3.5)),
    Row("class", "Class view, 100 of 1,000 × 60", _teachers("", b"m-done"), 15, REPORT),
    Row("class-all", "Class view, all 1,000 × 60", _teachers("?page=all", b"m-done"), 5, REPORT),
    Row("csv", "Class as CSV", _teachers(".csv", "课时1".encode()), 5, REPORT),
    Row("xlsx", "Class as XLSX", _teachers(".xlsx", b"PK"), 3, REPORT),
]
