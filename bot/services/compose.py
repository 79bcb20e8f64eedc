"""The documents of a report as they would be published now.

Whoever shows, checks, approves or publishes them gets the same texts from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.actions import ActionItem
from bot.domain.incident import Incident
from bot.domain.item_states import GITHUB, ItemState
from bot.domain.publication import Document, Publication, Target, TargetKind, TrackedItem
from bot.domain.report import Report, in_form
from bot.domain.resources import ResourceKind, as_json, digest
from bot.forms import Forms
from bot.guard import Replaced
from bot.render import report as pages
from bot.services.guard import GuardedDocuments, Guards
from bot.services.report import Reports
from bot.services.settings import Filing
from bot.store import incidents as incident_rows
from bot.store import resources as rows
from bot.store.engine import Store, Tx


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A publication as the guard leaves it, and what the guard replaced.

    ``digest`` identifies its text and targets outside of mayday's disk. It is the same before and after
    publishing has filed issues. It is empty if nothing leaves the disk.
    """

    publication: Publication
    replaced: tuple[Replaced, ...]
    digest: str


class Composer:
    """Composes publications for these targets. The first issue target gets the action items' issues.

    ``files_drills``: the reports of drills leave the folder, too.
    """

    def __init__(
        self,
        store: Store,
        reports: Reports,
        filing: Filing,
        targets: Sequence[Target],
        guards: Guards,
        forms: Forms,
        *,
        files_drills: bool = False,
    ) -> None:
        self._store = store
        self._reports = reports
        self._filing = filing
        self._targets = targets
        self._guards = guards
        self._forms = forms
        self._files_drills = files_drills

    def compose(self, incident_id: str) -> Publication:
        """Return the documents as of now, without what must not be published."""
        return self.composed(incident_id).publication

    def composed(self, incident_id: str) -> Composed:
        """Return the documents as of now, what was replaced in them, and the digest to approve."""
        report = self._reports.report(incident_id)
        team = frozenset(report.people.values())
        with self._store.read() as tx:
            url = self._url(tx, incident_id)
        return self._composed(
            report, url, lambda each: self._guards.guarded(incident_id, each, team=team)
        )

    def stored(self, tx: Tx, incident_id: str, *, is_read_only: bool = False) -> Composed:
        """The same as this transaction sees it, with the names that were last read from Slack.

        The transaction stores what is replaced unless it only reads.
        """
        report = self._reports.stored(tx, incident_id)
        team = frozenset(report.people.values())
        return self._composed(
            report,
            self._url(tx, incident_id),
            lambda each: self._guards.guarded_in(
                tx, incident_id, each, team=team, is_read_only=is_read_only
            ),
        )

    def _composed(
        self, report: Report, url: str, guarded_of: Callable[[list[Document]], GuardedDocuments]
    ) -> Composed:
        """``url`` is the address of the incident's issue."""
        incident_id = report.incident.id
        guarded = guarded_of(self._documents(report, url))
        shown = guarded_of(self._documents(_unlinked(report), "")).documents
        outside = [document for document in shown if _is_outside(document)]
        whole = digest(as_json(outside)) if outside else ""
        documents = tuple(
            replace(document, digest=whole) if _is_outside(document) else document
            for document in guarded.documents
        )
        tracked = tuple(
            TrackedItem(item=item.id, url=item.link)
            for item in report.items
            if item.is_tracked and not item.needs_issue and item.state != "dropped"
        )
        publication = Publication(incident_id=incident_id, documents=documents, tracked=tracked)
        return Composed(publication=publication, replaced=guarded.replaced, digest=whole)

    def _targets_of(self, incident: Incident) -> list[Target]:
        """The targets of an incident's report: of a drill's only the folder, unless all are configured."""
        return [
            each
            for each in self._targets
            if each.kind is TargetKind.FOLDER or self._files_drills or not incident.drill
        ]

    def _filed(self, incident: Incident) -> Target | None:
        """The target that gets the action items' issues."""
        targets = self._targets_of(incident)
        return next((each for each in targets if each.kind is TargetKind.ISSUE), None)

    def _documents(self, report: Report, url: str) -> list[Document]:
        documents = [self._report(report, target) for target in self._targets_of(report.incident)]
        filed = self._filed(report.incident)
        if filed is not None:
            documents += [
                Document(
                    target=_place(filed, item),
                    item=item.id,
                    title=pages.item_title(item, report),
                    text=pages.item_text(item, report, incident_url=url),
                    labels=tuple(self._filing.item_labels or Filing.item_labels),
                    assignees=tuple(report.assignees(self._filing.assignees)),
                )
                for item in report.items
                if item.needs_issue
            ]
        return documents

    def _report(self, report: Report, target: Target) -> Document:
        report = in_form(report, self._forms.get(target.form)) if target.form else report
        filing, path = self._filing, ""
        labels = report.labels(filing.labels)
        assignees = report.assignees(filing.assignees)
        if target.kind is TargetKind.ISSUE:
            # An issue is found again by the first label of the configuration.
            labels = tuple(dict.fromkeys((*(filing.labels or Filing.labels)[:1], *labels)))
            text = pages.issue_text(report)
        else:
            text = pages.report_text(report, labels=filing.labels, assignees=filing.assignees)
            path = pages.file_path(report, template=target.path)
        if target.kind is TargetKind.PULL_REQUEST:
            target = replace(target, index=target.index or report.form.index)
        return Document(
            target=target,
            title=pages.report_title(report),
            text=text,
            path=path,
            labels=tuple(labels),
            assignees=tuple(assignees),
            is_private=report.incident.private,
        )

    def _url(self, tx: Tx, incident_id: str) -> str:
        """The address of the incident's issue; empty while there is none."""
        if (filed := self._filed(incident_rows.get(tx, incident_id))) is None:
            return ""
        row = rows.find(tx, incident_id, ResourceKind.REPORT_ISSUE, filed.subject)
        return str(row.ref.get("url", "")) if row else ""


def _place(target: Target, item: ActionItem) -> Target:
    """The target of an item's issue: the item's own repository, if it names one."""
    return replace(target, repository=item.repository) if item.repository else target


def _is_outside(document: Document) -> bool:
    return document.target.kind is not TargetKind.FOLDER


def _unlinked(report: Report) -> Report:
    """The report as if no issue were filed for its action items, which changes ticks as well."""
    groups = tuple(
        replace(group, items=tuple(map(_unfiled, group.items))) for group in report.groups
    )
    return replace(report, groups=groups, found=replace(report.found, linked=False))


def _unfiled(item: ActionItem) -> ActionItem:
    """The item as if mayday had filed no issue for it. So what became of that issue on GitHub, where only
    people with rights in the repository close it, is no change of the report that somebody has to approve."""
    is_followed = bool(item.issue_url) and item.state_by == GITHUB
    state = ItemState.OPEN.value if is_followed else item.state
    return replace(item, issue_url="", state=state)
