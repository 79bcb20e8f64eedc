"""GitHub and the folder of reports, as the services use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.merging import Draft


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin of an issue or a file: an incident's report, or one of its action items.

    ``target`` tells several files or issues of one report apart.

    It is stored in a comment at the end of the text, so that the issue or file can be found again.
    """

    incident: str
    item: str = ""
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository. ``url`` is its page; ``is_private`` says whether its issues are private.

    ``is_internal``: everybody in the enterprise reads it, so it isn't private.
    """

    name: str
    url: str
    is_private: bool
    is_internal: bool = False

    @property
    def visibility(self) -> str:
        """Who can read it: ``private``, ``internal`` or ``public``."""
        return "private" if self.is_private else "internal" if self.is_internal else "public"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue, by its number in the repository. ``url`` is its page.

    ``id`` is GitHub's for this one issue, wherever it is moved. ``assignees`` are the logins of those
    who are assigned to it.
    """

    number: int
    url: str
    id: int = 0
    assignees: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IssueText:
    """The text of an issue, with its markers. ``etag`` is its version, empty if GitHub says none."""

    number: int
    url: str
    id: int
    draft: Draft
    etag: str = ""


@dataclass(frozen=True, kw_only=True)
class FileText:
    """A file of a repository. ``sha`` is its version for writing, ``etag`` for reading it again.

    ``is_unchanged`` says that it is as at that ETag; then there is no text.
    """

    text: str
    sha: str
    etag: str = ""
    is_unchanged: bool = False


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request. ``url`` is its page."""

    number: int
    url: str
    is_open: bool
    is_merged: bool


class Forge(Protocol):
    """A repository on GitHub. Writes are sent once: the caller checks before repeating.

    Where the repository or an issue of it was renamed or transferred, every call raises UserError with
    ``code="moved"``, and nothing is written.
    """

    def check(self) -> Repository:
        """Return the repository if issues can be filed there.

        Raises:
            UserError: the token is invalid or lacks a permission, the repository is archived or not
                visible, or its issues are turned off.
        """

    def open_issue(
        self,
        title: str,
        body: str,
        *,
        origin: Origin,
        labels: Sequence[str],
        assignees: Sequence[str],
    ) -> Issue:
        """File an issue; a long body continues in comments.

        After the issue is filed, errors are raised as RetryLater and not as UserError.
        """

    def find_issue(self, origin: Origin, *, label: str) -> Issue | None:
        """Return the issue with this label and ``origin``, open or closed, or None."""

    def read_issue(
        self, number: int, *, origin: Origin, issue_id: int = 0, parts: int = 1, etag: str = ""
    ) -> IssueText | None:
        """Return the text of an issue that mayday filed; None if it is as at this ETag.

        Its comments are read only if it has more than one of the ``parts``. ``issue_id`` is GitHub's, if it
        is known.

        Raises:
            UserError: ``code="gone"``: the issue was deleted, or its number belongs to another one.
        """

    def write_issue(self, there: IssueText, draft: Draft, *, origin: Origin) -> str:
        """Write the text, which carries its markers, in place of what is there; return its ETag, if known.

        What is the same is not sent.
        """

    def lost_text(self, there: IssueText, draft: Draft) -> str | None:
        """Return the text that the writing of ``draft`` replaced, if that wasn't the one of ``there``.

        Somebody saved it between the reading and the writing. None if nobody did, or if GitHub doesn't say.
        """

    def link_child(self, parent: int, child: int, *, child_id: int = 0) -> bool:
        """Make one issue a sub-issue of another; return False if GitHub doesn't allow that.

        ``child_id`` is GitHub's id of an issue that mayday filed, in any repository of the owner. Without it
        the child is an issue of people in this repository. One that has another parent keeps it.
        """

    def default_branch(self) -> str:
        """Return the branch that pull requests go to unless another is configured."""

    def has_branch(self, branch: str) -> bool:
        """Return whether the branch exists."""

    def start_branch(self, branch: str, *, base: str) -> None:
        """Create a branch at the head of ``base``, unless it exists."""

    def read_file(self, path: str, *, branch: str, etag: str = "") -> FileText | None:
        """Return a file of a branch, or None if it doesn't exist."""

    def write_file(self, path: str, text: str, *, branch: str, sha: str, message: str) -> None:
        """Commit a file to a branch in place of its version ``sha``; an empty ``sha`` adds it.

        Raises:
            RetryLater: somebody changed it since that version. Nothing was written.
        """

    def find_pull(self, branch: str) -> Pull | None:
        """Return the latest pull request from this branch, open or not, or None."""

    def open_pull(self, branch: str, *, base: str, title: str, body: str) -> Pull:
        """Open a pull request."""


@dataclass(frozen=True, kw_only=True)
class ReportFile:
    """A report's file in the folder."""

    path: str
    text: str


class Folder(Protocol):
    """A folder of reports.

    Raises:
        UserError: the folder cannot be read or written to.
    """

    def find(self, origin: Origin, *, path: str = "") -> ReportFile | None:
        """Return the report's file, or None. ``path`` is where it was last; people may have renamed it."""

    def add(self, name: str, text: str) -> str:
        """Write a new file and return its path. If its name is taken, it gets a number."""

    def replace(self, there: ReportFile, text: str, *, name: str = "") -> str:
        """Write a file in place of what is there, and return its path; with ``name`` it is renamed.

        Raises:
            RetryLater: it has changed since it was read. Nothing was written.
        """
