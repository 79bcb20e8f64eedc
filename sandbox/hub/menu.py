"""The outages of a hub as buttons of the sandbox's page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import httpx

from sandbox.outages import Outage, OutageError, Param

if TYPE_CHECKING:
    from sandbox.hub.sandbox import HubSandbox

Method = TypeVar("Method", bound=Callable[..., str])
_OFFERED: dict[str, tuple[str, bool]] = {}
"""Each method's button label, and whether it repairs something."""


def offered(label: str, *, repairs: bool = False) -> Callable[[Method], Method]:
    """Offer a method of the hub as a button; its docstring is the help."""

    def offer(method: Method) -> Method:
        _OFFERED[method.__name__] = (label, repairs)
        return method

    return offer


def menu(hub: HubSandbox) -> list[Outage]:
    """Every outage of a hub, in the order of its methods."""
    return [_outage(hub, *row) for row in _OFFERED.items()]


def _outage(hub: HubSandbox, name: str, said: tuple[str, bool]) -> Outage:
    method: Callable[..., str] = getattr(hub, name)
    of_a_user = "user" in inspect.signature(method).parameters

    def run(chosen: Mapping[str, str]) -> str:
        if of_a_user and not chosen.get("user"):
            raise OutageError("Choose a user first.")
        with hub.playing:
            try:
                return method(chosen["user"]) if of_a_user else method()
            except (TimeoutError, httpx.HTTPError) as exc:
                raise OutageError(
                    f"It did not work out: {exc} Press “Put everything right” and try again."
                ) from exc

    return Outage(
        id=name.replace("_", "-"),
        label=said[0],
        help=" ".join((inspect.getdoc(method) or "").split()),
        params=(Param(name="user", label="User", choices=hub.users),) if of_a_user else (),
        repairs=said[1],
        run=run,
    )
