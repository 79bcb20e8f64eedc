"""What publishing a report makes: files, issues, and links between issues.

An issue or a file carries a mark of what it was made from and is found again by it. What people changed of it
is kept: see :mod:`bot.services.documents`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import TypeVar

import structlog

from bot.domain.merging import Draft
from bot.domain.publication import Document, Target
from bot.domain.resources import ResourceKind, digest, resource_key
from bot.errors import NeedsHuman, RetryLater, UserError
from bot.ports import JSON, Folder, Forge, Issue, IssueText, Origin
from bot.render.parts import marked, marker, pages_of
from bot.services.channel_guard import LookAt
from bot.services.documents import Documents, Text
from bot.services.reconciler import GONE, Resource
from bot.store.documents import DocumentRow, Seen

PUBLIC_REPOSITORY = (
    "This incident is private and {repository} is not, so its report is in the folder only. "
    "Name a private repository under {key} to file it."
)
NOT_SHOWN_BY_SLACK = (
    "Slack doesn't show mayday the incident's channel, so it may be private, and {repository} is public. "
    "The report is in the folder only. To file it, invite mayday to the channel, or copy it by hand."
)
NOT_FOR_PRIVATE = (
    "This incident is private, so its report doesn't go to {repository}: set report.targets[].private for "
    "that."
)

UNCLEAR = "GitHub lists {url} and says that it doesn't exist: mayday looks again."

Forges = Callable[[str], Forge]
"""Returns the adapter for a repository."""

Allowed = Callable[[str, Document], None]
"""Returns if a document of an incident may be written to its target now; raises UserError otherwise."""

T = TypeVar("T")

log = structlog.get_logger()


def check_private(incident_id: str, target: Target, forge: Forge, look: LookAt) -> None:
    """Return if the target may show the report, by what Slack says of the channel and GitHub says now.

    Raises:
        UserError: the repository is public, and the incident is not known to be.
    """
    found = look(incident_id)
    if found.is_public:
        return
    repository = forge.check()
    if not repository.is_private:
        reason = PUBLIC_REPOSITORY if found.incident.private else NOT_SHOWN_BY_SLACK
        key = "github.repository" if not target.subject else "report.targets"
        raise UserError(reason.format(repository=repository.name, key=key))
    if not target.is_private:
        raise UserError(NOT_FOR_PRIVATE.format(repository=repository.name))


def asking(call: Callable[..., T]) -> Callable[..., T]:
    """The call; where the repository or an issue is another one now, it stops until a person has looked."""

    def attempt(*args: object) -> T:
        try:
            return call(*args)
        except UserError as exc:
            if exc.code != "moved":
                raise
            raise NeedsHuman(str(exc)) from exc

    return attempt


def origin_of(incident_id: str, document: Document) -> Origin:
    """What the document is made from."""
    target = "" if document.item else document.target.subject
    return Origin(incident=incident_id, item=document.item, target=target)


class Files:
    """Reports as files in the folder."""

    def __init__(self, folder: Folder, documents: Documents, look: LookAt) -> None:
        self._folder = folder
        self._documents = documents
        self._look = look

    def file(self, incident_id: str, document: Document) -> Resource:
        """The report as a file, with links to the issues."""
        origin = origin_of(incident_id, document)
        subject = document.target.subject
        key = resource_key(incident_id, ResourceKind.REPORT_FILE, subject)
        draft = Draft(title="", parts=(marked(document.text, marker(origin)),))
        file_name = PurePosixPath(document.path)

        def put(ref: JSON) -> JSON:
            is_private = not self._look(incident_id).is_public
            # Lists of files, backups and logs show its name, so a private incident has its id there.
            name = f"{incident_id}{file_name.suffix}" if is_private else file_name.name
            there = self._folder.find(origin, path=str(ref.get("path", "")))
            text = Text(incident_id=incident_id, key=key, draft=draft)
            if there is None:
                path = self._documents.create(text, lambda: self._folder.add(name, draft.parts[0]))
                return {"path": path}
            text = Text(incident_id=incident_id, key=key, draft=draft, place=there.path)
            merged = self._documents.next(text, Seen(draft=Draft(title="", parts=(there.text,))))
            whole = merged.parts[0] if merged else there.text
            path = self._folder.replace(there, whole, name=name if is_private else "")
            self._documents.sent(incident_id, key)
            return {"path": path}

        return Resource(
            incident_id=incident_id,
            kind=ResourceKind.REPORT_FILE,
            subject=subject,
            spec=spec_of(document),
            create=lambda: put({}),
            update=put,
        )

    def look_at(self, incident_id: str, document: Document, key: str, ref: JSON) -> None:
        """Read a file that shows what it should, and store what people changed of it."""
        origin = origin_of(incident_id, document)
        there = self._folder.find(origin, path=str(ref.get("path", "")))
        if there is not None:
            seen = Seen(draft=Draft(title="", parts=(there.text,)))
            self._documents.read(incident_id, key, seen)


class Issues:
    """The issues of a report, as resources."""

    def __init__(
        self,
        forges: Forges,
        documents: Documents,
        look: LookAt,
        allowed: Allowed,
    ) -> None:
        self._allowed = allowed
        self._forges = forges
        self._documents = documents
        self._look = look

    def issue(self, incident_id: str, document: Document) -> Resource:
        """The incident's issue with the whole report, or that of an action item."""
        target = document.target
        kind = ResourceKind.ITEM_ISSUE if document.item else ResourceKind.REPORT_ISSUE
        subject = document.item or target.subject
        origin = origin_of(incident_id, document)
        draft = Draft(title=document.title, parts=pages_of(document.text, origin))
        text = Text(
            incident_id=incident_id, key=resource_key(incident_id, kind, subject), draft=draft
        )

        def create() -> JSON:
            forge = self._forges(target.repository)
            check_private(incident_id, target, forge, self._look)
            self._allowed(incident_id, document)
            issue = self._documents.create(
                text,
                lambda: forge.open_issue(
                    document.title,
                    document.text,
                    origin=origin,
                    labels=document.labels,
                    assignees=document.assignees,
                ),
            )
            return _ref(issue, document)

        def find(_since: datetime | None) -> JSON | None:
            issue = self._forges(target.repository).find_issue(origin, label=document.labels[0])
            return _ref(issue, document) if issue else None

        def update(ref: JSON) -> JSON:
            forge = self._forges(target.repository)
            check_private(incident_id, target, forge, self._look)
            self._allowed(incident_id, document)
            there = self._there_or_another(forge, ref, origin, text, document.labels[0])
            placed = Text(incident_id=incident_id, key=text.key, draft=draft, place=there.url)
            before = self._documents.unseen_write(placed, there.draft)
            if before is not None:
                there = self._kept(forge, placed, origin, replace(there, draft=before), there)
            merged = self._documents.next(placed, Seen(draft=there.draft, etag=there.etag))
            if merged is not None:
                etag = forge.write_issue(there, merged, origin=origin)
                written = replace(there, draft=merged, etag=etag)
                self._kept(forge, placed, origin, there, written)
            return {
                "number": there.number,
                "url": there.url,
                "id": there.id,
                "repository": target.repository,
            }

        return Resource(
            incident_id=incident_id,
            kind=kind,
            subject=subject,
            spec=spec_of(document),
            create=asking(create),
            find=asking(find),
            update=asking(update),
        )

    def link(self, incident_id: str, item: str, parent: JSON, child: JSON) -> Resource:
        """The item's issue as a sub-issue of the incident's, where GitHub offers that.

        ``parent`` and ``child`` are the references of the two. A child without an ``id`` is of people.
        """
        number, repository = int(parent["number"]), str(parent["repository"])
        elsewhere = child["repository"].casefold() != repository.casefold()

        def put(_ref: JSON) -> JSON:
            forge = self._forges(repository)
            child_id = int(child.get("id", 0))
            return {"linked": forge.link_child(number, int(child["number"]), child_id=child_id)}

        return Resource(
            incident_id=incident_id,
            kind=ResourceKind.SUB_ISSUE,
            subject=item,
            spec={
                "parent": number,
                "child": int(child["number"]),
                **({"repository": child["repository"]} if elsewhere else {}),
            },
            create=asking(lambda: put({})),
            update=asking(put),
        )

    def look_at(self, incident_id: str, document: Document, key: str, ref: JSON) -> None:
        """Read an issue that shows what it should, and store what people changed of it."""
        forge = self._forges(document.target.repository)
        row = self._documents.row(key)
        there = forge.read_issue(
            ref["number"],
            origin=origin_of(incident_id, document),
            issue_id=ref.get("id", 0),
            parts=_parts(row),
            etag=row.seen.etag if row.seen else "",
        )
        if there is not None:
            self._documents.read(incident_id, key, Seen(draft=there.draft, etag=there.etag))

    def _kept(
        self, forge: Forge, text: Text, origin: Origin, read: IssueText, written: IssueText
    ) -> IssueText:
        """Return what is there after a write, with what people saved between it and the reading before it.

        Raises:
            UserError: both sides changed the same lines; what people saved is there again.
        """
        shown, etag = written.draft, written.etag
        lost = forge.lost_text(read, written.draft)
        if lost is not None:
            log.info("document.restored", key=text.key)
            theirs = replace(read.draft, parts=(lost, *read.draft.parts[1:]))
            found = self._documents.restored(text, theirs)
            etag = forge.write_issue(written, found.draft, origin=origin)
            if found.conflicts:
                self._documents.put_back(text, found)
            shown = found.draft
        self._documents.sent(text.incident_id, text.key, etag=etag, shown=shown)
        return replace(written, draft=shown, etag=etag)

    def _there_or_another(
        self, forge: Forge, ref: JSON, origin: Origin, text: Text, label: str
    ) -> IssueText:
        """The issue's text as it is now; if it is gone, that of another one that carries its mark.

        Raises:
            UserError: ``code="gone"``: there is none.
        """
        try:
            return self._there(forge, ref, origin, text)
        except UserError as exc:
            if exc.code != GONE:
                raise
            other = forge.find_issue(origin, label=label)
            if other is None:
                raise
            if other.number == ref["number"]:
                raise RetryLater(UNCLEAR.format(url=other.url), after=60, maybe_done=False) from exc
        return self._there(forge, {"number": other.number, "id": other.id}, origin, text)

    def _there(self, forge: Forge, ref: JSON, origin: Origin, text: Text) -> IssueText:
        """The issue's text as it is now. What has not changed since it was read is not sent again."""
        row = self._documents.row(text.key)
        number, issue_id = int(ref["number"]), int(ref.get("id", 0))
        there = forge.read_issue(
            number,
            origin=origin,
            issue_id=issue_id,
            parts=max(_parts(row), len(text.draft.parts)),
            etag=row.seen.etag if row.seen else "",
        )
        if there is not None or row.seen is None:
            return there or _nothing(number)
        return IssueText(
            number=number,
            url=str(ref["url"]),
            id=issue_id,
            draft=row.seen.draft,
            etag=row.seen.etag,
        )


