"""The workflow that publishes a report: to GitHub where a repository is configured, and to a folder.

First it files an issue for each action item, then the incident's with the whole report and links to
them, then it links the items back, and last it writes the file. Each is a resource of its own, so
publishing twice, or a kill at any point, files nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import structlog

from bot.domain.actions import ActionItem
from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.resources import ResourceKind, ResourceState
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.ports import JSON, Clock, Durable, Folder, Forge
from bot.services import sync
from bot.services.channel_guard import LookAt
from bot.services.reconciler import EnsureResult, Reconciler
from bot.services.report import Reports
from bot.services.report_resources import Issues, report_file
from bot.services.settings import Filing
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import resources as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.resources import ResourceRow

WORKFLOW = "publish"

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


class Publish:
    """The workflow and its steps. Without a ``forge`` reports go to the folder alone.

    ``gather`` is called first, to read what the record still lacks. ``look`` says before each publication
    whether the channel is public.
    """

    def __init__(
        self,
        store: Store,
        reconciler: Reconciler,
        durable: Durable,
        reports: Reports,
        folder: Folder,
        forge: Forge | None,
        now: Clock,
        filing: Filing,
        look: LookAt,
        gather: Callable[[str], None] = lambda _incident_id: None,
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._durable = durable
        self._reports = reports
        self._folder = folder
        self._issues = Issues(forge, filing, look) if forge else None
        self._now = now
        self._filing = filing
        self._gather = gather
        self._look = look

    def request(self, change: StateChange) -> None:
        """Publish now, because a person asked for it."""
        with self._store.write() as tx:
            audit.add(tx, change.line("report.publish"))
            enqueue(self._durable, tx, change.incident_id, change.idempotency_key)

    def workflow(self, incident_id: str) -> None:
        """Publish everything; what fails stops nothing else and is attempted again later."""
        step = self._durable.step
        step("gather", self._gather, incident_id)
        if self._issues is not None:
            items = step("items", self.items, incident_id)
            for item_id in items:
                step(f"file {item_id}", self.file_item, incident_id, item_id)
            step("file incident", self.file_incident, incident_id)
            for item_id in items:
                step(f"link {item_id}", self.link_item, incident_id, item_id)
        step("write", self.write, incident_id)
        step("record", self.record, incident_id)

    def items(self, incident_id: str) -> list[str]:
        """The ids of the incident's action items that nobody tracks elsewhere."""
        return self._reports.settle_items(incident_id)

    def file_item(self, incident_id: str, item_id: str) -> dict[str, Any]:
        """File one action item's issue and store its address with the item."""
        report = self._reports.report(incident_id)
        item = next((item for item in report.items if item.id == item_id), None)
        if item is None or not item.needs_issue:
            return {"state": "not needed"}
        incident_url = self._url(incident_id)
        outcome = self._reconciler.ensure(
            self._to_file.item(item, report, incident_url=incident_url)
        )
        url = outcome.ref.get("url", "")
        if url and url != item.issue_url:
            with self._store.write() as tx:
                incident_rows.change_item(tx, item.id, issue_url=url)
                audit.add(tx, _filed(item, url))
        return _state(outcome)

    def file_incident(self, incident_id: str) -> dict[str, Any]:
        """File the incident's issue, with the whole report."""
        report = self._reports.report(incident_id)
        return _state(self._reconciler.ensure(self._to_file.report(report)))

    def link_item(self, incident_id: str, item_id: str) -> dict[str, Any]:
        """Link an item's issue back to the incident's: in its text, and as a sub-issue."""
        item = self._row(incident_id, ResourceKind.ITEM_ISSUE, item_id)
        incident = self._row(incident_id, ResourceKind.REPORT_ISSUE)
        if not (_is_done(item) and _is_done(incident)):
            # What has just failed is attempted again when it is due, not at once.
            return {"state": ResourceState.PENDING.value}
        filed = self.file_item(incident_id, item_id)
        parent = self._ref(incident_id, ResourceKind.REPORT_ISSUE).get("number")
        child = self._ref(incident_id, ResourceKind.ITEM_ISSUE, item_id).get("number")
        if parent is not None and child is not None:
            self._reconciler.ensure(
                self._to_file.link(incident_id, item_id, parent=parent, child=child)
            )
        return filed

    def write(self, incident_id: str) -> dict[str, Any]:
        """Write the file, which carries the links to the issues."""
        report = self._reports.report(incident_id)
        file = report_file(report, self._folder, self._filing, self._look)
        return _state(self._reconciler.ensure(file))

    def record(self, incident_id: str) -> dict[str, Any]:
        """Record once where the report is, and have Slack show it or what failed.

        While the issue or the file is about to be attempted again, this waits for its address.
        """
        kinds = (ResourceKind.REPORT_ISSUE, ResourceKind.REPORT_FILE)
        unfinished = (ResourceState.PENDING, ResourceState.ATTEMPTING)
        waits = any(
            row.state in unfinished for kind in kinds if (row := self._row(incident_id, kind))
        )
        path = self._ref(incident_id, ResourceKind.REPORT_FILE).get("path", "")
        url = self._url(incident_id) or path
        now = self._now()
        with self._store.write() as tx:
            is_new = bool(url and not waits) and timeline_rows.add_entry(
                tx,
                incident_id=incident_id,
                at=now,
                now=now,
                kind=EntryKind.PUBLISHED,
                author="",
                data={"url": url, "path": path},
                source=f"published/{hashlib.sha256(url.encode()).hexdigest()[:32]}",
            )
            if is_new:
                audit.add(tx, _published(incident_id, url=url, path=path))
            sync.enqueue(self._durable, tx, incident_id, f"published/{now.isoformat()}")
        log.info("publish.done", incident=incident_id, url=url, new=is_new)
        return {"url": url}

    @property
    def _to_file(self) -> Issues:
        if self._issues is None:
            raise LookupError("no repository is configured")
        return self._issues

    def _row(self, incident_id: str, kind: ResourceKind, subject: str = "") -> ResourceRow | None:
        with self._store.read() as tx:
            return rows.find(tx, incident_id, kind, subject)

    def _ref(self, incident_id: str, kind: ResourceKind, subject: str = "") -> JSON:
        row = self._row(incident_id, kind, subject)
        return row.ref if row else {}

    def _url(self, incident_id: str) -> str:
        """The address of the incident's issue; empty while there is none."""
        return str(self._ref(incident_id, ResourceKind.REPORT_ISSUE).get("url", ""))


def _published(incident_id: str, *, url: str, path: str) -> AuditLine:
    return AuditLine(
        actor=MAYDAY,
        act="report.published",
        outcome=AuditOutcome.DONE,
        target=url,
        incident_id=incident_id,
        after={"url": url, "path": path},
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


def _is_done(row: ResourceRow | None) -> bool:
    return row is not None and row.state is ResourceState.DONE


def _state(outcome: EnsureResult) -> dict[str, Any]:
    return {"state": outcome.state.value}
