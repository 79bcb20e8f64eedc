"""On-call schedules: calendars and PagerDuty, with what they answer and how they fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.ical_schedule import ICalSchedule
from bot.adapters.pagerduty import PagerDutySchedule
from bot.errors import RetryLater, UserError
from bot.ports import OnCallPerson

BERLIN = ZoneInfo("Europe/Berlin")


def calendar(*events: str) -> str:
    """A calendar of events, each a title and further lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:tests"]
    for number, event in enumerate(events):
        title, *more = event.split("|")
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}",
            "DTSTAMP:20261101T000000Z",
            f"SUMMARY:{title}",
            *more,
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


EVERY_OTHER_WEEK = "RRULE:FREQ=WEEKLY;INTERVAL=2"
ROTA = calendar(
    "Ana Lee|DTSTART;TZID=Europe/Berlin:20261012T090000|DTEND;TZID=Europe/Berlin:20261019T090000"
    f"|{EVERY_OTHER_WEEK}|ATTENDEE:mailto:ana@example.org|EXDATE;TZID=Europe/Berlin:20261207T090000",
    "Ben|DTSTART;VALUE=DATE:20261019|DTEND;VALUE=DATE:20261026"
    f"|{EVERY_OTHER_WEEK}|DESCRIPTION:call <@U0BEN12345> first",
    "Cam instead|DTSTART:20261208T000000|DTEND:20261209T000000",
    "Nobody|DTSTART:20261208T000000|DTEND:20261209T000000|STATUS:CANCELLED",
)


def schedule(source: object, timeout: float = 5) -> ICalSchedule:
    return ICalSchedule(name="primary", source=str(source), zone=BERLIN, timeout=timeout)


@pytest.fixture
def rota(tmp_path: Path) -> Path:
    file = tmp_path / "rota.ics"
    file.write_bytes(b"\xef\xbb\xbf" + ROTA.encode())
    return file


@pytest.mark.parametrize(
    ("moment", "names"),
    [
        ("2026-10-12T06:59Z", []),
        ("2026-10-12T07:00Z", ["Ana Lee"]),
        ("2026-10-18T22:30Z", ["Ben", "Ana Lee"]),  # midnight in Berlin begins Ben's day
        ("2026-10-26T07:59Z", []),  # 8:59, after summer time
        ("2026-10-26T08:00Z", ["Ana Lee"]),
        ("2026-12-07T12:00Z", []),  # left out of the series
        ("2026-12-08T12:00Z", ["Cam instead"]),
    ],
)
def test_a_shift_is_an_event(rota: Path, moment: str, names: list[str]) -> None:
    found = schedule(rota).at(datetime.fromisoformat(moment))
    assert [person.name for person in found] == names


def test_an_event_says_how_to_find_the_person(rota: Path) -> None:
    ana, ben = (schedule(rota).at(datetime(2026, 10, day, 12, tzinfo=UTC))[0] for day in (14, 21))
    assert ana == OnCallPerson(name="Ana Lee", emails=("ana@example.org",))
    assert ben == OnCallPerson(name="Ben", slack_ids=("U0BEN12345",))


def test_a_calendar_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    now = datetime(2026, 10, 12, tzinfo=UTC)
    for name, content, said in (
        ("none.ics", None, "No such file"),
        ("page.ics", b"<html>log in</html>", "isn't a calendar"),
        ("large.ics", b"x" * (5 * 1024 * 1024 + 1), "more than 5 MB"),
    ):
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(UserError, match=said):
            schedule(file).at(now)


@contextmanager
def server(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[Any]]]:
    """A server that always answers so, its address, and the requests that it got."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, dict(self.headers)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}", seen
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def test_a_calendar_may_be_at_an_address() -> None:
    with server(200, ROTA.encode()) as (url, _seen):
        (ana,) = schedule(f"{url}/secret.ics").at(datetime(2026, 10, 12, 12, tzinfo=UTC))
    assert ana.name == "Ana Lee"


@pytest.mark.parametrize(
    ("status", "error"), [(404, UserError), (302, UserError), (500, RetryLater), (429, RetryLater)]
)
def test_no_error_names_the_secret_address(status: int, error: type[Exception]) -> None:
    with (
        server(status, b"", Location="https://elsewhere.example.org/") as (url, _seen),
        pytest.raises(error) as raised,
    ):
        schedule(f"{url}/secret.ics").at(datetime(2026, 10, 12, tzinfo=UTC))
    assert "secret" not in str(raised.value)
    assert "primary" in str(raised.value)
    with pytest.raises(RetryLater, match="primary does not answer"):
        schedule(f"{url}/secret.ics").at(datetime(2026, 10, 12, tzinfo=UTC))


def pager(url: str) -> PagerDutySchedule:
    return PagerDutySchedule(
        name="cloud", schedule="PABC123", token="t0ken", api_url=url, timeout=5
    )


def on_call(level: int, user: dict[str, Any]) -> dict[str, Any]:
    return {"escalation_level": level, "user": user, "start": None, "end": None}


def test_pagerduty_is_asked_for_one_moment_and_answers_by_level() -> None:
    ana = {"id": "PUSER1", "name": "Ana Lee", "email": "ana@example.org"}
    ben = {"id": "PUSER2", "summary": "Ben"}
    body = {"oncalls": [on_call(2, ben), on_call(1, ana), on_call(3, ana)], "more": False}
    with server(200, json.dumps(body).encode()) as (url, seen):
        found = pager(url).at(datetime(2026, 10, 12, 9, tzinfo=BERLIN))
    assert found == (
        OnCallPerson(name="Ana Lee", emails=("ana@example.org",)),
        OnCallPerson(name="Ben"),
    )
    ((path, headers),) = seen
    assert headers["Authorization"] == "Token token=t0ken"
    assert headers["Accept"] == "application/vnd.pagerduty+json;version=2"
    assert parse_qs(urlsplit(path).query) == {
        "schedule_ids[]": ["PABC123"],
        "include[]": ["users"],
        "since": ["2026-10-12T07:00:00Z"],
        "until": ["2026-10-12T07:00:01Z"],
        "limit": ["100"],
    }


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (401, b"{}", UserError, "pagerduty.token"),
        (403, b"{}", UserError, "pagerduty.token"),
        (404, b"{}", UserError, "no schedule PABC123"),
        (400, b"{}", UserError, "refused to show the schedule cloud"),
        (500, b"", RetryLater, "HTTP 500"),
        (200, b"<html>", RetryLater, "can't be read"),
        (200, b"[]", RetryLater, "can't be read"),
        (200, b'{"oncalls": [{}]}', RetryLater, "can't be read"),
        (200, b'{"oncalls": [{"user": null}]}', RetryLater, "can't be read"),
    ],
)
def test_what_pagerduty_refuses_or_fails(
    status: int, body: bytes, error: type[Exception], said: str
) -> None:
    with server(status, body) as (url, _seen), pytest.raises(error, match=said):
        pager(url).at(datetime(2026, 10, 12, tzinfo=UTC))


def test_its_rate_limit_says_how_long_to_wait() -> None:
    with (
        server(429, b"{}", ratelimit_reset="41") as (url, _seen),
        pytest.raises(RetryLater) as raised,
    ):
        pager(url).at(datetime(2026, 10, 12, tzinfo=UTC))
    assert raised.value.after == 41
