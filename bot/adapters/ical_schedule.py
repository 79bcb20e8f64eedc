"""An on-call schedule that is a calendar in the iCalendar format: a file or an address."""

from __future__ import annotations

import re
import ssl
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.domain.retry_after import retry_after_seconds
from bot.errors import RetryLater, UserError
from bot.ports import OnCallPerson

MOST_BYTES = 5 * 1024 * 1024
KEY = "on_call[].ical"

NOT_READABLE = "The calendar of {name} can't be read ({reason}): check {key}."
TOO_LARGE = "The calendar of {name} has more than {limit} MB: choose a smaller one in {key}."
NOT_A_CALENDAR = "What {key} of {name} leads to isn't a calendar in the iCalendar format: check it."
NO_ANSWER = "The calendar of {name} does not answer."
REFUSED = "The calendar of {name} can't be read (HTTP {status}): check {key}."
BUSY = "The calendar of {name} failed (HTTP {status})."

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SLACK_ID = re.compile(r"(?:<@)?\b([UW][A-Z0-9]{7,})\b")


class ICalSchedule:
    """The calendar ``source``, a path or an ``https://`` address, for the schedule ``name``.

    Each event is a shift: its title, description and attendees say who is on call. ``zone`` is that of times
    without one. ``timeout`` is in seconds. An address is a secret, and no error names it.
    """

    def __init__(self, *, name: str, source: str, zone: ZoneInfo, timeout: float) -> None:
        self._name = name
        self._source = source
        self._zone = zone
        self._timeout = timeout

    def at(self, moment: datetime) -> tuple[OnCallPerson, ...]:
        """Return whose shift it is, those of the latest shift first."""
        # Imported where it is used: without a schedule, a start need not wait for the library.
        from ical.calendar_stream import IcsCalendarStream
        from ical.event import EventStatus
        from ical.exceptions import CalendarError

        text = self._text()
        try:
            calendar = IcsCalendarStream.calendar_from_ics(text)
            shifts = [
                event
                for event in calendar.timeline_tz(self._zone).at_instant(moment)
                if event.status != EventStatus.CANCELLED
            ]
        except (CalendarError, ValueError, ArithmeticError) as error:
            raise UserError(NOT_A_CALENDAR.format(name=self._name, key=KEY)) from error
        found = [
            _person(
                event.summary or "",
                event.description or "",
                [str(attendee.uri) for attendee in event.attendees],
            )
            for event in reversed(shifts)
        ]
        return tuple(dict.fromkeys(found))

    def _text(self) -> str:
        if not self._source.startswith(("http://", "https://")):
            return self._file()
        client = BoundedClient(timeout=self._timeout, tls=_trust())
        try:
            answer = client.request("GET", self._source)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RetryLater(NO_ANSWER.format(name=self._name), maybe_done=False) from error
        if answer.status_code == 429 or answer.status_code >= 500:
            wait = retry_after_seconds(
                answer.headers.get("Retry-After"), datetime.now(self._zone), default=30
            )
            said = BUSY.format(name=self._name, status=answer.status_code)
            raise RetryLater(said, after=wait, maybe_done=False)
        if answer.status_code != 200:
            raise UserError(REFUSED.format(name=self._name, status=answer.status_code, key=KEY))
        return self._decoded(answer.content)

    def _file(self) -> str:
        try:
            with Path(self._source).expanduser().open("rb") as file:
                return self._decoded(file.read(MOST_BYTES + 1))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            said = NOT_READABLE.format(name=self._name, reason=reason, key=KEY)
            raise UserError(said) from error

    def _decoded(self, content: bytes) -> str:
        if len(content) > MOST_BYTES:
            limit = MOST_BYTES // (1024 * 1024)
            raise UserError(TOO_LARGE.format(name=self._name, limit=limit, key=KEY))
        return content.decode("utf-8-sig", errors="replace")


def _person(title: str, description: str, attendees: list[str]) -> OnCallPerson:
    """Who a shift is for: what is in its title, then its attendees, then its description."""
    words = "\n".join([title, *attendees, description])
    return OnCallPerson(
        name=" ".join(title.split()) or "somebody without a name",
        emails=tuple(dict.fromkeys(_EMAIL.findall(words.replace("mailto:", " ")))),
        slack_ids=tuple(dict.fromkeys(_SLACK_ID.findall(words))),
    )


def _trust() -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
