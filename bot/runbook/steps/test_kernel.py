"""Have a kernel in the canary user's server compute something, through the proxy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.hubs import Place
from bot.domain.rights import Right
from bot.errors import UserError
from bot.runbook.site import Site
from bot.runbook.steps.canary_step import CanaryStep
from bot.runbook.steps.start_server import START_SERVERS
from bot.runbook.steps.step import Look, Measure, Read

CODE, RESULT = "1+1", "2"
WRONG = "The kernel answered {code} with {answer}."


@dataclass(frozen=True, kw_only=True)
class TestKernel(CanaryStep):
    """It succeeds when the kernel's answer is right. It changes nothing, so it may be repeated."""

    __test__ = False  # pytest takes it for a test by its name

    verb: ClassVar[str] = "test_kernel"

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """None beside that of the start: the canary has a token of its own."""
        return (START_SERVERS,)

    @property
    def measure(self) -> Measure:
        """The answer itself is the proof."""
        return Measure(within=0.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Let the kernel compute; return its answer and the seconds it took.

        Raises:
            UserError: the answer is wrong.
        """
        began = time.monotonic()
        answer = site.reachable_kernels.execute(self.user, CODE)
        if answer != RESULT:
            raise UserError(WRONG.format(code=CODE, answer=answer[:40]), code="wrong_answer")
        return {"answer": answer, "kernel_seconds": round(time.monotonic() - began, 1)}

    def already_done(self, site: Site) -> bool | None:
        """Unknown: it leaves no trace."""
        return None

    def look(self, site: Site, read: Read) -> Look:
        """The answer was right, or this is not asked."""
        return Look(holds=True)
