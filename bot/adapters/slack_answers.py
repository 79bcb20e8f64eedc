"""Translates responses of Slack's Web API into mayday's errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

import structlog

from bot.adapters.slack_errors import ADVICE, GONE, KINDS, OTHER_ADVICE, UNCHANGEABLE, Kind
from bot.domain.retry_after import retry_after_seconds
from bot.errors import ConfigError, RetryLater, UserError

CODE = re.compile(r"[a-z0-9_]+")

DEFAULT_WAIT = 30.0
"""Seconds to wait after a rate limit without a ``Retry-After``; Slack's limits are per minute."""

log = structlog.get_logger()

REFUSED = "{method}: {advice}."
BUG = "Slack rejected a request of mayday's ({method}: {code}). This is a bug: please report it."
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
    kind = KINDS.get(code, Kind.REFUSED)
    if status == 429 or kind is Kind.LIMITED:
        wait = retry_after_seconds(
            headers.get("retry-after"), datetime.now(UTC), default=DEFAULT_WAIT
        )
        return RateLimited(
            RATE_LIMITED.format(wait=wait, method=method), after=wait, maybe_done=False
        )
    if kind is Kind.NOTHING_DONE:
        text = FAILED.format(method=method, reason=code)
        return RetryLater(text, after=DEFAULT_WAIT, maybe_done=False)
    if status >= 500 or kind is Kind.UNCERTAIN or not code:
        return RetryLater(FAILED.format(method=method, reason=code or status))
    if kind is Kind.INSTALLATION:
        return ConfigError(NOT_ACCEPTED.format(code=code))
    if kind is Kind.SCOPE:
        needed = data.get("needed", "")
        return UserError(MISSING_SCOPE.format(method=method, scope=needed), code=code)
    if kind is Kind.BUG or code not in KINDS:
        metadata = data.get("response_metadata")
        said = metadata.get("messages") if isinstance(metadata, dict) else None
        log.error("slack.unexpected_error", method=method, code=code, messages=said)
    text = BUG if kind is Kind.BUG else REFUSED
    advice = ADVICE.get(code, OTHER_ADVICE.format(code=code))
    ours = {Kind.GONE: GONE, Kind.UNCHANGEABLE: UNCHANGEABLE}.get(kind, code)
    said = text.format(method=method, advice=advice, code=code)
    return UserError(said, code=ours, others=_by_person(data))


def _by_person(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the error of each person whom a refusal names."""
    listed = data.get("errors")
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {
        each["user"]: str(each.get("error") or "")
        for each in found
        if isinstance(each.get("user"), str)
    }
