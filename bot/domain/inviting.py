"""Who is invited to an incident besides its declarer and the people with roles: by severity and hub."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class InviteRule:
    """Whom to invite to incidents of these severities and hubs; none stands for all.

    ``on_call`` are names of schedules; the first person on call by one gets ``role``, if nobody has it.
    Private incidents are left out unless ``is_private``.
    """

    severities: frozenset[str] = frozenset()
    hubs: frozenset[str] = frozenset()
    users: Sequence[str] = ()
    groups: Sequence[str] = ()
    on_call: Sequence[str] = ()
    role: str = ""
    is_private: bool = False

    def applies(self, incident: Incident) -> bool:
        """Return whether it is for this incident."""
        return (
            (not self.severities or incident.severity in self.severities)
            and (not self.hubs or not self.hubs.isdisjoint(incident.hubs))
            and (self.is_private or not incident.private)
        )


@dataclass(frozen=True, kw_only=True)
class Invited:
    """Whom the rules invite, each once, in their order. ``schedules`` are those to ask, with the role that
    the person on call gets, or an empty string."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    schedules: dict[str, str] = field(default_factory=dict)


def invited(incident: Incident, rules: Iterable[InviteRule]) -> Invited:
    """Return whom the rules invite to an incident."""
    users: dict[str, None] = {}
    groups: dict[str, None] = {}
    schedules: dict[str, str] = {}
    for rule in rules:
        if rule.applies(incident):
            users |= dict.fromkeys(rule.users)
            groups |= dict.fromkeys(rule.groups)
            for name in rule.on_call:
                schedules[name] = schedules.get(name) or rule.role
    return Invited(users=tuple(users), groups=tuple(groups), schedules=schedules)
