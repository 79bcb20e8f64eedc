"""The policies of runbooks: as their authors declared them, with what the configuration changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from bot.config_access import Allow
from bot.config_runbooks import Policy, Runbooks
from bot.domain.run_policy import Allowed, RunPolicy
from bot.errors import ConfigError
from bot.runbook import Runbook

NO_RUNBOOK = "runbooks.policies: there is no runbook “{name}”.{hint}"
NO_ROLE = "runbooks.policies.{name}.roles: there is no role “{role}”. Use one of {roles}."
DID_YOU_MEAN = " Did you mean {name}?"


def with_policies(
    runbooks: Mapping[str, Runbook],
    config: Runbooks,
    *,
    roles: Collection[str] | None = None,
    is_complete: bool = True,
) -> dict[str, Runbook]:
    """Return the runbooks with the configured policies. ``roles`` are those of incidents.

    If they are not complete, because a file is bad, a policy may be for one that was not loaded.

    Raises:
        ConfigError: a policy is for a runbook or names a role that does not exist.
    """
    for name, policy in config.policies.items():
        for role in policy.roles:
            if roles is not None and role not in roles:
                raise ConfigError(NO_ROLE.format(name=name, role=role, roles=", ".join(roles)))
        if name not in runbooks and is_complete:
            close = get_close_matches(name, list(runbooks), n=1)
            hint = DID_YOU_MEAN.format(name=close[0]) if close else ""
            raise ConfigError(NO_RUNBOOK.format(name=name, hint=hint))
    return {
        name: replace(runbook, policy=_changed(name, runbook.policy, config.policies.get(name)))
        for name, runbook in runbooks.items()
    }


def _changed(name: str, policy: RunPolicy, config: Policy | None) -> RunPolicy:
    if config is None:
        return policy
    changes: dict[str, Any] = {
        "allowed": _allowed(name, config),
        "approvals": config.approvals,
        "lifetime": _minutes(config.lifetime_minutes),
        "cooldown": _minutes(config.cooldown_minutes),
        "lock": config.lock,
        "where": config.where,
        "is_dry_run": config.dry_run,
        "is_rehearsed": config.rehearse,
    }
    return replace(policy, **{name: value for name, value in changes.items() if value is not None})


def _allowed(name: str, config: Policy) -> Allowed | None:
    if config.allow is None and not config.roles:
        return None
    allow = config.allow or Allow()
    return Allowed(
        users=frozenset(allow.users),
        groups=frozenset(allow.groups),
        roles=frozenset(config.roles),
        key=f"runbooks.policies.{name}",
    )


def _minutes(number: float | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)
