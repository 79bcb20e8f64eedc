"""The issues of action items, in any repository: what changed there, and closing and reopening them.

One request lists what changed in a repository since the last time. With the ETag of the last answer, GitHub
answers 304 if nothing did, which costs none of the hourly requests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from github import Auth, Github

from bot.adapters.github import connect
from bot.adapters.github_account import Account
from bot.adapters.github_errors import GitHubCall, moved, translated
from bot.domain.item_states import MEANS, FoundIssue, IssueState, ItemState
from bot.domain.limits import Limits
from bot.errors import UserError
from bot.ports import ChangedIssues, Origin
from bot.render.parts import carries, marker

PAGE = 100
OVERLAP = timedelta(seconds=1)
"""What is read again of the time before: GitHub's times have whole seconds."""
_PATH = re.compile(r"/([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d{1,9})")
_STATES: Mapping[ItemState, tuple[str, str]] = {
    ItemState.OPEN: ("open", "reopened"),
    ItemState.DONE: ("closed", "completed"),
    ItemState.DROPPED: ("closed", "not_planned"),
}
OTHERS_ISSUE = (
    "Issue {number} of {repository} has no mark of mayday's for this action item, so mayday doesn't change "
    "its state. Close or reopen it by hand."
)
NO_ISSUES = "GitHub's answer has no list of issues of {repository}."


class TrackedIssues:
    """Issues by repository and number. Implements :class:`bot.ports.Tracker`.

    ``timeout`` limits each request with its repeats, in seconds. ``former_accounts`` are logins that mayday
    wrote as before.
    """

    def __init__(
        self,
        *,
        auth: Auth.Auth,
        api_url: str = "https://api.github.com",
        timeout: float = Limits.call,
        backoff: float = 0.5,
        seconds_between_requests: float = 0.25,
        seconds_between_writes: float = 1.0,
        former_accounts: tuple[str, ...] = (),
    ) -> None:
        self._github: Github = connect(
            auth,
            api_url,
            timeout=timeout,
            backoff=backoff,
            seconds_between_requests=seconds_between_requests,
            seconds_between_writes=seconds_between_writes,
            lazy=True,
        )
        self._account = Account(self._github, auth, former_accounts)
        self._as_app = isinstance(auth, Auth.AppInstallationAuth)
        self._host = _web_host(api_url)

    def close(self) -> None:
        """Close the connections."""
        self._github.close()

    def place(self, url: str) -> tuple[str, int] | None:
        """See :meth:`bot.ports.Tracker.place`."""
        parts = urlsplit(url)
        found = _PATH.match(parts.path)
        if found is None or parts.netloc.casefold() != self._host:
            return None
        return found[1], int(found[2])

    def changed(self, repository: str, *, since: datetime, etag: str) -> ChangedIssues | None:
        """See :meth:`bot.ports.Tracker.changed`."""
        asked = {
            "state": "all",
            "sort": "updated",
            "direction": "asc",
            "since": f"{since.astimezone(UTC) - OVERLAP:%Y-%m-%dT%H:%M:%SZ}",
            "per_page": str(PAGE),
        }
        with self._errors(repository, "list the issues"):
            headers, raw = self._github.requester.requestJsonAndCheck(
                "GET",
                f"/repos/{repository}/issues",
                parameters=asked,
                headers={"If-None-Match": etag} if etag else {},
            )
            if raw is None:  # 304
                return None
            if not isinstance(raw, list):
                raise ValueError(NO_ISSUES.format(repository=repository))
            found = tuple(self._found(each, repository) for each in raw)
        newest = max((each.changed_at for each in found), default=since)
        is_more = len(found) == PAGE
        if is_more and newest <= since:
            # More issues changed in these two seconds than a page holds. Each is read once a day anyway.
            newest = since + 2 * OVERLAP
        tag = "" if is_more or newest > since else str(headers.get("etag", ""))
        return ChangedIssues(issues=found, since=max(newest, since), etag=tag, is_more=is_more)

    def find(self, repository: str, number: int) -> FoundIssue:
        """See :meth:`bot.ports.Tracker.find`."""
        try:
            with self._errors(repository, "read an issue"):
                return self._found(self._raw(repository, number), repository)
        except UserError as exc:
            lost = {
                "moved": IssueState.MOVED,
                "issue_gone": IssueState.GONE,
                "not_found": IssueState.GONE,
            }
            if exc.code not in lost:
                raise
            return FoundIssue(number=number, state=lost[exc.code], changed_at=datetime.now(UTC))

    def set_state(
        self, repository: str, number: int, state: ItemState, *, origin: Origin
    ) -> FoundIssue:
        """See :meth:`bot.ports.Tracker.set_state`."""
        with self._errors(repository, "change an issue's state", writes=True):
            raw = self._raw(repository, number)
            found = self._found(raw, repository)
            if MEANS.get(found.state) is state:
                return found
            if not carries(str(raw.get("body") or ""), marker(origin)) or not self._is_own(raw):
                text = OTHERS_ISSUE.format(number=number, repository=repository)
                raise UserError(text, code="author")
            to, reason = _STATES[state]
            _headers, changed = self._github.requester.requestJsonAndCheck(
                "PATCH",
                f"/repos/{repository}/issues/{number}",
                input={"state": to, "state_reason": reason},
            )
            return self._found(changed, repository)

    def _is_own(self, raw: Mapping[str, Any]) -> bool:
        login = str((raw.get("user") or {}).get("login") or "")
        return bool(login) and self._account.wrote_as(login)

    def _raw(self, repository: str, number: int) -> dict[str, Any]:
        _headers, raw = self._github.requester.requestJsonAndCheck(
            "GET", f"/repos/{repository}/issues/{number}"
        )
        if not isinstance(raw, dict):
            raise ValueError(NO_ISSUES.format(repository=repository))
        return raw

    def _found(self, raw: Any, repository: str) -> FoundIssue:
        """Return an issue of GitHub's answer; what is missing there counts as no answer.

        Raises:
            UserError: it is of another repository.
        """
        try:
            home = str(raw["repository_url"]).casefold()
            if not home.endswith(f"/repos/{repository}".casefold()):
                raise moved(repository, "the action item's issue")
            return FoundIssue(
                number=int(raw["number"]),
                state=_state(raw),
                changed_at=datetime.fromisoformat(str(raw["updated_at"])),
            )
        except (KeyError, TypeError) as exc:
            raise ValueError(NO_ISSUES.format(repository=repository)) from exc

    def _errors(
        self, repository: str, doing: str, *, writes: bool = False
    ) -> AbstractContextManager[None]:
        return translated(
            GitHubCall(
                doing=doing,
                repository=repository,
                as_app=self._as_app,
                writes=writes,
                key="the repository of the action item",
            )
        )


def _state(raw: Mapping[str, Any]) -> IssueState:
    if raw["state"] == "open":
        return IssueState.OPEN
    pull = raw.get("pull_request")
    if pull is not None:
        return IssueState.MERGED if pull.get("merged_at") else IssueState.CLOSED
    # Issues that were closed before GitHub had reasons have none.
    reason = raw.get("state_reason") or "completed"
    return IssueState.COMPLETED if reason == "completed" else IssueState.NOT_PLANNED


def _web_host(api_url: str) -> str:
    """Return the host of GitHub's pages: github.com for its API, the same host for an Enterprise server."""
    host = urlsplit(api_url).netloc.casefold()
    return "github.com" if host == "api.github.com" else host
