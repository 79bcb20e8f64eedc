"""The documents of a report as they would be published now.

Whoever shows, checks, approves or publishes them gets the same texts from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from bot.domain.actions import ActionItem, LinkKind, link_kind
from bot.domain.naming import slug
from bot.domain.publication import Document, Publication, Target, TargetKind
from bot.domain.report import Form, Report
from bot.domain.resources import ResourceKind
from bot.render import report as pages
from bot.services.report import Reports
from bot.services.settings import Filing
from bot.store import resources as rows
from bot.store.engine import Store

SLUG_LIMIT = 60


class FileNames(Protocol):
    """How a form names the files of its reports."""

    def path(self, report: Report, target: Target) -> str:
        """Return the path of the report's file in the target's folder or repository."""


class DatedNames:
    """Names such as ``2017-02-23-proxy-evicted.md``, or what the target's ``path`` says."""

    def path(self, report: Report, target: Target) -> str:
        """See :meth:`FileNames.path`."""
        words = slug(report.incident.title)[:SLUG_LIMIT].strip("-") or "incident"
        template = target.path or "{date}-{slug}.md"
        return template.format(date=report.date, slug=words)


class Composer:
    """Composes publications for these targets. The first issue target gets the action items' issues."""

    def __init__(
        self,
        store: Store,
        reports: Reports,
        filing: Filing,
        targets: Sequence[Target],
        names: FileNames | None = None,
    ) -> None:
        self._store = store
        self._reports = reports
        self._filing = filing
        self._targets = targets
        self._names = names or DatedNames()

    def compose(self, incident_id: str, *, linked: bool = True) -> Publication:
        """Return the documents as of now.

        Unless ``linked``, without the addresses of the issues that publishing has filed: the same before and
        after they are filed.
        """
        report = self._reports.report(incident_id)
        report = report if linked else _unlinked(report)
        documents = [self._report(report, target) for target in self._targets]
        filed = next((each for each in self._targets if each.kind is TargetKind.ISSUE), None)
        if filed is not None:
            url = self._url(incident_id, filed) if linked else ""
            documents += [
                Document(
                    target=_place(filed, item),
                    item=item.id,
                    title=pages.item_title(item, report),
                    text=pages.item_text(item, report, incident_url=url),
                )
                for item in report.items
                if _is_filed(item)
            ]
        return Publication(incident_id=incident_id, documents=tuple(documents))

    def _report(self, report: Report, target: Target) -> Document:
        report = replace(report, form=Form(target.form)) if target.form else report
        if target.kind is TargetKind.ISSUE:
            text, path = pages.issue_text(report), ""
        else:
            filing = self._filing
            text = pages.report_text(report, labels=filing.labels, assignees=filing.assignees)
            path = self._names.path(report, target)
        return Document(
            target=target,
            title=pages.report_title(report),
            text=text,
            path=path,
            is_private=report.incident.private,
        )

    def _url(self, incident_id: str, target: Target) -> str:
        """The address of the incident's issue; empty while there is none."""
        with self._store.read() as tx:
            row = rows.find(tx, incident_id, ResourceKind.REPORT_ISSUE, target.subject)
        return str(row.ref.get("url", "")) if row else ""


def _is_filed(item: ActionItem) -> bool:
    """Whether an issue is filed for an item: not where people track it already, or dropped it."""
    is_tracked = link_kind(item.link) is not LinkKind.OTHER
    return bool(item.issue_url) or not (is_tracked or item.state == "dropped")


def _place(target: Target, item: ActionItem) -> Target:
    """The target of an item's issue: the item's own repository, if it names one."""
    return replace(target, repository=item.repository) if item.repository else target


def _unlinked(report: Report) -> Report:
    """The report as if no issue were filed for its action items."""
    groups = tuple(
        replace(group, items=tuple(replace(item, issue_url="") for item in group.items))
        for group in report.groups
    )
    return replace(report, groups=groups)
