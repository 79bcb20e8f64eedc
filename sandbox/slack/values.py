"""The small values that every part of the Slack double shares."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
"""A JSON object as Slack sends or receives it; its shape is Slack's, not ours."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class SlackError(Exception):
    """What a Web API method answers instead of `ok: true`: `code` is Slack's error name.

    `extra` joins the answer's JSON beside `ok` and `error` (for example `needed`, `provided`).
    """

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class PersonError(Exception):
    """Slack's client would have refused what a person did; the text is one sentence for them."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One Web API call that the sandbox answered.

    `args` are the decoded arguments without the token. `status` is the HTTP status, 0 where the
    connection was dropped instead of an answer.
    """

    method: str
    args: Mapping[str, Any]
    at: datetime
    answer: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


def now_utc() -> datetime:
    """Real time, aware."""
    return datetime.now(UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, without passing through a float (which would change a ts)."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def format_ts(micros: int) -> str:
    """A Slack timestamp: seconds, a point, six digits."""
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def parse_ts(ts: str) -> int:
    """The microseconds of a Slack timestamp, for comparing two. Raises ValueError on nonsense."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int((fraction or "0").ljust(6, "0")[:6])


def new_id(prefix: str) -> str:
    """A fresh Slack-like id. Random, so that ids of two workspaces are never mistaken."""
    return prefix + "0" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(9))


Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that a person attaches to a message."""

    name: str
    content: bytes
    mimetype: str = "application/octet-stream"
