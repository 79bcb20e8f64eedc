"""Publishing a report: to GitHub where a repository is configured, and always to a folder.

First an issue for each action item, then the incident's with the whole report and links to them, then
the items once more with the link back, at last the file. Each is an effect of its own, found again by
the mark in its text, so publishing twice or being killed in between files nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from bot.domain.actions import ActionItem
from bot.domain.naming import slug
from bot.domain.report import Report
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.ports import JSON, Clock, Durable, Folder, Forge, Issue, Origin
from bot.render import report as pages
from bot.services import sync
from bot.services.reconciler import EnsureResult, Reconciler
from bot.services.report import Reports
from bot.services.settings import Filing
from bot.store import effects as effect_rows
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from bot.store.effects import Effect, EffectState
from bot.store.engine import Store, Tx

WORKFLOW = "publish"
SLUG_LIMIT = 60

_PART = sync.PUBLISHING
_INCIDENT = "incident"
_FOLDER = "folder"

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


def is_part(key: str) -> bool:
    """Whether the effect with this key belongs to publishing."""
    return _PART in key


class Publish:
    """The workflow and its steps. Without a ``forge`` reports go to the folder alone.

    ``gather`` is called first, to find what the record still lacks.
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
        gather: Callable[[str], None] = lambda _incident_id: None,
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._durable = durable
        self._reports = reports
        self._folder = folder
        self._forge = forge
        self._now = now
        self._filing = filing
        self._gather = gather

    def ask(self, incident_id: str, idempotency_key: str) -> None:
        """Somebody wants it published, now."""
        with self._store.write() as tx:
            enqueue(self._durable, tx, incident_id, idempotency_key)

    def workflow(self, incident_id: str) -> None:
        """All of it; what fails stops nothing else and is tried again later."""
        step = self._durable.step
        step("gather", self._gather, incident_id)
        items = step("items", self.items, incident_id) if self._forge else []
        for item_id in items:
            step(f"file {item_id}", self.file_item, incident_id, item_id)
        if self._forge:
            step("file incident", self.file_incident, incident_id)
        for item_id in items:
            step(f"link {item_id}", self.link_item, incident_id, item_id)
        step("write", self.write, incident_id)
        step("tell", self.tell, incident_id)

    def items(self, incident_id: str) -> list[str]:
        """The ids of the action items that stand."""
        return self._reports.settle_items(incident_id)

    def file_item(self, incident_id: str, item_id: str) -> dict[str, Any]:
        """One action item's issue; its address goes into the item's row."""
        report = self._reports.report(incident_id)
        item = next((item for item in report.items if item.id == item_id), None)
        if item is None:
            return {"state": "dropped"}
        outcome = self._file(
            f"item/{item_id}",
            report,
            origin=Origin(incident=incident_id, item=item_id),
            title=pages.item_title(item, report),
            body=pages.item_text(item, report, incident_url=self._url(incident_id, _INCIDENT)),
            labels=self._filing.item_labels or Filing.item_labels,
        )
        self._remember(item, outcome)
        return {"state": outcome.state.value}

    def file_incident(self, incident_id: str) -> dict[str, Any]:
        """The incident's issue, with the whole report."""
        report = self._reports.report(incident_id)
        outcome = self._file(
            _INCIDENT,
            report,
            origin=Origin(incident=incident_id),
            title=pages.report_title(report),
            body=pages.issue_text(report),
            labels=self._filing.labels or Filing.labels,
        )
        return {"state": outcome.state.value}

    def link_item(self, incident_id: str, item_id: str) -> dict[str, Any]:
        """The way back, in the item's text, and on GitHub as a sub-issue where that is offered."""
        part = f"item/{item_id}"
        if not (self._is_done(incident_id, part) and self._is_done(incident_id, _INCIDENT)):
            # What did not work just now is tried again when its time has come, not at once.
            return {"state": "later"}
        filed = self.file_item(incident_id, item_id)
        parent = self._ref(incident_id, _INCIDENT).get("number")
        child = self._ref(incident_id, part).get("number")
        forge = self._forge
        if forge is None or parent is None or child is None:
            return filed
        self._reconciler.ensure(
            f"{incident_id}{_PART}child/{item_id}",
            incident_id=incident_id,
            want={"parent": parent, "child": child},
            make=lambda: {"linked": forge.link_child(parent, child)},
        )
        return filed

    def write(self, incident_id: str) -> dict[str, Any]:
        """The file, which carries the links to the issues."""
        report = self._reports.report(incident_id)
        text = pages.report_text(
            report, labels=self._filing.labels, assignees=self._filing.assignees
        )
        words = slug(report.incident.title)[:SLUG_LIMIT].strip("-") or "incident"
        origin = Origin(incident=incident_id)

        def put() -> JSON:
            name, private = f"{report.date}-{words}", report.incident.private
            return {"path": self._folder.put(name, text, origin=origin, private=private)}

        outcome = self._reconciler.ensure(
            f"{incident_id}{_PART}{_FOLDER}",
            incident_id=incident_id,
            want={"text": _digest(text)},
            make=put,
            change=lambda _ref: put(),
        )
        return {"state": outcome.state.value}

    def tell(self, incident_id: str) -> dict[str, Any]:
        """Record where the report is, once, and have Slack show it or what went wrong.

        While GitHub only has to be asked again, the news can wait for the issue's address.
        """
        issue = self._effect(incident_id, _INCIDENT)
        waits = issue is not None and issue.state in (EffectState.WANTED, EffectState.ATTEMPTING)
        path = self._ref(incident_id, _FOLDER).get("path", "")
        url = self._url(incident_id, _INCIDENT) or path
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
                source=f"published/{_digest(str(url))}",
            )
            sync.enqueue(self._durable, tx, incident_id, f"published/{now.isoformat()}")
        log.info("publish.done", incident=incident_id, url=url, new=is_new)
        return {"url": url}

    def _file(
        self,
        part: str,
        report: Report,
        *,
        origin: Origin,
        title: str,
        body: str,
        labels: Sequence[str],
    ) -> EnsureResult:
        forge = self._forge
        if forge is None:
            raise LookupError("no forge to file with")

        def opened() -> JSON:
            _keep_private(report, forge)
            issue = forge.open_issue(
                title, body, origin=origin, labels=labels, assignees=self._filing.assignees
            )
            return _ref(issue)

        def found() -> JSON | None:
            issue = forge.find_issue(origin, label=labels[0])
            return _ref(issue) if issue else None

        def changed(ref: JSON) -> JSON:
            _keep_private(report, forge)
            return _ref(forge.rewrite_issue(ref["number"], title, body, origin=origin))

        return self._reconciler.ensure(
            f"{report.incident.id}{_PART}{part}",
            incident_id=report.incident.id,
            want={"title": title, "body": _digest(body)},
            make=opened,
            look=found,
            change=changed,
        )

    def _remember(self, item: ActionItem, outcome: EnsureResult) -> None:
        url = outcome.ref.get("url", "")
        if url and url != item.issue_url:
            with self._store.write() as tx:
                incident_rows.change_item(tx, item.id, issue_url=url)

    def _effect(self, incident_id: str, part: str) -> Effect | None:
        with self._store.read() as tx:
            return effect_rows.get(tx, f"{incident_id}{_PART}{part}")

    def _is_done(self, incident_id: str, part: str) -> bool:
        effect = self._effect(incident_id, part)
        return effect is not None and effect.state is EffectState.DONE

    def _ref(self, incident_id: str, part: str) -> JSON:
        effect = self._effect(incident_id, part)
        return effect.ref if effect else {}

    def _url(self, incident_id: str, part: str) -> str:
        return str(self._ref(incident_id, part).get("url", ""))


def _keep_private(report: Report, forge: Forge) -> None:
    """A private incident is never shown to everybody.

    Raises:
        UserError: its report would be, in this repository.
    """
    if report.incident.private and not (repository := forge.check()).is_private:
        raise UserError(
            f"This incident is private and {repository.name} is public: its report is in the folder "
            "only. Name a private repository under github.repository to file it."
        )


def _ref(issue: Issue) -> JSON:
    return {"number": issue.number, "url": issue.url}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
