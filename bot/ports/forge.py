"""GitHub and the folder of reports, as the services use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin of an issue or a file: an incident's report, or one of its action items.

    It is stored in a comment at the end of the text, so that the issue or file can be found again.
    """

    incident: str
    item: str = ""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository. ``url`` is its page; ``is_private`` says whether its issues are private."""

    name: str
    url: str
    is_private: bool


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue, by its number in the repository. ``url`` is its page."""

    number: int
    url: str


class Forge(Protocol):
    """GitHub. ``open_issue`` sends its request once: the caller checks before repeating."""

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

    def rewrite_issue(self, number: int, title: str, body: str, *, origin: Origin) -> Issue:
        """Update an issue; a long body continues in comments. Idempotent: unchanged text is not sent.

        Raises:
            UserError: ``code="gone"``: the issue was deleted, or its number belongs to another one.
        """

    def link_child(self, parent: int, child: int) -> bool:
        """Make one issue a sub-issue of another; return False if GitHub doesn't support that."""


class Folder(Protocol):
    """A folder of reports."""

    def put(self, name: str, text: str, *, origin: Origin, private: bool = False) -> str:
        """Write a report and return its path.

        A report keeps the file it already has, whatever its name; if ``private``, it is renamed to ``name``.
        A new file is ``name``.md, with a number if that name is taken. Only mayday's account can read it.

        Raises:
            UserError: the folder cannot be written to.
        """
