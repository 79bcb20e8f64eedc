"""The workflow that publishes a report to its targets: folders, GitHub issues and pull requests.

Nothing leaves mayday's disk before a person approved exactly that text; until then the workflow asks for a
review. Then it files the incident's issue with the whole report, and an issue for each action item, which
links to it. It completes the incident's with the links to them; pull requests and files come last. Each is a
resource of its own, so publishing twice, or a kill at any point, publishes nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from bot import deadline
from bot.domain.actions import ActionItem
from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.item_words import number_beside
from bot.domain.limits import Limits
from bot.domain.publication import Document, TargetKind
from bot.domain.resources import ResourceKind, ResourceState
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater, UserError
from bot.ports import JSON, Clock, Durable, Folder
from bot.services import sync
from bot.services.approval import Approvals
from bot.services.channel_guard import LookAt
from bot.services.compose import Composer
from bot.services.documents import Documents
from bot.services.reconciler import GONE, EnsureResult, Reconciler, Resource
from bot.services.report import Reports
from bot.services.report_pulls import Pulls
from bot.services.report_resources import Files, Forges, Issues, may_be_parent
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import resources as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

WORKFLOW = "publish"

_PLACES = (ResourceKind.REPORT_ISSUE, ResourceKind.REPORT_PULL, ResourceKind.REPORT_FILE)
"""Where people read a report, in the order in which its places are named."""
_LOOK_AGAIN = (GONE, "moved")
"""What a look finds that has to be acted on although mayday's text is unchanged."""

log = structlog.get_logger()


def enqueue(durable: Durable, tx: Tx, incident_id: str, idempotency_key: str) -> None:
    """Publish what this transaction changes; ``idempotency_key`` is unique to the change."""
    durable.enqueue(
        tx,
        WORKFLOW,
        key=f"{WORKFLOW}/{incident_id}/{idempotency_key}",
        partition_key=f"{WORKFLOW}/{incident_id}",
        args=[incident_id],
    )


class _Place(Protocol):
    """Where texts are published."""

    def look_at(self, incident_id: str, document: Document, key: str, ref: JSON) -> None:
        """Store what people changed of a text since it was read."""


