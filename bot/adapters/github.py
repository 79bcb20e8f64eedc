"""The GitHub adapter: issues that can be found again.

By default PyGithub repeats a POST ten times on 502, which files an issue ten times. Here only reads are
repeated, and the caller searches before it files. Issues are found by listing, because the search index lags.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager

import structlog
from github import Auth, Github, GithubException, GithubRetry
from github.Issue import Issue as GithubIssue
from github.IssueComment import IssueComment
from github.Repository import Repository as GithubRepository
from jwt import PyJWTError

from bot.adapters.github_account import Account
from bot.adapters.github_errors import GitHubCall, issues_off, message_of, moved, translated
from bot.adapters.github_http import install
from bot.domain.limits import Limits
from bot.errors import ConfigError, RetryLater, UserError
from bot.ports import Issue, Origin, Repository
from bot.render.parts import carries, marked, marker, split

LABEL_COLOUR = "d93f0b"
BAD_KEY = "github.private_key cannot be read: paste the whole PEM text, including its first and last line."
NO_CREDENTIALS = (
    "github.token is missing: set it, or github.app_id with github.private_key and "
    "github.installation_id."
)
ARCHIVED = "{repository} is archived on GitHub: unarchive it or configure another repository."
READ_ONLY = (
    "GitHub lets the token read {repository} but not label its issues: give its account the role "
    "Triage or Write."
)
OTHER_ISSUE = "Issue {number} of {repository} was not filed by mayday for this report."
OTHER_AUTHOR = (
    "Issue {number} of {repository} has mayday's mark but is by {author}, and mayday's account is {login}. "
    "If mayday used {author} before, add it to github.former_accounts."
)
NO_ISSUE = "Issue {number} of {repository} doesn't exist."

_SURPLUS = "_This part of the report is no longer needed._"

log = structlog.get_logger()


def credentials(
    *,
    token: str = "",
    app_id: int | None = None,
    private_key: str = "",
    installation_id: int | None = None,
) -> Auth.Auth:
    """Return the credentials: those of a GitHub App's installation if complete, or else the token.

    Raises:
        ConfigError: neither is complete.
    """
    if app_id and private_key and installation_id:
        app = Auth.AppAuth(app_id, private_key)
        try:
            app.create_jwt()
        except (PyJWTError, ValueError) as exc:
            raise ConfigError(BAD_KEY) from exc
        return app.get_installation_auth(installation_id)
    if token:
        return Auth.Token(token)
    raise ConfigError(NO_CREDENTIALS)


def connect(
    auth: Auth.Auth | None,
    api_url: str,
    *,
    timeout: float,
    backoff: float = 0.5,
    seconds_between_requests: float = 0.25,
    seconds_between_writes: float = 1.0,
    page: int = 100,
    lazy: bool = False,
) -> Github:
    """Return a client that repeats only reads. ``timeout`` limits each request with its repeats.

    A ``lazy`` one doesn't read the repository itself.
    """
    install()
    retry = _ReadRetry(
        total=3,
        allowed_methods=frozenset({"GET", "HEAD"}),
        backoff_factor=backoff,
        max_rate_limit_wait=timeout / 2,
        respect_retry_after_header=False,
    )
    return Github(
        auth=auth,
        base_url=api_url.rstrip("/"),
        retry=retry,
        timeout=math.ceil(timeout),  # PyGithub takes whole seconds
        per_page=page,
        lazy=lazy,
        seconds_between_requests=seconds_between_requests,
        seconds_between_writes=seconds_between_writes,
    )


class GitHubForge:
    """The issues of one repository. Implements :class:`bot.ports.Forge`.

    ``seconds_between_requests`` and ``seconds_between_writes`` avoid GitHub's secondary limit of 80
    content-creating requests per minute. ``timeout`` limits each request with its repeats, in seconds.
    ``former_accounts`` are logins that mayday wrote as before.
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
        return Repository(name=repo.full_name, url=repo.html_url, is_private=is_private)

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
            self._ensure_label(label)
        first, *rest = split(body)
        repo = self._repo
        text = marked(first, marker(origin))
        with self._errors("file an issue"):
            try:
                made = repo.create_issue(title, text, labels=[*labels], assignees=[*assignees])
            except GithubException as exc:
                # Somebody who left fails the whole issue, which was then not filed.
                known = self._known(assignees) if exc.status == 422 else [*assignees]
                if known == [*assignees]:
                    raise
                made = repo.create_issue(title, text, labels=[*labels], assignees=known)
        try:
            with self._errors("continue an issue"):
                self._write_comments(made, rest, origin)
        except UserError as exc:
            # The issue exists, so a UserError would wrongly say that nothing happened.
            raise RetryLater(str(exc), maybe_done=True) from exc
        except RetryLater as exc:
            # So would a comment that was not sent because of a rate limit or a deadline.
            exc.maybe_done = True
            raise
        return Issue(number=made.number, url=made.html_url)

    def find_issue(self, origin: Origin, *, label: str) -> Issue | None:
        """See :meth:`bot.ports.Forge.find_issue`."""
        mark = marker(origin)
        with self._errors("list the issues", writes=False):
            listed = self._repo.get_issues(
                state="all", labels=[label], sort="created", direction="desc"
            )
            found = [
                issue
                for issue in listed
                if carries(issue.body or "", mark) and self._account.wrote(issue.user)
            ]
        # The oldest issue is ours; mayday's account may have written a later one with the same marker.
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
                    # The repository was changed or recreated, so its issue numbers aren't ours.
                    raise UserError(
                        OTHER_ISSUE.format(number=number, repository=self._name), code="gone"
                    )
                if not self._account.wrote(issue.user):
                    raise self._by_another(issue)
                if (issue.title, _lines(issue.body)) != (title, _lines(text)):
                    issue.edit(title=title, body=text)
                self._write_comments(issue, rest, origin)
        except UserError as exc:
            if exc.code in ("not_found", "issue_gone"):
                raise UserError(
                    NO_ISSUE.format(number=number, repository=self._name), code="gone"
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
                if exc.status == 422 and "duplicate" in message_of(exc).lower():
                    # GitHub returns the same error for a child of another parent.
                    return any(each.id == inner.id for each in outer.get_sub_issues())
                if exc.status in (404, 405, 410, 422):
                    return False
                raise
        return True

    @property
    def _repo(self) -> GithubRepository:
        return self._fetched or self._fetch()

    def _fetch(self) -> GithubRepository:
        """Read the repository, and return it if it has the configured name."""
        with self._errors("read the repository", writes=False):
            repo = self._github.get_repo(self._name)
            if repo.full_name.casefold() != self._name.casefold():
                raise moved(self._name)
        self._fetched = repo
        return repo

    def _known(self, assignees: Sequence[str]) -> list[str]:
        """Return the accounts that can be assigned to issues, and log the others."""
        known = [login for login in assignees if self._repo.has_in_assignees(login)]
        for login in assignees:
            if login not in known:
                log.warning("github.assignee_unknown", login=login, repository=self._name)
        return known

    def _by_another(self, issue: GithubIssue) -> UserError:
        text = OTHER_AUTHOR.format(
            number=issue.number,
            repository=self._name,
            author=issue.user.login if issue.user else "a deleted account",
            login=self._account.login,
        )
        return UserError(text, code="author")

    def _write_comments(self, issue: GithubIssue, parts: Sequence[str], origin: Origin) -> None:
        """Write these parts into the marked comments, whatever an earlier attempt completed."""
        if not parts and not issue.comments:
            return
        comments = [each for each in issue.get_comments() if self._account.wrote(each.user)]
        for number, part in enumerate(parts, start=2):
            mark = marker(origin, part=number)
            self._write_comment(issue, _marked_comment(comments, mark), marked(part, mark))
        number = len(parts) + 2
        while surplus := _marked_comment(comments, mark := marker(origin, part=number)):
            self._write_comment(issue, surplus, marked(_SURPLUS, mark))
            number += 1

    def _write_comment(self, issue: GithubIssue, comment: IssueComment | None, text: str) -> None:
        if comment is None:
            issue.create_comment(text)
        elif _lines(comment.body) != _lines(text):
            comment.edit(text)

    def _ensure_label(self, name: str) -> None:
        if name in self._labels:
            return
        with self._errors("create a label"):
            try:
                self._repo.get_label(name)
            except GithubException as exc:
                if exc.status != 404:
                    raise
                self._create_label(name)
        self._labels.add(name)

    def _create_label(self, name: str) -> None:
        try:
            self._repo.create_label(name, LABEL_COLOUR)
        except GithubException as exc:
            # 422: somebody else created it in the meantime.
            if exc.status != 422:
                raise

    def _errors(self, doing: str, *, writes: bool = True) -> AbstractContextManager[None]:
        """Translate GitHub's errors. ``writes`` means that the request may have taken effect."""
        call = GitHubCall(doing=doing, repository=self._name, as_app=self._as_app, writes=writes)
        return translated(call)


class _ReadRetry(GithubRetry):
    """Retries reads, except with a ``Retry-After``: urllib3 would sleep for as long as it says."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return not has_retry_after and super().is_retry(method, status_code)


def _marked_comment(comments: Sequence[IssueComment], mark: str) -> IssueComment | None:
    return next((comment for comment in comments if carries(comment.body or "", mark)), None)


def _lines(text: str | None) -> list[str]:
    """Return the lines to compare. GitHub changes line endings and trims the text."""
    return (text or "").strip().splitlines()
