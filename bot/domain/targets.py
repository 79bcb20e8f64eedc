"""Which servers a person means by the names that they typed.

People type a user as they know it, a server as mayday prints it, or a pod's name. JupyterHub keeps names
in lower case unless it is configured otherwise (jupyterhub.readthedocs.io, ``normalize_username``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.domain.evidence import Fact, Known, Unknown
from bot.domain.hubs import Row, ServerKey


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The servers that were named. ``idle`` are users whom the hub knows and who have none;
    ``problems`` say which names mean nobody, and are empty where each means somebody."""

    keys: frozenset[ServerKey] = frozenset()
    idle: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def matching(named: str, rows: Sequence[Row]) -> frozenset[ServerKey]:
    """The servers that a name means: all of a user, one of them, or a pod's; exactly, else in any case."""
    for same in (str, str.casefold):
        wanted = same(named)
        found = frozenset(
            row.key
            for row in rows
            if wanted
            in (same(row.user), same("/".join(row.key)), same(row.pod.name) if row.pod else None)
        )
        if found:
            return found
    return frozenset()


def user_in(name: str) -> str:
    """The user in a name that means no server, as the hub writes it: no user's name has a slash."""
    return name.partition("/")[0].lower()


def resolve(named: Iterable[str], rows: Sequence[Row], people: Mapping[str, Fact[bool]]) -> Targets:
    """What each name means, by the servers there are and by the users whom the hub was asked about."""
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
                problems.append(f"“{name}” can mean {several}: write the name of one exactly.")
            continue
        user = user_in(name)
        known = Known(value=True) if user in users else people.get(user)
        if isinstance(known, Unknown):
            problems.append(f"The hub could not be asked about {name}: {known.why}")
        elif known is not None and known.value:
            idle.append(name.lower())
        else:
            close = get_close_matches(user, users, n=1, cutoff=0.6)
            hint = f"did you mean {close[0]}?" if close else "check the spelling."
            problems.append(f"The hub knows no {name}: {hint}")
    return Targets(keys=frozenset(keys), idle=tuple(idle), problems=tuple(problems))
