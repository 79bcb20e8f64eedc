"""GitHub, in our own words: issues that can be found again, and errors that say what to do.

PyGithub repeats a POST ten times on 502 unless told otherwise, which files an issue ten times, so only
reading is repeated here and whoever files looks first. Looking is by listing: the search index lags.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from github import Auth, Github, GithubException, GithubRetry, RateLimitExceededException
from github.Issue import Issue as GithubIssue
from github.IssueComment import IssueComment
from github.Repository import Repository as GithubRepository
from jwt import PyJWTError
from requests import RequestException

from bot.domain.retry_after import asked_wait, bounded
from bot.errors import ConfigError, RetryLater, UserError
from bot.ports import Issue, Origin, Repository
from bot.render.parts import carries, marked, marker, split

LABEL_COLOUR = "d93f0b"
LONGEST_WAIT = 30.0
"""Seconds that a call itself may wait for a rate limit; what takes longer is left to the caller."""

SECONDARY_WAIT = 60.0
"""Seconds to wait after a secondary limit that names none (docs.github.com, REST best practices)."""

_SURPLUS = "_This part of the report is not needed any more._"


def credentials(
    *,
    token: str = "",
    app_id: int | None = None,
    private_key: str = "",
    installation_id: int | None = None,
) -> Auth.Auth:
    """How to sign in: as a GitHub App's installation where one is given, else with the token.

    Raises:
        ConfigError: neither is complete.
    """
    if app_id and private_key and installation_id:
        app = Auth.AppAuth(app_id, private_key)
        try:
            app.create_jwt()
        except (PyJWTError, ValueError) as exc:
            raise ConfigError(
                "github.private_key cannot be read: paste the whole PEM text, its first and last line too."
            ) from exc
        return app.get_installation_auth(installation_id)
    if token:
        return Auth.Token(token)
    raise ConfigError(
        "github.token is missing: give a token, or github.app_id with github.private_key and "
        "github.installation_id."
    )


class GitHubForge:
    """One repository's issues. Fulfils :class:`bot.ports.Forge`.

    ``seconds_between_requests`` and ``seconds_between_writes`` keep clear of GitHub's secondary limits
    of 80 new things a minute; ``timeout`` is in seconds.
    """

    def __init__(
        self,
        *,
        auth: Auth.Auth,
        repository: str,
        api_url: str = "https://api.github.com",
        seconds_between_requests: float = 0.25,
        seconds_between_writes: float = 1.0,
        timeout: int = 15,
        backoff: float = 0.5,
    ) -> None:
        retry = _Rereading(
            total=3,
            allowed_methods=frozenset({"GET", "HEAD"}),
            backoff_factor=backoff,
            max_rate_limit_wait=LONGEST_WAIT,
            respect_retry_after_header=False,
        )
        self._github = Github(
            auth=auth,
            base_url=api_url.rstrip("/"),
            retry=retry,
            timeout=timeout,
            per_page=100,
            seconds_between_requests=seconds_between_requests,
            seconds_between_writes=seconds_between_writes,
        )
        self._as_app = isinstance(auth, Auth.AppInstallationAuth)
        self._name = repository
        self._fetched: GithubRepository | None = None
        self._labels: set[str] = set()

    def close(self) -> None:
        """Let go of the connections."""
        self._github.close()

    def check(self) -> Repository:
        """See :meth:`bot.ports.Forge.check`."""
        with self._errors("read the repository", writes=False):
            repo = self._fetched = self._github.get_repo(self._name)
            may = repo.permissions
        if repo.archived:
            raise UserError(
                f"{self._name} is archived on GitHub: unarchive it or name another one."
            )
        if not repo.has_issues:
            raise self._issues_off()
        # A GitHub App's token is shown no permissions; its first write will tell.
        if may is not None and not (may.push or may.triage or may.maintain or may.admin):
            raise UserError(
                f"GitHub lets the token read {self._name} but not label its issues: give its "
                "account the role Triage or Write.",
                code="forbidden",
            )
        return Repository(name=repo.full_name, url=repo.html_url, is_private=repo.private)

    def open_issue(
        self,
        title: str,
        body: str,
        *,
        origin: Origin,
        labels: Sequence[str],
        assignees: Sequence[str],
    ) -> Issue:
        """See :meth:`bot.ports.Forge.open_issue`."""
        for label in labels:
            self._have_label(label)
        first, *rest = split(body)
        repo = self._repo
        with self._errors("file an issue"):
            made = repo.create_issue(
                title=title,
                body=marked(first, marker(origin)),
                labels=list(labels),
                assignees=list(assignees),
            )
        try:
            with self._errors("continue an issue"):
                self._continue(made, rest, origin)
        except UserError as exc:
            # The issue stands: a refusal now must not read as if nothing had happened.
            raise RetryLater(str(exc), maybe_done=True) from exc
        return Issue(number=made.number, url=made.html_url)

    def find_issue(self, origin: Origin, *, label: str) -> Issue | None:
        """See :meth:`bot.ports.Forge.find_issue`."""
        mark = marker(origin)
        with self._errors("list the issues", writes=False):
            listed = self._repo.get_issues(
                state="all", labels=[label], sort="created", direction="desc"
            )
            found = [issue for issue in listed if carries(issue.body or "", mark)]
        # Of several the oldest is the one; a later one can only be somebody's copy.
        return Issue(number=found[-1].number, url=found[-1].html_url) if found else None

    def rewrite_issue(self, number: int, title: str, body: str, *, origin: Origin) -> Issue:
        """See :meth:`bot.ports.Forge.rewrite_issue`."""
        first, *rest = split(body)
        mark = marker(origin)
        text = marked(first, mark)
        try:
            with self._errors("rewrite an issue"):
                issue = self._repo.get_issue(number)
                if not carries(issue.body or "", mark):
                    # Another repository's, or one that was made anew: its numbers are not ours.
                    raise UserError(f"Issue {number} of {self._name} is another.", code="gone")
                if (issue.title, _lines(issue.body)) != (title, _lines(text)):
                    issue.edit(title=title, body=text)
                self._continue(issue, rest, origin)
        except UserError as exc:
            if exc.code in ("not_found", "issue_gone"):
                raise UserError(
                    f"Issue {number} of {self._name} is not there.", code="gone"
                ) from exc
            raise
        return Issue(number=number, url=issue.html_url)

    def link_child(self, parent: int, child: int) -> bool:
        """See :meth:`bot.ports.Forge.link_child`."""
        with self._errors("link two issues"):
            inner = self._repo.get_issue(child)
            outer = self._repo.get_issue(parent)
            try:
                outer.add_sub_issue(inner)
            except GithubException as exc:
                if exc.status == 422 and "duplicate" in _message(exc).lower():
                    # GitHub says the same of a child that has another parent.
                    return any(each.id == inner.id for each in outer.get_sub_issues())
                if exc.status in (404, 405, 410, 422):
                    return False
                raise
        return True

    @property
    def _repo(self) -> GithubRepository:
        if self._fetched is None:
            with self._errors("read the repository", writes=False):
                self._fetched = self._github.get_repo(self._name)
        return self._fetched

    def _continue(self, issue: GithubIssue, parts: Sequence[str], origin: Origin) -> None:
        """Make the marked comments hold these parts, whatever an earlier attempt got done."""
        if not parts and not issue.comments:
            return
        comments = list(issue.get_comments())
        for number, part in enumerate(parts, start=2):
            mark = marker(origin, part=number)
            self._say(issue, _marked_comment(comments, mark), marked(part, mark))
        number = len(parts) + 2
        while surplus := _marked_comment(comments, mark := marker(origin, part=number)):
            self._say(issue, surplus, marked(_SURPLUS, mark))
            number += 1

    def _say(self, issue: GithubIssue, comment: IssueComment | None, text: str) -> None:
        if comment is None:
            issue.create_comment(text)
        elif _lines(comment.body) != _lines(text):
            comment.edit(text)

    def _have_label(self, name: str) -> None:
        if name in self._labels:
            return
        with self._errors("make a label"):
            try:
                self._repo.get_label(name)
            except GithubException as exc:
                if exc.status != 404:
                    raise
                self._make_label(name)
        self._labels.add(name)

    def _make_label(self, name: str) -> None:
        try:
            self._repo.create_label(name, LABEL_COLOUR)
        except GithubException as exc:
            # 422: somebody else made it in between.
            if exc.status != 422:
                raise

    @contextmanager
    def _errors(self, doing: str, *, writes: bool = True) -> Iterator[None]:
        """Translate what goes wrong. ``writes``: an effect may stand although no answer came."""
        try:
            yield
        except RateLimitExceededException as exc:
            raise self._limited(exc) from exc
        except GithubException as exc:
            raise self._refused(exc, doing, writes=writes) from exc
        except (RequestException, ValueError, TypeError) as exc:
            # An answer that is empty, cut short or no JSON at all is as good as none; PyGithub fails
            # over each in a way of its own.
            raise RetryLater(
                f"GitHub did not answer when mayday wanted to {doing} in {self._name}: check the network if "
                "it goes on.",
                maybe_done=writes,
            ) from exc

    def _refused(self, exc: GithubException, doing: str, *, writes: bool) -> UserError | RetryLater:
        headers = _headers(exc)
        if exc.status == 401:
            mend = (
                "check github.app_id and put that App's key under github.private_key"
                if self._as_app
                else "put a valid token under github.token"
            )
            return UserError(
                f"GitHub does not accept the credentials: {mend}.", code="bad_credentials"
            )
        if exc.status == 429 or (exc.status == 403 and "retry-after" in headers):
            return self._limited(exc)
        if exc.status == 403:
            needed = headers.get("x-accepted-github-permissions", "") or "issues=write"
            return UserError(
                f"GitHub did not let mayday {doing} in {self._name} ({_message(exc)}): give its "
                f"token the permission {needed}.",
                code="forbidden",
            )
        if exc.status == 404:
            seen = (
                "that github.installation_id is the App's installation there"
                if self._as_app
                else "that the token may see it"
            )
            return UserError(
                f"GitHub shows no {self._name}: check github.repository, and {seen}.",
                code="not_found",
            )
        if exc.status == 410:
            gone = "deleted" in _message(exc).lower()
            return (
                UserError(f"GitHub: {_message(exc)}", code="issue_gone")
                if gone
                else self._issues_off()
            )
        if exc.status >= 500:
            return RetryLater(
                f"GitHub failed ({exc.status}) when mayday wanted to {doing} in {self._name}: see its status "
                "page if it goes on.",
                after=asked_wait(headers.get("retry-after"), datetime.now(UTC), otherwise=5.0),
                maybe_done=writes,
            )
        return UserError(
            f"GitHub refused to {doing} in {self._name}: {_message(exc)}.", code=str(exc.status)
        )

    def _limited(self, exc: GithubException) -> RetryLater:
        headers = _headers(exc)
        wait = float(getattr(exc, "wait", None) or SECONDARY_WAIT)
        reset = headers.get("x-ratelimit-reset", "")
        if "retry-after" in headers:
            wait = asked_wait(headers["retry-after"], datetime.now(UTC), otherwise=wait)
        elif headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            wait = max(float(reset) - time.time(), 0.0)
        wait = bounded(wait, otherwise=SECONDARY_WAIT)
        return RetryLater(
            f"GitHub asks mayday to wait {wait:.0f} s before it asks for more.",
            after=wait,
            maybe_done=False,
        )

    def _issues_off(self) -> UserError:
        return UserError(
            f"Issues are turned off in {self._name}: turn them on in the repository's settings.",
            code="issues_off",
        )


class _Rereading(GithubRetry):
    """Asks again, except where the answer says when: urllib3 would sleep for as long, six hours at most."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return not has_retry_after and super().is_retry(method, status_code)


def _marked_comment(comments: Sequence[IssueComment], mark: str) -> IssueComment | None:
    return next((comment for comment in comments if carries(comment.body or "", mark)), None)


def _lines(text: str | None) -> list[str]:
    """For comparing: GitHub gives back what it was sent with other line ends, and trimmed."""
    return (text or "").strip().splitlines()


def _headers(exc: GithubException) -> Mapping[str, str]:
    return {key.lower(): str(value) for key, value in (exc.headers or {}).items()}


def _message(exc: GithubException) -> str:
    """GitHub's own words, without a final stop."""
    data: Any = exc.data
    if isinstance(data, str | bytes):
        try:
            data = json.loads(data)
        except ValueError:
            data = None
    said = data if isinstance(data, dict) else {}
    errors = said.get("errors")
    details = [
        str(error.get("message") or f"{error.get('field', '')} {error.get('code', '')}".strip())
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict)
    ]
    text = "; ".join([str(said.get("message") or f"status {exc.status}"), *details])
    return text[:300].rstrip(". ")
