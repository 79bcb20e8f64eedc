"""Translates responses of Slack's Web API into mayday's errors."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

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

    def __init__(self, method: str, response: SlackResponse) -> None:
        super().__init__(response.data if isinstance(response.data, dict) else {})
        self.headers = {key.lower(): value for key, value in response.headers.items()}
        self._method = method

    def __missing__(self, key: str) -> NoReturn:
        raise malformed(self._method)


def malformed(method: str) -> RetryLater:
    """Return the error for a malformed response, after which the call may have taken effect."""
    return RetryLater(MALFORMED.format(method=method))


def translate(method: str, exc: SlackApiError) -> NoReturn:
    """Raise mayday's error for an error of Slack."""
    answer: Any = exc.response
    status = int(getattr(answer, "status_code", 0) or 0)
    headers = {k.lower(): v for k, v in (getattr(answer, "headers", None) or {}).items()}
    data = getattr(answer, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if not CODE.fullmatch(code):
        code = ""  # the SDK's own text, if the response was not JSON
    if status == 429 or code == "ratelimited":
        header = headers.get("retry-after")
        header = header[0] if isinstance(header, list) and header else header
        wait = retry_after_seconds(header, datetime.now(UTC), default=DEFAULT_WAIT)
        raise RetryLater(
            RATE_LIMITED.format(wait=wait, method=method), after=wait, maybe_done=False
        ) from exc
    if status >= 500 or code in TRANSIENT or not code:
        raise RetryLater(FAILED.format(method=method, reason=code or status)) from exc
    if code in TOKEN_ERRORS:
        raise ConfigError(NOT_ACCEPTED.format(code=code)) from exc
    if code == "missing_scope":
        needed = data.get("needed", "") if isinstance(data, dict) else ""
        raise UserError(MISSING_SCOPE.format(method=method, scope=needed), code=code) from exc
    advice = ADVICE.get(code, OTHER_ADVICE.format(code=code))
    gone = {"message_not_found": "gone"}.get(code, code)
    raise UserError(REFUSED.format(method=method, advice=advice), code=gone) from exc
