"""What Slack's Web API answers, sorted by what the caller does next."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.domain.retry_after import asked_wait
from bot.errors import ConfigError, RetryLater, UserError

CODE = re.compile(r"[a-z0-9_]+")

PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)
"""Slack's errors that a later try may not meet; all but the last may have taken effect."""

UNNAMED_WAIT = 30.0
"""Seconds to wait after a limit that names none; Slack's are by the minute."""

TOKEN_TROUBLE = frozenset(
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
    "channel_not_found": "Slack does not show mayday that channel: invite it there",
    "not_in_channel": "mayday is not in that channel: invite it there",
    "is_archived": "that channel is archived: unarchive it first",
    "is_inactive": "that channel is archived: unarchive it first",
    "restricted_action": "this workspace does not let mayday do that: ask an admin to allow it",
    "name_taken": "another channel has that name already",
    "user_not_found": "Slack knows no such person",
    "cant_invite": "Slack does not let mayday invite that person",
    "user_is_restricted": "that person is a guest who may not join",
    "message_not_found": "that message is gone",
    "no_permission": "this workspace does not let mayday do that: ask an admin to allow it",
    "unknown_method": "this Slack does not offer that",
}


class Answer(dict[str, Any]):
    """What a method answered. A field that Slack promises and that is not there is no answer at all."""

    def __init__(self, method: str, response: SlackResponse) -> None:
        super().__init__(response.data if isinstance(response.data, dict) else {})
        self.headers = {key.lower(): value for key, value in response.headers.items()}
        self._method = method

    def __missing__(self, key: str) -> NoReturn:
        raise garbled(self._method)


def garbled(method: str) -> RetryLater:
    """The error for an answer that nobody can read; the call may have taken effect."""
    return RetryLater(
        f"Slack's answer to {method} was garbled: see what stands between mayday and Slack if it goes on."
    )


def translate(method: str, exc: SlackApiError) -> NoReturn:
    """Raise what a refusal of Slack's means to whoever called."""
    answer: Any = exc.response
    status = int(getattr(answer, "status_code", 0) or 0)
    headers = {k.lower(): v for k, v in (getattr(answer, "headers", None) or {}).items()}
    data = getattr(answer, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if not CODE.fullmatch(code):
        code = ""  # the SDK puts words of its own there when the answer was not JSON
    if status == 429 or code == "ratelimited":
        asked = headers.get("retry-after")
        asked = asked[0] if isinstance(asked, list) and asked else asked
        wait = asked_wait(asked, datetime.now(UTC), otherwise=UNNAMED_WAIT)
        raise RetryLater(
            f"Slack asks to wait {wait:.0f} s before {method}.", after=wait, maybe_done=False
        ) from exc
    if status >= 500 or code in PASSING or not code:
        raise RetryLater(
            f"Slack had a problem with {method} ({code or status}): see its status page if it goes on."
        ) from exc
    if code in TOKEN_TROUBLE:
        raise ConfigError(
            f"Slack refuses the bot's token ({code}): put a current one into slack.bot_token."
        ) from exc
    if code == "missing_scope":
        needed = data.get("needed", "") if isinstance(data, dict) else ""
        raise UserError(
            f"{method} needs the scope {needed}: add it to the Slack app and reinstall it.",
            code=code,
        ) from exc
    advice = ADVICE.get(code, f"Slack answered {code}")
    gone = {"message_not_found": "gone"}.get(code, code)
    raise UserError(f"{method}: {advice}.", code=gone) from exc
