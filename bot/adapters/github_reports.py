"""The published reports in a repository on GitHub: its Markdown files and its issues with certain labels."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from urllib.parse import quote

from github import Auth
from github.Issue import Issue
from github.Repository import Repository

from bot.adapters.github_client import connect
from bot.adapters.github_errors import GitHubCall, moved, translated
from bot.domain.limits import Limits
from bot.ports import PublishedFile, PublishedFiles, PublishedIssue, PublishedIssues

LARGEST = 1_000_000
"""Bytes of the largest file that is read as a report."""
MOST_ISSUES = 300
"""Issues with a label that are read, three requests."""
MOST_COMMENTS = 100
"""Comments of an issue that are read, one request."""
_SUFFIXES = frozenset({".md", ".markdown", ".qmd", ".rmd"})
_FOLDER = re.compile(r"incidents?|incident[-_]reports?|post-?mortems?|outages?|reports?", re.I)
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_OTHERS = re.compile(r"readme|index|template|_template", re.I)


class ReportRepository:
    """One repository. Implements :class:`bot.ports.ReportSource`.

    Without ``auth`` only public ones can be read, 60 requests an hour. ``timeout`` limits each request with
    its repeats, in seconds.
    """

    def __init__(
        self,
        *,
        auth: Auth.Auth | None,
        repository: str,
        api_url: str = "https://api.github.com",
        timeout: float = Limits.call,
        backoff: float = 0.5,
    ) -> None:
        self._github = connect(auth, api_url, timeout=timeout, backoff=backoff)
        self._name = repository
        self._call = GitHubCall(
            doing="read files",
            repository=repository,
            as_app=isinstance(auth, Auth.AppInstallationAuth),
            writes=False,
            key="--repo",
            permission="contents=read",
        )
        self._issues_call = replace(self._call, doing="read issues", permission="issues=read")
        self._fetched: Repository | None = None
        self._listed: dict[int, Issue] = {}

    def close(self) -> None:
        """Close the connections."""
        self._github.close()

    def files(self, path: str = "") -> PublishedFiles:
        """See :meth:`bot.ports.ReportSource.files`."""
        folder = path.strip("/")
        with translated(self._call):
            repo = self._repo
            branch = repo.default_branch
            tree = repo.get_git_tree(branch, recursive=True)
            found = [
                PublishedFile(
                    path=each.path,
                    revision=each.sha,
                    url=f"{repo.html_url}/blob/{branch}/{quote(each.path)}",
                )
                for each in tree.tree
                if each.type == "blob"
                and (each.size or 0) <= LARGEST
                and _is_report(each.path, folder)
            ]
            is_private = bool(repo.private)
            is_complete = not tree.raw_data.get("truncated")
        return PublishedFiles(files=tuple(found), is_private=is_private, is_complete=is_complete)

    def read(self, file: PublishedFile) -> bytes:
        """See :meth:`bot.ports.ReportSource.read`."""
        with translated(self._call):
            blob = self._repo.get_git_blob(file.revision)
            if blob.encoding == "base64":
                return base64.b64decode(blob.content)
            return str(blob.content).encode()

    def issues(self, labels: Sequence[str]) -> PublishedIssues:
        """See :meth:`bot.ports.ReportSource.issues`."""
        found: dict[int, PublishedIssue] = {}
        is_complete = True
        with translated(self._issues_call):
            for label in labels:
                listed = self._repo.get_issues(state="all", labels=[label], sort="created")
                some = list(islice(listed, MOST_ISSUES + 1))
                is_complete = is_complete and len(some) <= MOST_ISSUES
                for issue in some[:MOST_ISSUES]:
                    if issue.pull_request is None:
                        self._listed[issue.number] = issue
                        found[issue.number] = PublishedIssue(
                            number=issue.number,
                            title=issue.title,
                            text=issue.body or "",
                            opened=issue.created_at.date(),
                            comments=issue.comments,
                            revision=issue.updated_at.isoformat(),
                            url=issue.html_url,
                        )
        latest = sorted(found.values(), key=lambda each: -each.number)
        return PublishedIssues(issues=tuple(latest), is_complete=is_complete)

    def comments(self, issue: PublishedIssue) -> list[str]:
        """See :meth:`bot.ports.ReportSource.comments`."""
        if not issue.comments:
            return []
        with translated(self._issues_call):
            listed = (
                self._listed.get(issue.number) or self._repo.get_issue(issue.number)
            ).get_comments()
            return [each.body or "" for each in islice(listed, MOST_COMMENTS)]

    @property
    def _repo(self) -> Repository:
        if self._fetched is None:
            repo = self._github.get_repo(self._name)
            if repo.full_name.casefold() != self._name.casefold():
                raise moved(self._name, self._call.key)
            self._fetched = repo
        return self._fetched


def _is_report(path: str, folder: str) -> bool:
    """Return whether a file is one in the folder or, without a folder, is where or named as reports are."""
    name = PurePosixPath(path)
    if name.suffix.lower() not in _SUFFIXES or _OTHERS.match(name.stem):
        return False
    if folder:
        return path == folder or path.startswith(f"{folder}/")
    return bool(_DATED.match(name.stem)) or any(_FOLDER.fullmatch(part) for part in name.parts[:-1])
