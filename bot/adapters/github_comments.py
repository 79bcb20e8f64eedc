"""The comments in which the text of a long issue continues."""

from __future__ import annotations

from collections.abc import Sequence

from github.Issue import Issue as GithubIssue
from github.IssueComment import IssueComment

from bot.adapters.github_account import Account
from bot.domain.merging import is_same
from bot.errors import RetryLater
from bot.ports import Origin
from bot.render.parts import carries, marked, marker

SURPLUS = "_This part of the report is no longer needed._"
CHANGED = "A comment of issue {number} was changed by somebody just now: mayday reads it again."


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
    issue: GithubIssue,
    account: Account,
    parts: Sequence[str],
    origin: Origin,
    *,
    read: Sequence[str] | None = None,
) -> None:
    """Write these parts, which carry their markers, into comments, whatever an earlier attempt completed.

    ``read`` are the texts from which the parts were made, None for a new issue.

    Raises:
        RetryLater: somebody changed a comment since it was read. That comment is left as it is.
    """
    comments = _own(issue, account)
    texts = dict(enumerate(parts, start=2))
    known = dict(enumerate(read or (), start=2))
    while _marked(comments, marker(origin, part=len(texts) + 2)):
        texts[len(texts) + 2] = ""
    for number, text in texts.items():
        comment = _marked(comments, marker(origin, part=number))
        if comment is None:
            if text.strip():
                issue.create_comment(text)
            continue
        surplus = marked(SURPLUS, marker(origin, part=number))
        text = text if text.strip() else surplus
        if is_same(comment.body, text):
            continue
        was = known.get(number, "") or surplus
        if read is not None and not is_same(comment.body, was):
            raise RetryLater(CHANGED.format(number=issue.number), maybe_done=True)
        comment.edit(text)


def _own(issue: GithubIssue, account: Account) -> list[IssueComment]:
    return [each for each in issue.get_comments() if account.wrote(each.user)]


def _marked(comments: Sequence[IssueComment], mark: str) -> IssueComment | None:
    return next((each for each in comments if carries(each.body or "", mark)), None)
