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
from bot.services.channel_guard import LookAt
from bot.services.reconciler import Resource
from bot.services.settings import Filing

SLUG_LIMIT = 60
NOT_SHOWN = (
    "raw",
    "channel_state",
    "channel_checked_at",
    "state_at",
    "state_by",
    "issue_state",
    "issue_read_at",
    "nags",
    "nag_at",
)
"""Fields of a report's values that no page shows: what Slack delivered beside a message's text, how the
channel is now, and how action items are followed."""

PUBLIC_REPOSITORY = (
    "This incident is private and {repository} is not, so its report is in the folder only. "
    "Name a private repository under github.repository to file it."
)
NOT_SHOWN_BY_SLACK = (
    "Slack doesn't show mayday the incident's channel, so it may be private, and {repository} is public. "
    "The report is in the folder only. To file it, invite mayday to the channel, or copy it by hand."
)


def report_file(report: Report, folder: Folder, filing: Filing, look: LookAt) -> Resource:
    """The report as a file, with links to the issues."""
    incident = report.incident
    origin = Origin(incident=incident.id)

    def put() -> JSON:
        is_private = not look(incident.id).is_public
        text = pages.report_text(report, labels=filing.labels, assignees=filing.assignees)
        name = _name(report, is_private=is_private)
        return {"path": folder.put(name, text, origin=origin, private=is_private)}

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


def _name(report: Report, *, is_private: bool) -> str:
    """The file's name. Lists of files, backups and logs show it, so a private incident has its id there."""
    incident = report.incident
    if is_private:
        return incident.id
    words = slug(incident.title)[:SLUG_LIMIT].strip("-") or "incident"
    return f"{report.date}-{words}"


class Issues:
    """The issues of a report, as resources."""

    def __init__(self, forge: Forge, filing: Filing, look: LookAt) -> None:
        self._look = look
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
            self._check_private(report.incident.id)
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
            self._check_private(report.incident.id)
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

    def _check_private(self, incident_id: str) -> None:
        """Return if the repository may show the report, by what Slack says of the channel now.

        Raises:
            UserError: the repository is public, and the incident is not known to be.
        """
        found = self._look(incident_id)
        if found.is_public or (repository := self._forge.check()).is_private:
            return
        reason = PUBLIC_REPOSITORY if found.incident.private else NOT_SHOWN_BY_SLACK
        raise UserError(reason.format(repository=repository.name))


def _in_title(names: Mapping[str, str], item: ActionItem) -> dict[str, str]:
    return {key: name for key, name in names.items() if key == item.owner or key in item.title}


def _values(report: Report) -> str:
    return digest(as_json(report, leave_out=NOT_SHOWN))


def _ref(issue: Issue) -> JSON:
    return {"number": issue.number, "url": issue.url}