def may_be_parent(parent: JSON, child: JSON) -> bool:
    """Whether GitHub lets one issue be the parent of another: they have one owner, and an id if apart."""
    one, other = (str(each.get("repository", "")).casefold() for each in (parent, child))
    if one == other:
        return bool(one) and parent["number"] != child["number"]
    return bool(child.get("id")) and one.partition("/")[0] == other.partition("/")[0]


def _nothing(number: int) -> IssueText:
    raise LookupError(f"issue {number} was read with no ETag and not returned")


def _parts(row: DocumentRow) -> int:
    drafts = [row.base, row.seen.draft if row.seen else None]
    drafts += [row.pending.sent] if row.pending else []
    return max([1, *(len(draft.parts) for draft in drafts if draft)])


def spec_of(document: Document) -> JSON:
    """Return what the place of a document shows."""
    # What became private has to be looked at again, although its text is the same.
    private = {"is_private": True} if document.is_private else {}
    return {"title": document.title, "text": digest(document.text), **private}


def _ref(issue: Issue, document: Document) -> JSON:
    assigned = {login.casefold() for login in issue.assignees}
    return {
        "number": issue.number,
        "url": issue.url,
        "id": issue.id,
        "repository": document.target.repository,
        "unassigned": [login for login in document.assignees if login.casefold() not in assigned],
    }
