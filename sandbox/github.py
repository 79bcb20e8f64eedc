"""A practice GitHub: emulate's API, with pages so that the links to its issues work.

It runs in a child process that ends with this one. A fault proxy in front of it also shows issues
as pages. All clients use only the proxy's address: GitHub's answers are full of links, and
clients refuse links to other hosts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from sandbox import github_page
from sandbox.emulate import Emulate, EmulateError
from sandbox.errors import SandboxError
from sandbox.fault_proxy import FaultProxy
from sandbox.github_keep import Kept, PracticeIssue
from sandbox.own_words import System
from sandbox.rules import Breakable

OWNER = "practice"
REPOSITORY = f"{OWNER}/incidents"
TOKEN = "practice-token"  # noqa: S105 - opens nothing but this sandbox
ACCOUNT = "mayday"
OTHER, OTHER_TOKEN = "olga", "practice-token-of-olga"
"""Somebody else who works in the repository."""


class GitHubSandboxError(SandboxError):
    """The practice GitHub cannot run; the text says what to do."""


class GitHubSandbox(Breakable):
    """One repository, ``practice/incidents``, that an account with ``token`` may write to.

    ``directory`` holds the seed and the log, and with ``keep`` the issues, for the next start.
    """

    repository = REPOSITORY
    token = TOKEN

    def __init__(self, directory: Path, *, keep: bool = False) -> None:
        self._directory = directory
        self._kept = Kept(directory / "issues.json" if keep else None)
        self.proxy = FaultProxy(system=System.GITHUB, port=self._kept.port())
        self.proxy.page = self._page
        self.proxy.on_write = self._save
        self.rules = self.proxy.rules
        self._emulate: Emulate | None = None
        self._web: httpx.Client | None = None

    def start(self) -> GitHubSandbox:
        """Start and wait until it answers.

        Raises:
            GitHubSandboxError: its node parts are not installed, or it does not come up.
        """
        self.proxy.start()
        try:
            self._emulate = Emulate("github", _seed(), self._directory, base_url=self.api_url)
        except EmulateError as exc:
            self.stop()
            raise GitHubSandboxError(f"There is no practice GitHub: {exc}") from exc
        headers = {"Authorization": f"token {TOKEN}"}
        url = f"http://127.0.0.1:{self._emulate.port}"
        self._web = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)
        self._kept.restore(self._post)
        self.proxy.upstream = ("127.0.0.1", self._emulate.port)
        return self

    def stop(self) -> None:
        """Stop it. Its issues are lost, unless they are kept."""
        self.proxy.stop()
        if self._web is not None:
            self._web.close()
            self._web = None
        if self._emulate is not None:
            self._emulate.stop()
            self._emulate = None

    @property
    def api_url(self) -> str:
        """The API's address."""
        return self.proxy.url

    @property
    def url(self) -> str:
        """The page of the repository's issues."""
        return f"{self.api_url}/{REPOSITORY}/issues"

    def issues(self, repository: str = REPOSITORY) -> list[PracticeIssue]:
        """All issues of a repository with their comments, oldest first."""
        path = f"/repos/{repository}/issues?state=all&per_page=100&sort=created&direction=asc&page="
        raw: list[dict[str, Any]] = []
        while page := self.get(f"{path}{len(raw) // 100 + 1}"):
            raw += page
            if len(page) < 100:
                break
        return sorted((self._issue(one, repository) for one in raw), key=lambda issue: issue.number)

    def get(self, path: str) -> Any:
        """The API's answer to a GET; None unless it is 200."""
        if self._web is None:
            raise GitHubSandboxError("The practice GitHub is not running.")
        answer = self._web.get(path)
        return answer.json() if answer.status_code == 200 else None

    def _post(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        if self._web is not None:
            self._web.request(method, f"/repos/{REPOSITORY}{path}", json=body)

    def _save(self) -> None:
        self._kept.save(self.proxy.address[1], self.issues)

    def _page(self, path: str) -> str | None:
        """The page of all issues, or of one; None for another path or unknown issue."""
        parts = path.partition("?")[0].strip("/").split("/")
        if "/".join(parts[:2]) != REPOSITORY:
            return None
        issues = self.issues()
        if not parts[3:]:
            return github_page.listing(issues)
        pages = (github_page.issue(one) for one in issues if parts[3] == str(one.number))
        return next(pages, None)

    def _issue(self, raw: dict[str, Any], repository: str) -> PracticeIssue:
        number = int(raw["number"])
        comments = self.get(f"/repos/{repository}/issues/{number}/comments?per_page=100") or []
        return PracticeIssue(
            number=number,
            title=raw["title"],
            body=raw["body"] or "",
            labels=tuple(label["name"] for label in raw["labels"]),
            state=raw["state"],
            reason=raw["state_reason"] or "",
            url=raw["html_url"],
            comments=tuple(comment["body"] for comment in comments),
        )


def _seed() -> dict[str, Any]:
    return {
        "tokens": {
            token: {"login": login, "scopes": ["repo", "admin:org"]}
            for token, login in ((TOKEN, ACCOUNT), (OTHER_TOKEN, OTHER))
        },
        "github": {
            "users": [{"login": ACCOUNT, "name": "mayday"}, {"login": OTHER, "name": "Olga"}],
            "orgs": [
                {
                    "login": OWNER,
                    "members": [{"login": login, "role": "admin"} for login in (ACCOUNT, OTHER)],
                }
            ],
            "repos": [{"owner": OWNER, "name": "incidents", "auto_init": True}],
        },
    }
