"""Values that all parts of the Slack double share."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
"""A JSON object that Slack sends or receives, in Slack's format."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class SlackError(Exception):
    """An error answer of a Web API method. `code` is Slack's error name.

    `extra` is added to the JSON beside `ok` and `error` (for example `needed`, `provided`).
    """

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class PersonError(Exception):
    """Slack's client rejects a person's action; the text is one sentence for them."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One Web API call that the sandbox answered.

    `args` are the decoded arguments without the token. `status` is the HTTP status, 0 if the
    connection was dropped without an answer.
    """

    method: str
    args: Mapping[str, Any]
    at: datetime
    answer: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


def now_utc() -> datetime:
    """Real UTC time."""
    return datetime.now(UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, without a float (which would change a ts)."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def format_ts(micros: int) -> str:
    """A Slack timestamp: seconds, a point, six digits."""
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def parse_ts(ts: str) -> int:
    """The microseconds of a Slack timestamp, to compare. Raises ValueError if invalid."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int((fraction or "0").ljust(6, "0")[:6])


def new_id(prefix: str) -> str:
    """Returns a random Slack-like id that differs between workspaces."""
    return prefix + "0" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(9))


Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that a person attaches to a message."""

    name: str
    content: bytes
    mimetype: str = "application/octet-stream"
