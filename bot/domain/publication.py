"""What a report is published as: its documents, and the targets that they go to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    """How a target shows a report."""

    FOLDER = "folder"
    ISSUE = "issue"
    PULL_REQUEST = "pull_request"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A place where reports are published.

    ``subject`` tells it from other targets of its kind, and never changes: it is part of the keys of what was
    published. ``repository`` is ``owner/name``, empty for a folder. ``form`` is empty for the team's form.
    ``base`` is the branch that pull requests go to, empty for the repository's own. ``path`` is the template
    of the file's path there, and ``index`` the file that lists the reports; both may be empty. ``is_private``
    says that private incidents are published there, too, if GitHub says that the repository is private.
    """

    kind: TargetKind
    subject: str = ""
    repository: str = ""
    form: str = ""
    base: str = ""
    path: str = ""
    index: str = ""
    is_private: bool = False


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text that goes to one target: the report, or the issue of one action item.

    ``item`` is the action item's id, empty for the report. ``text`` is Markdown, without the marker by which
    mayday finds it again. ``path`` is that of the file in the folder or the repository, empty for issues.
    An issue gets ``labels``, of which it is found again by the first, and ``assignees``.
    ``is_private`` says whether the incident is known to be private. ``digest`` identifies everything that
    leaves mayday's disk together with this text, which a person approves; it is empty in the folder.
    """

    target: Target
    title: str
    text: str
    item: str = ""
    path: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    is_private: bool = False
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class TrackedItem:
    """An action item that people track in an issue or a pull request of theirs, at ``url``."""

    item: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Everything that publishing a report sends, in the order in which it is sent.

    ``tracked`` are the action items that get no issue, because people track them already.
    """

    incident_id: str
    documents: tuple[Document, ...]
    tracked: tuple[TrackedItem, ...] = ()

    @property
    def reports(self) -> tuple[Document, ...]:
        """The report itself, once for each target."""
        return tuple(each for each in self.documents if not each.item)

    @property
    def items(self) -> tuple[Document, ...]:
        """The issues of its action items."""
        return tuple(each for each in self.documents if each.item)

    def item(self, item_id: str) -> Document | None:
        """The issue of an action item; None if it gets none."""
        return next((each for each in self.items if each.item == item_id), None)
