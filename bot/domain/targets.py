"""Resolves the names that a person typed to servers.

A name is a user, a server as mayday prints it, or a pod. JupyterHub stores names in lower case by default
(jupyterhub.readthedocs.io, ``normalize_username``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.evidence import Fact, Known, Unknown
from bot.domain.hubs import Row, ServerKey
from bot.domain.typography import plain_forms

AMBIGUOUS = "“{name}” can mean {users}: write the name of one exactly."
LOOKUP_FAILED = "The hub could not be asked about {name}: {why}"
UNKNOWN_USER = "The hub has no user {name}: check the spelling."


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The servers that were named. ``idle`` are known users without a server; ``problems`` are
    sentences about the names that match nothing."""

    keys: frozenset[ServerKey] = frozenset()
    idle: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def matching(named: str, rows: Sequence[Row]) -> frozenset[ServerKey]:
    """Return the servers that match a user, server or pod name.

    They match exactly, or else but for case. A name that matches nothing as it was typed may have the dashes
    and quotes of a phone.
    """
    for wanted in (named, *plain_forms(named)):
        if found := _same(wanted, rows, str) or _same(wanted, rows, str.casefold):
            return found
    return frozenset()


def _same(named: str, rows: Sequence[Row], same: Callable[[str], str]) -> frozenset[ServerKey]:
    wanted = same(named)
    return frozenset(
        row.key
        for row in rows
        if wanted
        in (same(row.user), same("/".join(row.key)), same(row.pod.name) if row.pod else None)
    )


def user_in(name: str) -> str:
    """Return the user part of a name, in lower case. User names have no slash."""
    return name.partition("/")[0].lower()


def spellings(name: str) -> tuple[str, ...]:
    """Return the users that a name may mean: as it is typed, and with plain dashes and quotes."""
    return tuple(user_in(one) for one in (name, *plain_forms(name)))


def resolve(named: Iterable[str], rows: Sequence[Row], people: Mapping[str, Fact[bool]]) -> Targets:
    """Resolve each name to servers. ``people`` says which users the hub knows.

    Of a name that nobody has, no other is suggested: a hurried person would take it for their target.
    """
    keys: set[ServerKey] = set()
    idle: list[str] = []
    problems: list[str] = []
    users = sorted({row.user for row in rows})
    for name in sorted(named):
        found = matching(name, rows)
        keys |= found
        if found:
            if len({user for user, _ in found}) > 1:
                several = ", ".join(sorted({user for user, _ in found}))
                problems.append(AMBIGUOUS.format(name=name, users=several))
            continue
        asked = {
            one: Known(value=True) if one in users else people.get(one) for one in spellings(name)
        }
        user = next((one for one, known in asked.items() if _is_true(known)), user_in(name))
        known = asked[user]
        if isinstance(known, Unknown):
            problems.append(LOOKUP_FAILED.format(name=name, why=known.why))
        elif known is not None and known.value:
            idle.append(user + "".join(name.partition("/")[1:]).lower())
        else:
            problems.append(UNKNOWN_USER.format(name=name))
    return Targets(keys=frozenset(keys), idle=tuple(idle), problems=tuple(problems))


def _is_true(fact: Fact[bool] | None) -> bool:
    return isinstance(fact, Known) and fact.value
