"""Translates GitHub's errors into mayday's errors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from github import GithubException, RateLimitExceededException
from requests import RequestException

from bot.adapters.bounded import OutOfTime
from bot.adapters.github_http import Redirected
from bot.domain.retry_after import clamped, retry_after_seconds
from bot.errors import RetryLater, UserError

SECONDARY_WAIT = 60.0
"""Seconds to wait after a secondary rate limit without a ``Retry-After`` (docs.github.com, REST)."""

NO_ANSWER = "GitHub did not answer the request to {doing} in {repository}: check the network."
SERVER_ERROR = (
    "GitHub failed ({status}) on the request to {doing} in {repository}: if this continues, check its "
    "status page."
)
REFUSED = "GitHub refused to {doing} in {repository}: {reason}."
FORBIDDEN = (
    "GitHub did not let mayday {doing} in {repository} ({reason}): give its token the permission "
    "{permission}."
)
NOT_FOUND = "Repository {repository} not found on GitHub: check {key}, and {access}."
CHECK_INSTALLATION = "that github.installation_id is the App's installation there"
CHECK_ACCESS = "that the token has access to it"
BAD_CREDENTIALS = "GitHub does not accept the credentials: {remedy}."
REPLACE_KEY = "check github.app_id and put that App's key under github.private_key"
REPLACE_IT = "put a valid token under github.token"
ISSUE_GONE = "GitHub: {reason}"
ISSUES_OFF = "Issues are turned off in {repository}: turn them on in the repository's settings."
MOVED = "{repository} was renamed or transferred on GitHub: if {key} means it, set that to its present name."
RATE_LIMITED = "GitHub asks mayday to wait {wait:.0f} s before the next request."


@dataclass(frozen=True, kw_only=True)
class GitHubCall:
    """A request to GitHub, for error messages.

    ``doing`` is worded to follow “did not let mayday”. ``as_app`` says whether mayday signs in as a GitHub
    App. ``writes`` means that the request may have taken effect although no answer came. ``key`` is where
    the repository is configured, ``permission`` what the request needs.
    """

    doing: str
    repository: str
    as_app: bool
    writes: bool
    key: str = "github.repository"
    permission: str = "issues=write"


@contextmanager
def translated(call: GitHubCall) -> Iterator[None]:
    """Translate the errors of PyGithub and of the network."""
    try:
        yield
    except RateLimitExceededException as exc:
        raise _rate_limited(exc) from exc
    except GithubException as exc:
        raise _refused(exc, call) from exc
    except Redirected as exc:
        raise moved(call.repository, call.key) from exc
    except OutOfTime as exc:
        raise RetryLater(
            NO_ANSWER.format(doing=call.doing, repository=call.repository),
            maybe_done=call.writes and exc.sent,
        ) from exc
    except (RequestException, ValueError, TypeError) as exc:
        # PyGithub fails with different errors for empty, truncated and non-JSON responses. Each counts
        # as no response.
        raise RetryLater(
            NO_ANSWER.format(doing=call.doing, repository=call.repository), maybe_done=call.writes
        ) from exc


def issues_off(repository: str) -> UserError:
    """Return the error for a repository whose issues are turned off."""
    return UserError(ISSUES_OFF.format(repository=repository), code="issues_off")


def moved(repository: str, key: str = "github.repository") -> UserError:
    """Return the error for a repository that has another name or owner."""
    return UserError(MOVED.format(repository=repository, key=key), code="moved")


def _refused(exc: GithubException, call: GitHubCall) -> UserError | RetryLater:
    headers = _headers(exc)
    words = {"doing": call.doing, "repository": call.repository}
    if exc.status == 401:
        remedy = REPLACE_KEY if call.as_app else REPLACE_IT
        return UserError(BAD_CREDENTIALS.format(remedy=remedy), code="bad_credentials")
    if exc.status == 429 or (exc.status == 403 and "retry-after" in headers):
        return _rate_limited(exc)
    if exc.status == 403:
        needed = headers.get("x-accepted-github-permissions", "") or call.permission
        return UserError(
            FORBIDDEN.format(**words, reason=message_of(exc), permission=needed), code="forbidden"
        )
    if exc.status == 404:
        access = CHECK_INSTALLATION if call.as_app else CHECK_ACCESS
        return UserError(
            NOT_FOUND.format(repository=call.repository, key=call.key, access=access),
            code="not_found",
        )
    if exc.status == 410:
        if "deleted" in message_of(exc).lower():
            return UserError(ISSUE_GONE.format(reason=message_of(exc)), code="issue_gone")
        return issues_off(call.repository)
    if exc.status >= 500:
        return RetryLater(
            SERVER_ERROR.format(**words, status=exc.status),
            after=retry_after_seconds(headers.get("retry-after"), datetime.now(UTC), default=5.0),
            maybe_done=call.writes,
        )
    return UserError(REFUSED.format(**words, reason=message_of(exc)), code=str(exc.status))


def _rate_limited(exc: GithubException) -> RetryLater:
    headers = _headers(exc)
    wait = float(getattr(exc, "wait", None) or SECONDARY_WAIT)
    reset = headers.get("x-ratelimit-reset", "")
    if "retry-after" in headers:
        wait = retry_after_seconds(headers["retry-after"], datetime.now(UTC), default=wait)
    elif headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        wait = max(float(reset) - time.time(), 0.0)
    wait = clamped(wait, default=SECONDARY_WAIT)
    return RetryLater(RATE_LIMITED.format(wait=wait), after=wait, maybe_done=False)


def _headers(exc: GithubException) -> Mapping[str, str]:
    return {key.lower(): str(value) for key, value in (exc.headers or {}).items()}


def message_of(exc: GithubException) -> str:
    """Return GitHub's message, without a final period."""
    data: Any = exc.data
    if isinstance(data, str | bytes):
        try:
            data = json.loads(data)
        except ValueError:
            data = None
    body = data if isinstance(data, dict) else {}
    errors = body.get("errors")
    details = [
        str(error.get("message") or f"{error.get('field', '')} {error.get('code', '')}".strip())
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict)
    ]
    text = "; ".join([str(body.get("message") or f"status {exc.status}"), *details])
    return text[:300].rstrip(". ")
