"""Translates responses of Slack's Web API into mayday's errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from bot.domain.retry_after import retry_after_seconds
from bot.errors import ConfigError, RetryLater, UserError

CODE = re.compile(r"[a-z0-9_]+")

TRANSIENT = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)
"""Slack's transient errors. After all but the last, the call may have taken effect."""

DEFAULT_WAIT = 30.0
"""Seconds to wait after a rate limit without a ``Retry-After``; Slack's limits are per minute."""

TOKEN_ERRORS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
    }
)

ADVICE = {
    "channel_not_found": "mayday can't see that channel: invite it there",
    "not_in_channel": "mayday is not in that channel: invite it there",
    "is_archived": "that channel is archived: unarchive it first",
    "is_inactive": "that channel is archived: unarchive it first",
    "restricted_action": "this workspace doesn't allow mayday to do that: ask an admin to allow it",
    "name_taken": "another channel already has that name",
    "user_not_found": "that person doesn't exist in Slack",
    "cant_invite": "Slack doesn't allow mayday to invite that person",
    "user_is_restricted": "that person is a guest who isn't allowed to join",
    "message_not_found": "that message no longer exists",
    "no_permission": "this workspace doesn't allow mayday to do that: ask an admin to allow it",
    "unknown_method": "this Slack doesn't support that",
}
OTHER_ADVICE = "Slack answered {code}"

REFUSED = "{method}: {advice}."
MALFORMED = (
    "Slack's answer to {method} was malformed: if this continues, check any proxy between mayday and "
    "Slack."
)
RATE_LIMITED = "Slack asks mayday to wait {wait:.0f} s before {method}."
FAILED = "Slack failed on {method} ({reason}): if this continues, check its status page."
NOT_ACCEPTED = "Slack rejects the bot token ({code}): set slack.bot_token to a current one."
MISSING_SCOPE = "{method} needs the scope {scope}: add it to the Slack app and reinstall it."


class Answer(dict[str, Any]):
    """The response of a method. Accessing a missing field raises :class:`RetryLater`."""

    def __init__(self, method: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(data)
        self.headers = headers
        self._method = method

    def __missing__(self, key: str) -> NoReturn:
        raise malformed(self._method)


class RateLimited(RetryLater):
    """Slack did nothing and named the seconds to wait."""


def malformed(method: str) -> RetryLater:
    """Return the error for a malformed response, after which the call may have taken effect."""
    return RetryLater(MALFORMED.format(method=method))


def read(method: str, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Return the response of a method. The names of ``headers`` are lowercase.

    Raises:
        RetryLater, UserError: the method failed, or the response is not Slack's.
    """
    try:
        data = json.loads(body)
    except ValueError:
        data = {}
    if not isinstance(data, dict):
        raise malformed(method)
    if status != 200 or not data.get("ok"):
        raise _refusal(method, status, headers, data)
    return Answer(method, data, headers)


def _refusal(
    method: str, status: int, headers: Mapping[str, str], data: Mapping[str, Any]
) -> RetryLater | UserError:
    """Return mayday's error for an error of Slack."""
    code = str(data.get("error") or "")
    if not CODE.fullmatch(code):
        code = ""
    if status == 429 or code == "ratelimited":
        wait = retry_after_seconds(
            headers.get("retry-after"), datetime.now(UTC), default=DEFAULT_WAIT
        )
        return RateLimited(
            RATE_LIMITED.format(wait=wait, method=method), after=wait, maybe_done=False
        )
    if status >= 500 or code in TRANSIENT or not code:
        return RetryLater(FAILED.format(method=method, reason=code or status))
    if code in TOKEN_ERRORS:
        return ConfigError(NOT_ACCEPTED.format(code=code))
    if code == "missing_scope":
        needed = data.get("needed", "")
        return UserError(MISSING_SCOPE.format(method=method, scope=needed), code=code)
    advice = ADVICE.get(code, OTHER_ADVICE.format(code=code))
    gone = {"message_not_found": "gone"}.get(code, code)
    return UserError(REFUSED.format(method=method, advice=advice), code=gone)
