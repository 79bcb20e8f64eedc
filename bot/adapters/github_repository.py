"""One repository on GitHub, and what its issues and its files have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from github import Auth
from github.Repository import Repository as GithubRepository

from bot.adapters.github_account import Account
from bot.adapters.github_client import connect
from bot.adapters.github_errors import GitHubCall, issues_off, moved, translated
from bot.domain.limits import Limits
from bot.errors import UserError
from bot.ports import Repository

ARCHIVED = "{repository} is archived on GitHub: unarchive it or configure another repository."
READ_ONLY = (
    "GitHub lets the token read {repository} but not label its issues: give its account the role "
    "Triage or Write."
)
ISSUES, FILES = "issues=write", "contents=write and pull_requests=write"
"""The permissions that a GitHub App needs for issues, and for pull requests."""


class GitHubRepository:
    """One repository.

    ``seconds_between_requests`` and ``seconds_between_writes`` avoid GitHub's secondary limit of 80
    content-creating requests per minute. ``timeout`` limits each request with its repeats, in seconds.
    ``former_accounts`` are logins that mayday wrote as before. ``key`` is where the repository is configured.
    """

    def __init__(
        self,
        *,
        auth: Auth.Auth,
        repository: str,
        api_url: str = "https://api.github.com",
        seconds_between_requests: float = 0.25,
        seconds_between_writes: float = 1.0,
        timeout: float = Limits.call,
        backoff: float = 0.5,
        former_accounts: Sequence[str] = (),
        key: str = "github.repository",
    ) -> None:
        self._github = connect(
            auth,
            api_url,
            timeout=timeout,
            backoff=backoff,
            seconds_between_requests=seconds_between_requests,
            seconds_between_writes=seconds_between_writes,
        )
        self._account = Account(self._github, auth, former_accounts)
        self._as_app = isinstance(auth, Auth.AppInstallationAuth)
        self._name = repository
        self._key = key
        self._fetched: GithubRepository | None = None
        self._labels: set[str] = set()

    def close(self) -> None:
        """Close the connections."""
        self._github.close()

    def check(self) -> Repository:
        """See :meth:`bot.ports.Forge.check`."""
        repo = self._fetch()
        may = repo.permissions
        if repo.archived:
            raise UserError(ARCHIVED.format(repository=self._name))
        if not repo.has_issues:
            raise issues_off(self._name)
        # GitHub shows no permissions to an App's token, so a missing one fails at the first write.
        if may is not None and not (may.push or may.triage or may.maintain or may.admin):
            raise UserError(READ_ONLY.format(repository=self._name), code="forbidden")
        with self._errors("read mayday's account", writes=False):
            _ = self._account.login
        # An internal repository counts as private there, but everybody in the enterprise reads it.
        is_private = repo.private and repo.visibility in (None, "private")
        return Repository(
            name=repo.full_name,
            url=repo.html_url,
            is_private=is_private,
            is_internal=repo.private and not is_private,
        )

    @property
    def _repo(self) -> GithubRepository:
        return self._fetched or self._fetch()

    def _fetch(self) -> GithubRepository:
        """Read the repository, and return it if it has the configured name."""
        with self._errors("read the repository", writes=False):
            repo = self._github.get_repo(self._name)
            if repo.full_name.casefold() != self._name.casefold():
                raise moved(self._name, self._key)
        self._fetched = repo
        return repo

    def _read(
        self, path: str, *, etag: str = "", parameters: Mapping[str, Any] | None = None
    ) -> tuple[str, Any]:
        """Return the ETag and the JSON below the repository's address; None for it unless it has changed."""
        headers, found = self._repo.requester.requestJsonAndCheck(
            "GET",
            f"{self._repo.url}/{path}",
            parameters=dict(parameters or {}),
            headers={"If-None-Match": etag} if etag else {},
        )
        return str(headers.get("etag") or ""), found

    def _errors(
        self, doing: str, *, writes: bool = True, permission: str = ISSUES
    ) -> AbstractContextManager[None]:
        """Translate GitHub's errors. ``writes`` means that the request may have taken effect."""
        call = GitHubCall(
            doing=doing,
            repository=self._name,
            as_app=self._as_app,
            writes=writes,
            key=self._key,
            permission=permission,
        )
        return translated(call)
