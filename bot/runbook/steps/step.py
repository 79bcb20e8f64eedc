"""The base of every kind of step: what a kind has to say about itself.

A step is data: frozen, stored as JSON with the plan, and compared with the step of a newer plan by its id.
One kind of step is one file beside this one, named after its verb; its words are in ``bot/render/steps``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.facts import HubFacts
from bot.domain.hubs import Place
from bot.domain.rights import Right
from bot.errors import NeedsHuman
from bot.runbook.site import Site

Read = Callable[[], HubFacts]
"""Returns the facts of now."""


class UnknownStep(NeedsHuman):
    """A stored plan has a step of a kind that this version of mayday does not have."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How often a look has to show success: ``times`` in a row with ``apart`` seconds between them,
    all of it ``within`` so many seconds."""

    times: int = 1
    apart: float = 2.0
    within: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look shows of a step's success.

    ``holds`` is None when it could not be read, and ``why`` then says why. ``seen`` are the counts to
    show. When ``stamp`` differs from that of the look before, looks in a row start again from one.
    """

    holds: bool | None
    seen: Mapping[str, Any] = field(default_factory=dict)
    stamp: Any = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Step(ABC):
    """One action on one target.

    Each kind sets the class variables: ``verb`` names the kind, in stored plans too; a ``destructive`` step
    is never repeated without asking, and runs only while a plan made just before has it as well;
    ``ends_run`` says that after its failure the steps behind it are pointless; ``is_independent`` that it
    may run beside other such steps of its plan. ``loses`` names the servers whose unsaved work may end with
    it.
    """

    verb: ClassVar[str]
    destructive: ClassVar[bool]
    ends_run: ClassVar[bool] = False
    is_independent: ClassVar[bool] = False

    loses: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The verb and everything that must not change between the confirmation and the action."""
        return f"{self.verb}:{self.identity}"

    @property
    @abstractmethod
    def identity(self) -> str:
        """The precondition: a fresh plan must propose a step with the same identity.

        It names the target and the state that the target was planned for.
        """

    @property
    @abstractmethod
    def target(self) -> str:
        """What people call the thing that the step acts on."""

    @property
    def details(self) -> Mapping[str, str]:
        """Further values for the step's words, beside the target; kept in the timeline as well."""
        return {}

    @classmethod
    @abstractmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The rights without which a plan with this step is not offered."""

    @property
    def lock(self) -> str:
        """What the step acts on beside its hub, such as ``node/core-1``; empty for the hub alone.

        Two runs never act on one lock at the same time.
        """
        return ""

    @property
    def undo(self) -> Step | None:
        """The step that takes this one back; None if it can't be taken back or need not be."""
        return None

    @property
    def planned_by(self) -> tuple[str, Mapping[str, Any]] | None:
        """The runbook, with stored arguments, that plans this step as the :attr:`undo` of another one.

        None: mayday takes the other one back when that is due. Otherwise people decide: mayday
        reminds them, and offers this runbook.
        """
        return None

    @property
    def undo_at(self) -> datetime | None:
        """When :attr:`undo` is due without anybody asking; None: it is not."""
        return None

    def drifted(self, site: Site) -> str | None:
        """Return why the target is no longer as it was planned for; empty if it still is.

        It reads the target only, just before the step acts. None: this kind can't tell by its target, so a
        fresh plan decides, for which everything is read.

        Raises:
            UserError, RetryLater: the target could not be read.
        """
        return None

    @property
    @abstractmethod
    def measure(self) -> Measure:
        """How often and how long to look for success."""

    @abstractmethod
    def perform(self, site: Site) -> Mapping[str, Any]:
        """Act once; return counts or answers to keep with the result.

        Raises:
            UserError: refused, nothing happened.
            RetryLater: it did not happen, or with ``maybe_done`` it may have.
        """

    @abstractmethod
    def already_done(self, site: Site) -> bool | None:
        """Whether the target shows that the step took effect; None when that is unknown.

        It is asked after a kill or a lost answer, and reads the target only.

        Raises:
            UserError, RetryLater: the target could not be read.
        """

    @abstractmethod
    def look(self, site: Site, read: Read) -> Look:
        """Whether the step had its effect, by one look at its target.

        ``read`` reads the whole hub, which costs many requests. A kind whose target shows its success asks
        ``site`` for that target alone.

        Raises:
            UserError, RetryLater: the target could not be read.
        """
