"""What publishing a report makes: a file, an issue, an issue for each action item, links between them.

An issue carries a mark of what it was made from and is found again by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.domain.actions import ActionItem
from bot.domain.naming import slug
from bot.domain.report import Report
from bot.domain.resources import ResourceKind, as_json, digest
from bot.errors import UserError
from bot.ports import JSON, Folder, Forge, Issue, Origin
from bot.render import report as pages
from bot.services.reconciler import Resource
from bot.services.settings import Filing

SLUG_LIMIT = 60
NOT_SHOWN = ("raw",)
"""Fields of a report's values that no page shows: what Slack delivered beside a message's text."""

PUBLIC_REPOSITORY = (
    "This incident is private and {repository} is public, so its report is in the folder only. "
    "Name a private repository under github.repository to file it."
)


def report_file(report: Report, folder: Folder, filing: Filing) -> Resource:
    """The report as a file, with links to the issues."""
    incident = report.incident
    origin = Origin(incident=incident.id)

    def put() -> JSON:
        text = pages.report_text(report, labels=filing.labels, assignees=filing.assignees)
        words = slug(incident.title)[:SLUG_LIMIT].strip("-") or "incident"
        name = f"{report.date}-{words}"
        return {"path": folder.put(name, text, origin=origin, private=incident.private)}

    return Resource(
        incident_id=incident.id,
        kind=ResourceKind.REPORT_FILE,
        spec={
            "report": _values(report),
            "labels": list(filing.labels),
            "assignees": list(filing.assignees),
        },
        create=put,
        update=lambda _ref: put(),
    )


class Issues:
    """The issues of a report, as resources."""

    def __init__(self, forge: Forge, filing: Filing) -> None:
        self._forge = forge
        self._filing = filing

    def report(self, report: Report) -> Resource:
        """The incident's issue, with the whole report."""
        return self._issue(
            report,
            ResourceKind.REPORT_ISSUE,
            spec={"report": _values(report)},
            origin=Origin(incident=report.incident.id),
            render=lambda: (pages.report_title(report), pages.issue_text(report)),
            labels=self._filing.labels or Filing.labels,
        )

    def item(self, item: ActionItem, report: Report, *, incident_url: str) -> Resource:
        """An action item's issue; ``incident_url`` is empty while the incident has no issue."""
        return self._issue(
            report,
            ResourceKind.ITEM_ISSUE,
            item.id,
            spec={
                "title": item.title,
                "group": item.group,
                "link": item.link,
                "owner": item.owner,
                "people": _in_title(report.named.people, item),
                "groups": _in_title(report.named.groups, item),
                "channels": _in_title(report.named.channels, item),
                "incident": report.incident.title,
                "incident_url": incident_url,
                "date": report.date.isoformat(),
                "zone": str(report.zone),
            },
            origin=Origin(incident=report.incident.id, item=item.id),
            render=lambda: (
                pages.item_title(item, report),
                pages.item_text(item, report, incident_url=incident_url),
            ),
            labels=self._filing.item_labels or Filing.item_labels,
        )

    def link(self, incident_id: str, item_id: str, *, parent: int, child: int) -> Resource:
        """The item's issue as a sub-issue of the incident's, where GitHub offers that."""
        return Resource(
            incident_id=incident_id,
            kind=ResourceKind.SUB_ISSUE,
            subject=item_id,
            spec={"parent": parent, "child": child},
            create=lambda: {"linked": self._forge.link_child(parent, child)},
        )

    def _issue(
        self,
        report: Report,
        kind: ResourceKind,
        subject: str = "",
        *,
        spec: JSON,
        origin: Origin,
        render: Callable[[], tuple[str, str]],
        labels: Sequence[str],
    ) -> Resource:
        forge = self._forge

        def create() -> JSON:
            _check_private(report, forge)
            title, body = render()
            return _ref(
                forge.open_issue(
                    title, body, origin=origin, labels=labels, assignees=self._filing.assignees
                )
            )

        def find(_since: datetime | None) -> JSON | None:
            issue = forge.find_issue(origin, label=labels[0])
            return _ref(issue) if issue else None

        def update(ref: JSON) -> JSON:
            _check_private(report, forge)
            title, body = render()
            return _ref(forge.rewrite_issue(ref["number"], title, body, origin=origin))

        return Resource(
            incident_id=report.incident.id,
            kind=kind,
            subject=subject,
            spec=spec,
            create=create,
            find=find,
            update=update,
        )


def _in_title(names: Mapping[str, str], item: ActionItem) -> dict[str, str]:
    return {key: name for key, name in names.items() if key == item.owner or key in item.title}


def _values(report: Report) -> str:
    return digest(as_json(report, leave_out=NOT_SHOWN))


def _check_private(report: Report, forge: Forge) -> None:
    """Return if the repository may show the report.

    Raises:
        UserError: the incident is private and the repository public.
    """
    if report.incident.private and not (repository := forge.check()).is_private:
        raise UserError(PUBLIC_REPOSITORY.format(repository=repository.name))


def _ref(issue: Issue) -> JSON:
    return {"number": issue.number, "url": issue.url}
