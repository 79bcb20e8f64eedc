"""The team's choices as the services need them. Bootstrap makes them from the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from bot.domain.access import Rules
from bot.domain.audiences import USERS, Audience
from bot.domain.business_hours import opening
from bot.domain.command import USUAL
from bot.domain.emoji import first_name
from bot.domain.incident import Policy
from bot.domain.inviting import InviteRule
from bot.domain.item_policy import ItemPolicy
from bot.domain.publication import Target, TargetKind
from bot.domain.reminders import ReminderRules
from bot.domain.report_form import COLLECTED, FormSection, ReportForm
from bot.domain.timeline import Heading
from bot.forms import Forms


@dataclass(frozen=True, kw_only=True)
class HubPlace:
    """A hub's address for its users, and its place in a cluster."""

    name: str
    url: str
    cluster: str
    namespace: str


@dataclass(frozen=True, kw_only=True)
class Filing:
    """How issues are filed. The first label of each kind is used to find them again."""

    labels: Sequence[str] = ("incident",)
    item_labels: Sequence[str] = ("incident-action-item",)
    assignees: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class AllowList:
    """Slack ids of people, and of user groups."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.groups)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A team's choices. ``reactions`` maps emoji names to headings, ``intervals`` severities to the
    time between reminders. Without ``approvers``, operators approve. ``open_to_all`` is for practice only.
    ``keep_deleted`` is whether the database keeps what deleted messages said. ``date_order`` is that of
    days in figures, ``mdy`` or ``dmy``; without it they can't be read. ``forms`` are all report forms,
    ``report_form`` is the name of the team's. ``targets`` are where reports go. ``guard_patterns`` are
    patterns of people served, ``guard_public`` hosts and addresses that may be published. ``audiences`` are
    the people served, at least one. With ``files_drills`` the reports of drills leave the folder, too.
    ``declare_reaction`` is the emoji that declares an incident from a message, empty for none."""

    policy: Policy
    intervals: Mapping[str, timedelta]
    reactions: Mapping[str, Heading]
    groups: tuple[str, ...]
    channel_template: str
    announce_channel: str
    zone: ZoneInfo
    report_form: str
    hubs: Mapping[str, HubPlace]
    rules: Rules = field(default_factory=Rules)
    operators: AllowList = AllowList()
    approvers: AllowList = AllowList()
    admins: AllowList = AllowList()
    command: str = USUAL
    open_to_all: bool = False
    keep_deleted: bool = False
    filing: Filing = Filing()
    date_order: str = ""
    items: ItemPolicy = field(default_factory=ItemPolicy)
    guard_patterns: tuple[str, ...] = ()
    guard_public: frozenset[str] = frozenset()
    targets: tuple[Target, ...] = (Target(kind=TargetKind.FOLDER),)
    forms: Forms = field(default_factory=Forms)
    files_drills: bool = False
    declare_reaction: str = ""
    audiences: tuple[Audience, ...] = (USERS,)
    reminders: ReminderRules = field(default_factory=ReminderRules)
    invite: tuple[InviteRule, ...] = ()

    @property
    def form(self) -> ReportForm:
        """The team's report form."""
        return self.forms.get(self.report_form)

    @property
    def target_forms(self) -> tuple[ReportForm, ...]:
        """The forms in which reports are published, each once."""
        names = dict.fromkeys(target.form or self.report_form for target in self.targets)
        found = [self.forms.get(name) for name in names]
        return tuple({form.name: form for form in found}.values())

    @property
    def questions(self) -> tuple[FormSection, ...]:
        """The sections that the close form asks for: those of the forms of all targets, each key once."""
        return _once(section for form in self.target_forms for section in form.questions)

    @property
    def written_sections(self) -> tuple[FormSection, ...]:
        """The sections whose texts people write, of the team's form and those of all targets."""
        found = (section for form in (self.form, *self.target_forms) for section in form.sections)
        return _once(section for section in found if section.key not in COLLECTED)

    def interval(self, severity: str) -> timedelta:
        """The time between two reminders; the shortest for a severity that is no longer configured."""
        return self.intervals.get(severity, min(self.intervals.values()))

    def opening(self, severity: str, moment: datetime) -> datetime:
        """When a reminder that is due at this moment may be sent, by the business hours of the severity."""
        return opening(self.reminders.hours, severity, moment)

    def heading(self, emoji: str) -> Heading | None:
        """The heading that a reaction files its message under, by any of its names and in every skin tone."""
        return self._headings.get(first_name(emoji))

    @cached_property
    def _headings(self) -> Mapping[str, Heading]:
        return {first_name(name): heading for name, heading in self.reactions.items()}

    @property
    def goes_outside(self) -> bool:
        """Whether reports go anywhere besides the folder."""
        return any(target.kind is not TargetKind.FOLDER for target in self.targets)

    @property
    def hub_clusters(self) -> dict[str, str]:
        """The names of clusters by hub name."""
        return {name: hub.cluster for name, hub in self.hubs.items()}

    @property
    def hub_urls(self) -> dict[str, str]:
        """Addresses by hub name."""
        return {name: hub.url for name, hub in self.hubs.items()}


def _once(sections: Iterable[FormSection]) -> tuple[FormSection, ...]:
    """The first section of each key."""
    found: dict[str, FormSection] = {}
    for section in sections:
        found.setdefault(section.key, section)
    return tuple(found.values())
