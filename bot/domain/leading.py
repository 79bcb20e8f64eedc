"""Who leads an incident, and who speaks for it, by the roles that people have and the team's policy.

To lead as the declarer gives no rights: those are only for people who have a role.
"""

from __future__ import annotations

from bot.domain.incident import Incident, Policy


def provisional_leader(incident: Incident, policy: Policy) -> str:
    """Return the declarer while they lead because nobody has taken over; else an empty string."""
    is_led = bool(incident.roles.get(policy.lead))
    return incident.declared_by if policy.declarer_leads and policy.lead and not is_led else ""


def leader(incident: Incident, policy: Policy) -> str:
    """Return the user id of who leads; empty while nobody does."""
    return incident.roles.get(policy.lead, "") or provisional_leader(incident, policy)


def in_charge(incident: Incident, policy: Policy) -> str:
    """Return the user id of who leads or, while nobody does, of the declarer."""
    return leader(incident, policy) or incident.declared_by


def speaker(incident: Incident, policy: Policy) -> str:
    """Return the user id of who writes the updates: who speaks outward, else who leads; empty if nobody."""
    return incident.roles.get(policy.speaker, "") or leader(incident, policy)
