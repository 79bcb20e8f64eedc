"""The report of an incident as of now: for the preview, for closing, and for publishing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from bot.domain.actions import ActionItem, tagged_items
from bot.domain.command import named
from bot.domain.incident import Incident
from bot.domain.mrkdwn import UNNAMED, Mentions, Named, mentions, plain, with_names
from bot.domain.report import Report, assemble, gaps, in_form
from bot.domain.report_form import DATE
from bot.domain.timeline import Line
from bot.render.lines import report_words
from bot.render.report import report_text
from bot.render.report_values import gap_words
from bot.reports import Finding, Rule, lint
from bot.services.people import People
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

GROUPS = 100
GROUP_LIMIT = 75
"""Characters."""

Names = Callable[[str, Mentions], Named]
"""Returns the names of who and what is mentioned in a team."""


class Reports:
    """Assembles reports."""

    def __init__(self, store: Store, people: People, settings: Settings) -> None:
        self._store = store
        self._people = people
        self._settings = settings

    def report(self, incident_id: str) -> Report:
        """The report as of now, with people's names from Slack."""
        return self._assemble(incident_id, self._people.named)

    def stored(self, tx: Tx, incident_id: str) -> Report:
        """The report as this transaction sees it, with the names that were last read from Slack."""
        return _report(
            self._settings,
            _recorded(tx, self._settings, incident_id),
            lambda team_id, found: self._people.stored(tx, team_id, found),
        )

    def _assemble(self, incident_id: str, names: Names) -> Report:
        return assembled(self._store, self._settings, incident_id, names)

    def settle_items(self, incident_id: str) -> list[str]:
        """Store the action items that reactions filed; the ids of those that need an issue."""
        with self._store.write() as tx:
            lines = timeline_rows.lines(tx, incident_id)
            items = incident_rows.items(tx, incident_id)
            group = self._settings.groups[-1]
            for item in tagged_items(incident_id, lines, items, group=group):
                incident_rows.add_item(tx, item)
        return [item.id for item in self.report(incident_id).items if item.needs_issue]

    def draft(self, incident_id: str) -> str:
        """The report as Markdown, with every gap marked."""
        filing = self._settings.filing
        report = self.report(incident_id)
        text = report_text(report, labels=filing.labels, assignees=filing.assignees, draft=True)
        return str(named(text, self._settings.command))

    def findings(self, incident_id: str) -> tuple[Finding, ...]:
        """What is wrong in the text that would be published now, except items that get their issues then."""
        return tuple(
            finding
            for finding in lint(report_text(self.report(incident_id)))
            if finding.rule is not Rule.ISSUE
        )

    def missing(self, incident_id: str) -> tuple[str, ...]:
        """What the report still needs, in words. It does not call Slack, since a form waits for it."""
        report = self._assemble(incident_id, lambda _team, _found: UNNAMED)
        words: dict[str, str] = {}
        for form in self._settings.target_forms:
            shown = in_form(report, form)
            for key in gaps(shown):
                words.setdefault(key, str(named(gap_words(shown, key), self._settings.command)))
        return tuple(said for key, said in words.items() if key != DATE)

    def untrue_ticks(self, incident_id: str) -> tuple[str, ...]:
        """The names of checkboxes that people ticked although they aren't so. It does not call Slack."""
        report = self._assemble(incident_id, lambda _team, _found: UNNAMED)
        ticks = report.incident.report_options.ticks
        if not any(ticks.values()):
            return ()
        shown = [in_form(report, form) for form in self._settings.target_forms]
        return tuple(dict.fromkeys(name for one in shown for name in one.found.untrue(ticks)))

    def named(self, team_id: str, text: str) -> str:
        """Message text with the names that are known without asking Slack in place of mentions."""
        return with_names(text, self._people.cached(team_id, mentions([text])))

    def groups(self, incident_id: str) -> tuple[str, ...]:
        """The headings of action items: the configured ones, and those that this incident has besides.

        A menu shows them, so long ones are left out, and there are at most :data:`GROUPS`.
        """
        with self._store.read() as tx:
            used = [item.group for item in incident_rows.items(tx, incident_id)]
        short = [group for group in used if 0 < len(group) <= GROUP_LIMIT]
        return tuple(dict.fromkeys((*self._settings.groups, *short)))[:GROUPS]

    def plain(self, team_id: str, text: str) -> str:
        """Message text as displayed, with the names that are known without asking Slack: a form waits."""
        return plain(text, self._people.cached(team_id, mentions([text])))


def assembled(store: Store, settings: Settings, incident_id: str, names: Names) -> Report:
    """Return the report as of now, in the team's form."""
    with store.read() as tx:
        recorded = _recorded(tx, settings, incident_id)
    return _report(settings, recorded, names)


_Recorded = tuple[Incident, list[Line], list[ActionItem]]


def _recorded(tx: Tx, settings: Settings, incident_id: str) -> _Recorded:
    incident = incident_rows.get(tx, incident_id)
    lines = timeline_rows.lines(tx, incident_id)
    items = incident_rows.items(tx, incident_id)
    items += tagged_items(incident_id, lines, items, group=settings.groups[-1])
    return incident, lines, items


def _report(settings: Settings, recorded: _Recorded, names: Names) -> Report:
    incident, lines, items = recorded
    found = _mentions(incident, lines, items)
    return assemble(
        incident,
        lines,
        items,
        form=settings.form,
        zone=settings.zone,
        named=names(incident.team_id, found),
        hub_urls=settings.hub_urls,
    )


def _mentions(incident: Incident, lines: Iterable[Line], items: Iterable[ActionItem]) -> Mentions:
    """Everyone and everything whom the report names. Apps, whose ids begin with B, name themselves."""
    lines, items = list(lines), list(items)
    texts = [incident.title, incident.summary, *incident.answers.texts.values()]
    for extra in incident.report_options.extra:
        texts += [extra.heading, extra.text]
    texts += [report_words(line) for line in lines]
    texts += [str(note.after["text"]) for line in lines for note in line.annotations]
    texts += [item.title for item in items]
    found = mentions(texts)
    users = found.users | {item.owner for item in items}
    for line in lines:
        users |= {line.entry.author, line.message.author if line.message else ""}
        users |= {str(line.entry.data.get(key) or "") for key in ("user", "before")}
        users |= {line.edited_by, *(note.by for note in line.annotations)}
    return replace(found, users=frozenset(one for one in users if one and one[0] != "B"))
