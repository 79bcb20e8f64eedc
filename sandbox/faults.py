"""What can go wrong with one call, request or delivery, as a value; the same words for every double.

A fault is composed from a few fields, and two of them can be added: ``slow(2) + drop_after()``.
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
    """What becomes of an answer's body."""

    HTML = "html"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    ANOTHER_SHAPE = "another shape"

    def body(self, real: str) -> tuple[str, str]:
        """The body in place of the real one, and its content type."""
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
    """What goes wrong.

    delay: seconds of real time before anything else.
    effect: whether the call takes effect, or the delivery reaches the app.
    drop: the connection is cut instead of an answer; a delivery's acknowledgement is lost.

    For calls and requests:

    hang: no answer comes until the rule goes or the caller does; then the connection is cut.
    status: the HTTP status in place of the real one; 0 is the real one.
    answer: the JSON in place of the real one. With a status and no answer the double says what the
        system says with that status.
    headers: join the answer's.
    garbled: what becomes of the answer's body.

    For requests whose answer comes line by line, as that of a watch or a log that is followed:

    lines: so many pass as they are; what else is wrong comes then. `drop` cuts the connection there,
        and `hang` keeps silent.
    line: this one is put in then, and the answer goes on, unless it `ends`.
    ends: the answer ends then as if it were whole.

    For deliveries:

    times: how often the same delivery reaches the app, as one attempt; 0 is never, nor again.
    late: by how much the double's clock has to move on before the delivery goes out.
    overtaken: how many later deliveries go out before this one.
    retry_attempt: what the redeliveries that follow call themselves, instead of 1, 2, 3.
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
        """Both; where both say something, the second."""
        return Fault(**{**self.set_fields(), **other.set_fields()})

    def set_fields(self) -> dict[str, Any]:
        """The fields that differ from those of a harmless fault."""
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
    """It takes this many seconds more."""
    return Fault(delay=delay)


def drop_before() -> Fault:
    """The connection breaks before the effect."""
    return Fault(effect=False, drop=True)


def drop_after() -> Fault:
    """The effect happens and its answer is lost."""
    return Fault(effect=True, drop=True)


# Calls and requests.


def hangs(*, effect: bool = False) -> Fault:
    """No answer ever comes, with or without the effect."""
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
    """Slack's own way to refuse: this error, with or without having had the effect."""
    return Fault(effect=effect, status=status, answer={"ok": False, "error": error})


def garbled(how: Garbled, *, status: int = 0, effect: bool = True) -> Fault:
    """An answer that is not what a client can read."""
    return Fault(garbled=how, status=status, effect=effect)


# Watches.


def cut_after(events: int) -> Fault:
    """The connection breaks when so many events have come."""
    return Fault(lines=events, drop=True)


def silent_after(events: int) -> Fault:
    """So many events come, and then nothing more, though the connection looks open."""
    return Fault(lines=events, hang=True)


def ends_after(events: int) -> Fault:
    """The watch ends when so many events have come, as at its timeoutSeconds."""
    return Fault(lines=events, ends=True)


def tells_after(events: int, event: Mapping[str, Any]) -> Fault:
    """After so many events this one comes too, and the watch goes on."""
    return Fault(lines=events, line=json.dumps(event))


def bookmark_after(events: int, version: str, *, kind: str = "Pod") -> Fault:
    """After so many events a bookmark comes, asked for or not."""
    told = {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": version}}
    return tells_after(events, {"type": "BOOKMARK", "object": told})


def expired_after(events: int) -> Fault:
    """After so many events the version is too old: the ERROR event with 410, and the end."""
    told = {"type": "ERROR", "object": own_words(System.CLUSTER, 410)}
    return tells_after(events, told) + ends_after(events)


def garbage_after(events: int) -> Fault:
    """After so many events comes a line that is no event, and the watch goes on."""
    return Fault(lines=events, line=Garbled.HTML.body("")[0])


# Deliveries.


def twice() -> Fault:
    """The same delivery comes two times, and neither says that it is a second one."""
    return Fault(times=2)


def missing() -> Fault:
    """The delivery never comes, and is not sent again."""
    return Fault(effect=False, times=0)


def late(by: timedelta) -> Fault:
    """The delivery goes out when the double's clock has moved on by so much; it says when it was."""
    return Fault(late=by)


def overtaken(by: int = 1) -> Fault:
    """So many later deliveries go out first."""
    return Fault(overtaken=by)


def unacknowledged(*, retry_attempt: int | None = None) -> Fault:
    """The delivery arrives, its acknowledgement does not, and it is delivered again."""
    return Fault(drop=True, retry_attempt=retry_attempt)