class Publish:
    """The workflow and its steps.

    ``gather`` is called first, to read what the record still lacks. ``look`` says before each publication
    whether the channel is public. ``forges`` returns the adapter for a repository.
    """

    def __init__(
        self,
        store: Store,
        reconciler: Reconciler,
        durable: Durable,
        reports: Reports,
        composer: Composer,
        approvals: Approvals,
        folder: Folder,
        forges: Forges,
        now: Clock,
        look: LookAt,
        gather: Callable[[str], None] = lambda _incident_id: None,
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._durable = durable
        self._reports = reports
        self._composer = composer
        self._approvals = approvals
        documents = Documents(store, now)
        self._files = Files(folder, documents, look)
        self._issues = Issues(forges, documents, look, approvals.require)
        self._pulls = Pulls(forges, documents, look, approvals.require)
        self._now = now
        self._gather = gather

    def request(self, change: StateChange) -> None:
        """Publish now, because a person asked for it: what waits for a person is attempted again, too."""
        with self._store.write() as tx:
            audit.add(tx, change.line("report.publish"))
            rows.resume_needing_human(tx, change.incident_id)
            enqueue(self._durable, tx, change.incident_id, change.idempotency_key)

    def workflow(self, incident_id: str) -> None:
        """Publish everything; what fails stops nothing else and is attempted again later.

        An incident that ended without a report publishes nothing, whatever asked for it.
        """
        with self._store.read() as tx:
            if incident_rows.get(tx, incident_id).ending:
                return
        step = self._durable.step
        step("gather", self._gather, incident_id)
        step("items", self._reports.settle_items, incident_id)
        # Each later text has the addresses of what was published before it.
        if step("review", self.review, incident_id):
            step("file incident", self.file_reports, incident_id)
            step("file items", self.file_items, incident_id)
            step("link items", self.link_items, incident_id)
            if step("complete incident", self.complete_reports, incident_id):
                step("file items again", self.file_items, incident_id)
                step("link items again", self.link_items, incident_id)
            step("propose", self.propose, incident_id)
        step("write", self.write, incident_id)
        step("record", self.record, incident_id)

    def review(self, incident_id: str) -> bool:
        """Whether to go on to GitHub: the text is approved, or may go nowhere, which then is said.

        Otherwise people are asked for a review, and their approval publishes the report.
        """
        composed = self._composer.composed(incident_id)
        return self._approvals.is_approved(composed) or not self._approvals.ask(composed)

    def file_reports(self, incident_id: str) -> None:
        """File the incident's issues with the whole report, or bring them in step with it."""
        for document in self._documents(incident_id, TargetKind.ISSUE):
            self._ensure(self._issues.issue(incident_id, document), document, self._issues)

    def complete_reports(self, incident_id: str) -> bool:
        """Bring the incident's issues in step with the addresses of what was filed since.

        Returns whether the items' issues are behind now: an issue that failed before them may exist only
        since, so that they lack its address.
        """
        for document in self._documents(incident_id, TargetKind.ISSUE):
            resource = self._issues.issue(incident_id, document)
            if self._is_due(resource):
                self._reconciler.ensure(resource)
        items = self._composer.compose(incident_id).items
        return any(self._is_due(self._issues.issue(incident_id, each)) for each in items)

    def file_items(self, incident_id: str) -> None:
        """File the action items' issues, and store their addresses with the items."""
        publication = self._composer.compose(incident_id)
        for document in publication.items:
            self._ensure(self._issues.issue(incident_id, document), document, self._issues)
            url = str(self._ref(incident_id, ResourceKind.ITEM_ISSUE, document.item).get("url", ""))
            self._record_issue(incident_id, document.item, url)

    def link_items(self, incident_id: str) -> None:
        """Make the items' issues sub-issues of the incident's, where GitHub allows it.

        It does for issues of one owner. Of the issues in which people track items already, only those in
        the incident's repository are linked, and only if they have no other parent.
        """
        publication = self._composer.compose(incident_id)
        filed = next((e for e in publication.reports if e.target.kind is TargetKind.ISSUE), None)
        parent = filed and self._ref(incident_id, ResourceKind.REPORT_ISSUE, filed.target.subject)
        if not parent:
            return
        children = {
            document.item: self._ref(incident_id, ResourceKind.ITEM_ISSUE, document.item)
            for document in publication.items
        }
        for each in publication.tracked:
            if number := number_beside(each.url, parent["url"]):
                children[each.item] = {"number": number, "repository": parent["repository"]}
        for item, child in children.items():
            if child and may_be_parent(parent, child):
                self._reconciler.ensure(self._issues.link(incident_id, item, parent, child))

    def propose(self, incident_id: str) -> None:
        """Commit the report to a branch and propose it in a pull request."""
        for document in self._documents(incident_id, TargetKind.PULL_REQUEST):
            found = self._ensure(self._pulls.branch(incident_id, document), document, self._pulls)
            if found.state is ResourceState.DONE and found.ref.get("branch"):
                self._reconciler.ensure(self._pulls.pull(incident_id, document, found.ref))

    def write(self, incident_id: str) -> None:
        """Write the files, which carry the links to the issues."""
        for document in self._documents(incident_id, TargetKind.FOLDER):
            self._ensure(self._files.file(incident_id, document), document, self._files)

    def record(self, incident_id: str) -> dict[str, Any]:
        """Record once where the report is, and have Slack show it or what failed.

        While something is about to be attempted again, this waits for its address.
        """
        with self._store.read() as tx:
            found = rows.of_incident(tx, incident_id).values()
        shown = [row for row in found if row.kind in _PLACES]
        unfinished = (ResourceState.PENDING, ResourceState.ATTEMPTING)
        kinds = (*_PLACES, ResourceKind.REPORT_BRANCH)
        waits = any(row.state in unfinished for row in found if row.kind in kinds)
        if all(row.kind is ResourceKind.REPORT_FILE for row in shown):
            # Until it is approved, the message that asks for the review says where the report is.
            waits = waits or not self._approvals.is_approved(self._composer.composed(incident_id))
        urls = [
            str(row.ref["url"])
            for kind in _PLACES
            for row in shown
            if row.kind is kind and row.ref.get("url")
        ]
        path = next(
            (
                str(row.ref["path"])
                for row in shown
                if row.kind is ResourceKind.REPORT_FILE and row.ref.get("path")
            ),
            "",
        )
        url = urls[0] if urls else path
        unassigned = sorted({login for row in found for login in row.ref.get("unassigned", ())})
        data: dict[str, Any] = {"url": url, "path": path}
        data |= {"others": urls[1:]} if urls[1:] else {}
        data |= {"unassigned": unassigned} if unassigned else {}
        now = self._now()
        source = "\n".join([*(urls or [path]), *unassigned])
        with self._store.write() as tx:
            is_new = bool(url and not waits) and timeline_rows.add_entry(
                tx,
                incident_id=incident_id,
                at=now,
                now=now,
                kind=EntryKind.PUBLISHED,
                author="",
                data=data,
                source=f"published/{hashlib.sha256(source.encode()).hexdigest()[:32]}",
            )
            if is_new:
                audit.add(tx, _published(incident_id, data))
            sync.enqueue(self._durable, tx, incident_id, f"published/{now.isoformat()}")
        log.info("publish.done", incident=incident_id, url=url, new=is_new)
        return {"url": url}

    def _record_issue(self, incident_id: str, item_id: str, url: str) -> None:
        """Store the address of an item's issue with the item."""
        with self._store.write() as tx:
            items = {item.id: item for item in incident_rows.items(tx, incident_id)}
            item = items.get(item_id)
            if url and item is not None and url != item.issue_url:
                incident_rows.change_item(tx, item.id, issue_url=url)
                audit.add(tx, _filed(item, url))

    def _documents(self, incident_id: str, kind: TargetKind) -> list[Document]:
        publication = self._composer.compose(incident_id)
        return [each for each in publication.reports if each.target.kind is kind]

    def _is_due(self, resource: Resource) -> bool:
        with self._store.read() as tx:
            row = rows.get(tx, resource.key)
        return resource.is_due(row, self._now())

    def _ensure(self, resource: Resource, document: Document, place: _Place) -> EnsureResult:
        """Bring one text in step; where it is already, look what people changed of it."""
        with self._store.read() as tx:
            row = rows.get(tx, resource.key)
        if row is None or not resource.is_shown(row):
            return self._reconciler.ensure(resource)
        try:
            with deadline.within(Limits.call):
                place.look_at(resource.incident_id, document, resource.key, row.ref)
        except UserError as exc:
            log.warning("publish.look", key=resource.key, error=str(exc))
            if exc.code in _LOOK_AGAIN:
                with self._store.write() as tx:
                    rows.change(tx, resource.key, applied_spec=None)
                return self._reconciler.ensure(resource)
        except RetryLater as exc:  # a look that fails costs nothing
            log.warning("publish.look", key=resource.key, error=str(exc))
        return EnsureResult(state=row.state, ref=row.ref)

    def _ref(self, incident_id: str, kind: ResourceKind, subject: str = "") -> JSON:
        with self._store.read() as tx:
            row = rows.find(tx, incident_id, kind, subject)
        return row.ref if row else {}


def _published(incident_id: str, data: JSON) -> AuditLine:
    return AuditLine(
        actor=MAYDAY,
        act="report.published",
        outcome=AuditOutcome.DONE,
        target=data["url"],
        incident_id=incident_id,
        after=data,
    )


def _filed(item: ActionItem, url: str) -> AuditLine:
    return AuditLine(
        actor=MAYDAY,
        act="issue.filed",
        outcome=AuditOutcome.DONE,
        target=f"item/{item.id}",
        incident_id=item.incident_id,
        before={"url": item.issue_url},
        after={"url": url},
    )
