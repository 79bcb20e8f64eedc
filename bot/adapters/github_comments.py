"""The comments in which the text of a long issue continues."""

from __future__ import annotations

from collections.abc import Sequence

from github.Issue import Issue as GithubIssue
from github.IssueComment import IssueComment

from bot.adapters.github_account import Account
from bot.domain.merging import is_same
from bot.ports import Origin
from bot.render.parts import carries, marked, marker

SURPLUS = "_This part of the report is no longer needed._"


def read_comments(issue: GithubIssue, account: Account, origin: Origin) -> list[str]:
    """Return the texts of mayday's comments from the second part on, without surplus ones."""
    comments = _own(issue, account)
    texts = []
    number = 2
    while found := _marked(comments, marker(origin, part=number)):
        is_surplus = is_same(found.body, marked(SURPLUS, marker(origin, part=number)))
        texts.append("" if is_surplus else found.body)
        number += 1
    return texts


def write_comments(
    issue: GithubIssue, account: Account, parts: Sequence[str], origin: Origin
) -> None:
    """Write these parts, which carry their markers, into comments, whatever an earlier attempt completed."""
    comments = _own(issue, account)
    for number, part in enumerate(parts, start=2):
        _write(issue, _marked(comments, marker(origin, part=number)), part, origin, number)
    number = len(parts) + 2
    while surplus := _marked(comments, marker(origin, part=number)):
        _write(issue, surplus, "", origin, number)
        number += 1


def _own(issue: GithubIssue, account: Account) -> list[IssueComment]:
    return [each for each in issue.get_comments() if account.wrote(each.user)]


def _write(
    issue: GithubIssue, comment: IssueComment | None, text: str, origin: Origin, number: int
) -> None:
    if comment is None:
        if text.strip():
            issue.create_comment(text)
        return
    text = text if text.strip() else marked(SURPLUS, marker(origin, part=number))
    if not is_same(comment.body, text):
        comment.edit(text)


def _marked(comments: Sequence[IssueComment], mark: str) -> IssueComment | None:
    return next((each for each in comments if carries(each.body or "", mark)), None)
