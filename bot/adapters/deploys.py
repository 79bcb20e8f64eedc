"""The repository that a hub is deployed from: what was merged there lately, and the revert of a merge."""

from __future__ import annotations

from datetime import datetime

from github import Auth
from github.PullRequest import PullRequest

from bot.adapters.deploys_revert import open_revert
from bot.adapters.github_client import connect
from bot.adapters.github_errors import GitHubCall, translated
from bot.domain.limits import Limits
from bot.domain.signs import Merge

PAGE = 30
"""A pull request in a list has some 20 KB."""

MOST = 3 * PAGE
"""How many pull requests are looked at; that many change within hours only where robots work."""


class DeployRepository:
    """One repository. Implements :class:`bot.ports.Deploys`.

    ``timeout`` limits each request with its repeats, in seconds.
    """

    def __init__(
        self,
        *,
        auth: Auth.Auth,
        repository: str,
        api_url: str = "https://api.github.com",
        timeout: float = Limits.call,
        backoff: float = 0.5,
    ) -> None:
        self._github = connect(
            auth, api_url, timeout=timeout, backoff=backoff, page=PAGE, lazy=True
        )
        self._name = repository
        self._as_app = isinstance(auth, Auth.AppInstallationAuth)

    def close(self) -> None:
        """Close the connections."""
        self._github.close()

    def merges(self, since: datetime) -> tuple[Merge, ...]:
        """Return the pull requests that were merged since then, the latest first.

        Usually one request: pull requests are listed by their last change, so older ones are not fetched.
        """
        found: list[Merge] = []
        call = GitHubCall(
            doing="list pull requests",
            repository=self._name,
            as_app=self._as_app,
            writes=False,
            key="hubs[].repository",
            permission="pull_requests=read",
        )
        with translated(call):
            repository = self._github.get_repo(self._name)
            closed = repository.get_pulls(state="closed", sort="updated", direction="desc")
            for number, pull in enumerate(closed):
                changed, merged_at = pull.updated_at, pull.merged_at
                if number == MOST or changed is None or changed < since:
                    break
                if merged_at is not None and merged_at >= since:
                    found.append(self._merge(pull, merged_at))
        return tuple(sorted(found, key=lambda merge: merge.merged_at, reverse=True))

    def open_revert(self, merge: Merge) -> str:
        """Return the URL of the open pull request that reverts a merge; open it if there is none.

        Raises:
            UserError: it can't be reverted without a person, or GitHub refuses; no pull request was opened.
        """
        call = GitHubCall(
            doing="open a pull request",
            repository=self._name,
            as_app=self._as_app,
            writes=True,
            key="hubs[].repository",
            permission="contents=write and pull_requests=write",
        )
        with translated(call):
            return open_revert(self._github.get_repo(self._name), self._name, merge)

    def _merge(self, pull: PullRequest, merged_at: datetime) -> Merge:
        return Merge(
            repository=self._name,
            number=pull.number,
            title=pull.title or "",
            url=pull.html_url,
            merged_at=merged_at,
            author=pull.user.login if pull.user else "",
            commit=pull.merge_commit_sha or "",
        )
