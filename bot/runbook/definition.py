"""A runbook: its name, its texts, its parameters, the facts that it needs, and the function of its draft."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.domain.evidence import Known, Unknown
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import Condition, Place
from bot.domain.rights import Permission, Right
from bot.domain.run_policy import RunPolicy
from bot.domain.targets import resolve
from bot.errors import UserError
from bot.runbook.losses import Loss
from bot.runbook.parameters import (
    BadDefinition,
    Parameter,
    ParameterKind,
    parameters_of,
    stored_arguments,
)
from bot.runbook.plan import ROWS_KEPT, Plan
from bot.runbook.steps.step import Step

NOT_ALLOWED_BY_HUB = (
    "The token of hub {hub} lacks the scope {right} without a filter: add it to the role of "
    "mayday's service in the hub's configuration."
)
NOT_ALLOWED_BY_CLUSTER = (
    "mayday isn't allowed to {right} in namespace {namespace} of cluster {cluster}: grant it in the Role "
    "of mayday's service account."
)
NO_HELP = "it has no docstring, which is its help"
EMPTY_NAME = (
    "{runbook} was given an empty name. Write whose servers it is for, or leave it out for all."
)
WHOLE_HUB = "{runbook} works on a whole hub. Leave out {words}."
ONE_TARGET = (
    "{runbook} takes one {name}, but {words} are several: run it once for each. A value with spaces needs "
    'quotes, as in {name}="two words".'
)
NO_TARGET = "{runbook} can't tell what {words} is for. Write its parameters as name=value: {names}."
TWICE = "{runbook} takes {name} once: leave out {words} or {name}=…"
TARGETS = (ParameterKind.SERVERS, ParameterKind.PERSON, ParameterKind.NODE)
"""The kinds of parameters whose values may be typed without the parameter's name."""
NOT_ALLOWED_BY_CLUSTER_ROLE = (
    "mayday isn't allowed to {right} of cluster {cluster}: grant it in a ClusterRole of mayday's service "
    "account."
)
IDLE = "{users} {has} no running or pending server."


class Purpose(StrEnum):
    """What a runbook is for. The help lists runbooks by it, in this order."""

    ACCESS = "Users can't reach their servers"
    SERVERS = "A user's server is stuck or broken"
    HUB = "The hub doesn't work"
    NODES = "A node or the core pool is in trouble"
    CAPACITY = "More capacity is needed"
    DEPLOY = "A deploy broke something"
    TELL = "People have to know"
    LOOK = "Find out more"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a runbook would do: steps, or the reason why there are none.

    ``summary`` says in one sentence what will happen; ``cautions`` are what to consider before confirming.
    ``undecided`` lists what must be known before a decision; ``nothing_to_do`` is only for a decision that
    rests on known facts. ``over_limit`` says why the plan ends more than one person may decide.
    """

    summary: str = ""
    steps: tuple[Step, ...] = ()
    losses: tuple[Loss, ...] = ()
    cautions: tuple[str, ...] = ()
    nothing_to_do: str = ""
    undecided: tuple[UnknownPart, ...] = ()
    over_limit: str = ""


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """One remedy.

    ``draft`` is its function from facts and parameters. ``needs`` are the parts of the facts without which
    it proposes nothing, ``wants`` those that it can do without; of both, those of
    :data:`bot.domain.facts.MORE` are read for it. ``is_safe``: it ends and
    disconnects nothing, so it is offered first.
    """

    name: str
    title: str
    help: str
    draft: Callable[..., Draft]
    purpose: Purpose = Purpose.LOOK
    needs: frozenset[Part] = frozenset()
    wants: frozenset[Part] = frozenset()
    is_safe: bool = False
    policy: RunPolicy = field(default_factory=RunPolicy)
    parameters: tuple[Parameter, ...] = ()

    def arguments(self, typed: Mapping[str, object]) -> dict[str, Any]:
        """Return the arguments that were typed as plain JSON, by the names of the parameters.

        Raises:
            UserError: one is unknown, invalid or missing; ``field`` is its parameter.
        """
        return stored_arguments(self.name, self.parameters, typed)

    def typed(self, words: Collection[str], values: Mapping[str, str]) -> dict[str, object]:
        """Return what was typed by the names of the parameters, for :meth:`arguments`.

        ``values`` are typed as name=value, in any case and with dashes. ``words`` are typed alone: users or
        a node, if the runbook takes these.

        Raises:
            UserError: nothing says what a word is for.
        """
        known = {_key(each.name): each.name for each in self.parameters}
        if any(not word.strip() for word in words):
            raise UserError(EMPTY_NAME.format(runbook=self.name))
        given: dict[str, object] = {
            known.get(_key(name), name): value for name, value in values.items()
        }
        servers = self.servers_parameter
        if servers in given and not str(given[servers]).strip():
            raise UserError(EMPTY_NAME.format(runbook=self.name), field=servers)
        named = list(dict.fromkeys(words))
        if not named:
            return given
        said = ", ".join(named)
        targets = self.targets
        if not self.parameters:
            raise UserError(WHOLE_HUB.format(runbook=self.name, words=said))
        if len(targets) != 1:
            names = ", ".join(f"{each.name}=…" for each in self.parameters)
            raise UserError(NO_TARGET.format(runbook=self.name, words=said, names=names))
        (target,) = targets
        if target.name in given:
            text = TWICE.format(runbook=self.name, words=said, name=target.name)
            raise UserError(text, field=target.name)
        if target.kind is ParameterKind.SERVERS:
            return {**given, target.name: named}
        if len(named) > 1:
            text = ONE_TARGET.format(runbook=self.name, name=target.label.lower(), words=said)
            raise UserError(text, field=target.name)
        return {**given, target.name: named[0]}

    @property
    def targets(self) -> tuple[Parameter, ...]:
        """The parameters that take users, servers or a node."""
        return tuple(each for each in self.parameters if each.kind in TARGETS)

    @property
    def parts(self) -> frozenset[Part]:
        """The parts of the facts to read for it."""
        return self.needs | self.wants

    @property
    def servers_parameter(self) -> str:
        """The name of the parameter that takes users, servers or pods; empty if there is none."""
        servers = (p.name for p in self.parameters if p.kind is ParameterKind.SERVERS)
        return next(servers, "")

    @property
    def takes_users(self) -> bool:
        """Whether it can be limited to some users."""
        return bool(self.servers_parameter)

    def named(self, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of users, servers and pods in stored arguments."""
        people = [p.name for p in self.parameters if p.kind is ParameterKind.PERSON]
        single = [str(arguments[name]) for name in people if arguments.get(name)]
        return (*(arguments.get(self.servers_parameter) or ()), *single)

    def plan(self, facts: HubFacts, arguments: Mapping[str, Any] | None = None) -> Plan:
        """Return the draft together with the facts that it rests on. ``arguments`` are stored ones."""
        draft = _allowed(self._drafted(facts, arguments or {}), facts)
        unwell = [row for row in facts.rows if row.condition is not Condition.OK]
        return Plan(
            runbook=self.name,
            place=facts.place,
            read_at=facts.read_at,
            summary=draft.summary,
            steps=draft.steps,
            losses=draft.losses,
            cautions=draft.cautions,
            nothing_to_do=draft.nothing_to_do,
            undecided=draft.undecided,
            over_limit=draft.over_limit,
            diagnosis=facts.diagnosis,
            ready=facts.ready,
            routes=facts.routed,
            unrouted=facts.unrouted,
            conditions=facts.counts,
            rows=tuple(unwell[:ROWS_KEPT]),
            proxy_pods=facts.proxy_pods.items,
            unknown=facts.unknown,
        )

    def _drafted(self, facts: HubFacts, arguments: Mapping[str, Any]) -> Draft:
        unread = facts.unread(self.needs)
        if unread:
            return Draft(undecided=unread)
        given = {
            each.name: each.value(arguments[each.name]) if each.name in arguments else each.default
            for each in self.parameters
        }
        servers = self.servers_parameter
        names = frozenset(given.pop(servers, None) or ())
        if not names:
            return self.draft(facts, **given, **({servers: None} if servers else {}))
        targets = resolve(names, facts.rows, facts.people)
        if targets.problems:
            return Draft(
                undecided=tuple(UnknownPart(part=Part.USERS, why=why) for why in targets.problems)
            )
        draft = self.draft(facts, **given, **{servers: targets.keys})
        if not targets.idle:
            return draft
        idle = IDLE.format(
            users=", ".join(targets.idle), has="has" if len(targets.idle) == 1 else "have"
        )
        if not targets.keys and facts.servers.unknown:
            doubt = UnknownPart(part=Part.SERVERS, why=facts.servers.unknown)
            return Draft(undecided=(doubt,))
        if not targets.keys:
            return Draft(nothing_to_do=idle)
        if draft.nothing_to_do:
            return replace(draft, nothing_to_do=f"{draft.nothing_to_do} {idle}")
        return replace(draft, cautions=(*draft.cautions, idle))


