"""Faults of one call, request or delivery, as a value; the same for every double.

A fault has a few fields, and two faults can be added: ``slow(2) + drop_after()``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sandbox.own_words import System, own_words


class Garbled(StrEnum):
    """How an answer's body is garbled."""

    HTML = "html"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    ANOTHER_SHAPE = "another shape"

    def body(self, real: str) -> tuple[str, str]:
        """The replacement body, and its content type."""
        match self:
            case Garbled.HTML:
                return "<html><body><h1>Something went wrong</h1></body></html>", "text/html"
            case Garbled.TRUNCATED:
                return real[: len(real) // 2], "application/json"
            case Garbled.EMPTY:
                return "", "application/json"
            case Garbled.ANOTHER_SHAPE:
                return '["not", "what", "was", "asked", "for"]', "application/json"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault.

    delay: seconds of real time before anything else.
    effect: whether the call takes effect, or the delivery reaches the app.
    drop: the connection is cut without an answer; a delivery's acknowledgement is lost.

    For calls and requests:

    hang: no answer until the rule or the caller is gone; then the connection is cut.
    status: the HTTP status that replaces the real one; 0 keeps it.
    answer: the JSON in place of the real one. With a status and no answer the double says what the
        system says with that status.
    headers: added headers.
    garbled: how the answer's body is garbled.

    For requests with a line-by-line answer, such as a watch or a followed log:

    lines: how many pass before the rest of the fault applies. `drop` then cuts the connection,
        and `hang` sends nothing.
    line: is inserted then, and the answer goes on, unless it `ends`.
    ends: the answer then ends as if complete.

    For deliveries:

    times: how often the same delivery reaches the app, as one attempt; 0: never, no retry.
    late: how far the double's clock has to move before the delivery is sent.
    overtaken: how many later deliveries are sent first.
    retry_attempt: the retry number in the redeliveries, instead of 1, 2, 3.
    """

    delay: float = 0.0
    effect: bool = True
    drop: bool = False
    hang: bool = False
    status: int = 0
    answer: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    garbled: Garbled | None = None
    lines: int | None = None
    line: str = ""
    ends: bool = False
    times: int = 1
    late: timedelta = timedelta()
    overtaken: int = 0
    retry_attempt: int | None = None

    def __add__(self, other: Fault) -> Fault:
        """Both faults; the second has priority."""
        return Fault(**{**self.set_fields(), **other.set_fields()})

    def set_fields(self) -> dict[str, Any]:
        """The fields that differ from the defaults."""
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in pairs if value != getattr(HARMLESS, name)}


HARMLESS = Fault()


def seconds(number: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=number)


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


# Calls, requests and deliveries.


def slow(delay: float) -> Fault:
    """Add a delay in seconds."""
    return Fault(delay=delay)


def drop_before() -> Fault:
    """Break the connection before the effect."""
    return Fault(effect=False, drop=True)


def drop_after() -> Fault:
    """Lose the answer after the effect."""
    return Fault(effect=True, drop=True)


# Calls and requests.


def hangs(*, effect: bool = False) -> Fault:
    """Never answer, with or without the effect."""
    return Fault(hang=True, effect=effect)


def says(
    status: int,
    *,
    effect: bool = False,
    answer: Mapping[str, Any] | None = None,
    after: int | str | None = None,
) -> Fault:
    """This HTTP status, before the effect or after it. `after` is Retry-After: seconds, or any text."""
    headers = {} if after is None else {"Retry-After": str(after)}
    return Fault(effect=effect, status=status, answer=answer, headers=headers)


def rate_limited(seconds: int) -> Fault:
    """HTTP 429 with Retry-After, without effect."""
    return says(429, after=seconds)


def secondary_limit(seconds: int) -> Fault:
    """GitHub's limit on writing too fast: 403 with Retry-After, without effect."""
    message = (
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    )
    return says(403, answer={"message": message}, after=seconds)


def answers(error: str, *, status: int = 200, effect: bool = False) -> Fault:
    """Slack's refusal: this error, with or without the effect."""
    return Fault(effect=effect, status=status, answer={"ok": False, "error": error})


def garbled(how: Garbled, *, status: int = 0, effect: bool = True) -> Fault:
    """An answer that the client cannot read."""
    return Fault(garbled=how, status=status, effect=effect)


# Watches.


def cut_after(events: int) -> Fault:
    """Break the connection after this many events."""
    return Fault(lines=events, drop=True)


def silent_after(events: int) -> Fault:
    """Send nothing after this many events; the connection stays open."""
    return Fault(lines=events, hang=True)


def ends_after(events: int) -> Fault:
    """End the watch after this many events, as at its timeoutSeconds."""
    return Fault(lines=events, ends=True)


def tells_after(events: int, event: Mapping[str, Any]) -> Fault:
    """Insert this event after so many events; the watch continues."""
    return Fault(lines=events, line=json.dumps(event))


def bookmark_after(events: int, version: str, *, kind: str = "Pod") -> Fault:
    """After so many events a bookmark comes, asked for or not."""
    told = {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": version}}
    return tells_after(events, {"type": "BOOKMARK", "object": told})


def expired_after(events: int) -> Fault:
    """Expire the version after so many events: the ERROR event with 410, then the end."""
    told = {"type": "ERROR", "object": own_words(System.CLUSTER, 410)}
    return tells_after(events, told) + ends_after(events)


def garbage_after(events: int) -> Fault:
    """Insert an invalid line after so many events; the watch continues."""
    return Fault(lines=events, line=Garbled.HTML.body("")[0])


# Deliveries.


def twice() -> Fault:
    """Deliver it twice; neither is marked as a retry."""
    return Fault(times=2)


def missing() -> Fault:
    """Never deliver it, and do not retry."""
    return Fault(effect=False, times=0)


def late(by: timedelta) -> Fault:
    """Deliver it when the double's clock has moved on by this much, with its old time."""
    return Fault(late=by)


def overtaken(by: int = 1) -> Fault:
    """Send so many later ones first."""
    return Fault(overtaken=by)


def unacknowledged(*, retry_attempt: int | None = None) -> Fault:
    """Deliver it, lose its acknowledgement, and deliver it again."""
    return Fault(drop=True, retry_attempt=retry_attempt)
