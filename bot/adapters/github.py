"""The GitHub adapter: issues that can be found again, and files that are proposed in pull requests.

The caller searches before it files again. Issues are found by listing, because the search index lags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from github import GithubException
from github.Issue import Issue as GithubIssue

from bot.adapters.github_client import connect, credentials
from bot.adapters.github_comments import read_comments, write_comments
from bot.adapters.github_edits import lost_between, versions
from bot.adapters.github_errors import message_of, moved
from bot.adapters.github_files import GitHubFiles
from bot.adapters.github_http import Redirected
from bot.domain.merging import Draft, is_same
from bot.errors import RetryLater, UserError
from bot.ports import Issue, IssueText, Origin
from bot.render.parts import carries, marker, pages_of

__all__ = ["GitHubForge", "connect", "credentials"]

LABEL_COLOUR = "d93f0b"
OTHER_ISSUE = "Issue {number} of {repository} was not filed by mayday for this report."
OTHER_AUTHOR = (
    "Issue {number} of {repository} has mayday's mark but is by {author}, and mayday's account is {login}. "
    "If mayday used {author} before, add it to github.former_accounts."
)
NOT_AN_ISSUE = "GitHub's answer isn't an issue."
NO_ISSUE = "Issue {number} of {repository} doesn't exist."

log = structlog.get_logger()


class GitHubForge(GitHubFiles):
    """The issues and files of one repository. Implements :class:`bot.ports.Forge`."""

    _has_history = True
    """Whether GitHub has shown the edits of issues, as far as it was asked."""

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
        text, *rest = pages_of(body, origin)
        repo = self._repo
        with self._errors("file an issue"):
            try:
                made = repo.create_issue(title, text, labels=[*labels], assignees=[*assignees])
            except GithubException as exc:
                # Somebody who left fails the whole issue, which was then not filed.
                known = self._known(assignees) if exc.status == 422 else [*assignees]
                if known == [*assignees]:
                    raise
                made = repo.create_issue(title, text, labels=[*labels], assignees=known)
            filed = _issue(made)
        try:
            with self._errors("continue an issue"):
                if rest:
                    write_comments(made, self._account, rest, origin)
        except UserError as exc:
            # The issue exists, so a UserError would wrongly say that nothing happened.
            raise RetryLater(str(exc), maybe_done=True) from exc
        except RetryLater as exc:
            # So would a comment that was not sent because of a rate limit or a deadline.
            exc.maybe_done = True
            raise
        return filed

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
            return _issue(found[-1]) if found else None

    def read_issue(
        self, number: int, *, origin: Origin, issue_id: int = 0, parts: int = 1, etag: str = ""
    ) -> IssueText | None:
        """See :meth:`bot.ports.Forge.read_issue`."""
        try:
            with self._errors("read an issue", writes=False):
                # A change of a comment need not change the issue's ETag.
                version, raw = self._read(f"issues/{number}", etag=etag if parts == 1 else "")
                if raw is None:
                    return None
                issue = self._own(raw, number, origin, issue_id)
                continued = read_comments(issue, self._account, origin) if parts > 1 else []
        except UserError as exc:
            if exc.code in ("not_found", "issue_gone"):
                raise UserError(
                    NO_ISSUE.format(number=number, repository=self._name), code="gone"
                ) from exc
            raise
        draft = Draft(title=issue.title, parts=(issue.body or "", *continued))
        return IssueText(number=number, url=issue.html_url, id=issue.id, draft=draft, etag=version)

    def write_issue(self, there: IssueText, draft: Draft, *, origin: Origin) -> str:
        """See :meth:`bot.ports.Forge.write_issue`."""
        text, *rest = draft.parts
        etag = there.etag
        with self._errors("rewrite an issue"):
            repo = self._repo
            url = f"{repo.url}/issues/{there.number}"
            # What is the same is left out: somebody may have changed it since.
            changes = {} if there.draft.title == draft.title else {"title": draft.title}
            changes |= {} if is_same(there.draft.parts[0], text) else {"body": text}
            if changes:
                headers, _ = repo.requester.requestJsonAndCheck("PATCH", url, input=changes)
                etag = str(headers.get("etag") or "")
            if rest or there.draft.parts[1:]:
                issue = GithubIssue(repo.requester, {}, {"url": url, "number": there.number})
                read = there.draft.parts[1:]
                write_comments(issue, self._account, rest, origin, read=read)
        return etag

    def lost_text(self, there: IssueText, draft: Draft) -> str | None:
        """See :meth:`bot.ports.Forge.lost_text`."""
        read, wrote = there.draft.parts[0], draft.parts[0]
        if not self._has_history or is_same(read, wrote):
            return None
        try:
            with self._errors("read the edits of an issue"):
                texts = versions(self._repo.requester, self._name, there.number)
        except (UserError, RetryLater) as exc:
            log.info("github.no_history", repository=self._name, error=str(exc))
            # Some servers have no GraphQL.
            self._has_history = getattr(exc, "code", "") != "not_found"
            return None
        return lost_between(texts, read=read, wrote=wrote)

    def link_child(self, parent: int, child: int, *, child_id: int = 0) -> bool:
        """See :meth:`bot.ports.Forge.link_child`."""
        with self._errors("link two issues"):
            inner = child_id or self._free_child(parent, child)
            if not inner:
                return False
            url = f"{self._repo.url}/issues/{parent}"
            outer = GithubIssue(self._repo.requester, {}, {"url": url, "number": parent})
            try:
                outer.add_sub_issue(inner)
            except GithubException as exc:
                if exc.status == 422 and "one parent" in message_of(exc).lower():
                    # GitHub returns the same error for a child of this and of another parent.
                    return any(each.id == inner for each in outer.get_sub_issues())
                if exc.status in (404, 405, 410, 422):
                    return False
                raise
        return True

    def _free_child(self, parent: int, child: int) -> int:
        """Return the id of an issue that may get this parent; 0 if there is none of this number here."""
        try:
            _etag, raw = self._read(f"issues/{child}")
        except Redirected:  # transferred
            return 0
        except GithubException as exc:
            if exc.status in (404, 410):
                return 0
            raise
        other = str(raw.get("parent_issue_url") or "")
        is_taken = bool(other) and not other.endswith(f"/issues/{parent}")
        return 0 if raw.get("pull_request") or is_taken else int(raw["id"])

    def _own(self, raw: Any, number: int, origin: Origin, issue_id: int) -> GithubIssue:
        """The issue, if mayday filed it here.

        Raises:
            UserError: ``code="gone"``: it is another one. ``code="moved"``: it is in another repository.
        """
        issue = GithubIssue(self._repo.requester, {}, raw)
        home = str(raw.get("repository_url") or "")
        if home and not home.casefold().endswith(f"/repos/{self._name}".casefold()):
            raise moved(self._name, self._key)
        # People may have removed the marker from the text; the id is of one issue for ever.
        if issue.id != issue_id and not carries(issue.body or "", marker(origin)):
            # The repository was changed or recreated, so its issue numbers aren't ours.
            raise UserError(OTHER_ISSUE.format(number=number, repository=self._name), code="gone")
        if not self._account.wrote(issue.user):
            raise self._by_another(issue)
        return issue

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


def _issue(issue: GithubIssue) -> Issue:
    """Return the issue; an answer that isn't one, of which PyGithub knows nothing, counts as no answer."""
    if not (issue.number and issue.html_url):
        raise ValueError(NOT_AN_ISSUE)
    return Issue(
        number=issue.number,
        url=issue.html_url,
        id=issue.id,
        assignees=tuple(person.login for person in issue.assignees or ()),
    )