def runbook(
    title: str,
    *,
    purpose: Purpose,
    needs: Iterable[Part] = (),
    wants: Iterable[Part] = (),
    is_safe: bool = False,
    policy: RunPolicy | None = None,
) -> Callable[[Callable[..., Draft]], Runbook]:
    """Return a decorator that makes a runbook of a function from facts and parameters to a draft.

    The function's name is the runbook's, its docstring the help, its signature the form.

    Raises:
        BadDefinition: the function has no docstring, or a parameter that no form can ask for.
    """

    def define(function: Callable[..., Draft]) -> Runbook:
        help_ = " ".join((function.__doc__ or "").split())
        if not help_:
            raise BadDefinition(NO_HELP, function=function.__name__)
        return Runbook(
            name=function.__name__.replace("_", "-"),
            title=title,
            help=help_,
            draft=function,
            purpose=purpose,
            needs=frozenset(needs),
            wants=frozenset(wants),
            is_safe=is_safe,
            policy=policy or RunPolicy(),
            parameters=parameters_of(function),
        )

    return define


def _key(name: str) -> str:
    return name.strip().casefold().replace("-", "_")


def _allowed(draft: Draft, facts: HubFacts) -> Draft:
    """The draft, or the rights that it lacks.

    A right that is unknown forbids a destructive step; a harmless step may be tried.
    """
    refused: dict[str, None] = {}
    for step in draft.steps:
        for right in step.needs(facts.place):
            fact = facts.rights.get(right, Known(value=True))
            if isinstance(fact, Unknown):
                refused |= {fact.why: None} if step.destructive else {}
            elif not fact.value:
                refused[_refusal(right, facts.place)] = None
    if not refused:
        return draft
    missing = tuple(UnknownPart(part=Part.RIGHTS, why=why) for why in refused)
    return Draft(undecided=missing, cautions=draft.cautions)


def _refusal(right: Right, place: Place) -> str:
    words = NOT_ALLOWED_BY_CLUSTER if isinstance(right, Permission) else NOT_ALLOWED_BY_HUB
    if isinstance(right, Permission) and right.is_cluster_wide:
        words = NOT_ALLOWED_BY_CLUSTER_ROLE
    return words.format(
        hub=place.hub, right=right, namespace=place.namespace, cluster=place.cluster
    )
