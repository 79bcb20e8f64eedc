"""The faults of GitHub, the hub's API, the users' route to it and the cluster as page buttons."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.fault_board import Trouble
from sandbox.faults import cut_after, drop_after, drop_before, hangs, says, secondary_limit, slow
from sandbox.own_words import System
from sandbox.rules import Rule, on_request

_WRITING = "POST|PATCH|PUT|DELETE"


def _menu(system: System, buttons: Mapping[str, tuple[str, str, Rule]]) -> tuple[Trouble, ...]:
    """The buttons of a system, from label, help and rule by id."""

    def button(id_: str, label: str, help_: str, rule: Rule) -> Trouble:
        id_ = f"{system}-{id_}"
        return Trouble(id=id_, system=system, label=label, help=help_, make=lambda _chosen: rule)

    return tuple(button(id_, *row) for id_, row in buttons.items())


GITHUB = _menu(
    System.GITHUB,
    {
        "secondary-limit": (
            "GitHub's secondary limit",
            "Writing is refused for a minute, with Retry-After 60.",
            on_request(_WRITING, "", secondary_limit(60), lasts=60),
        ),
        "loses-answer": (
            "GitHub loses the next answer",
            "The next write is done, and its answer is lost.",
            on_request(_WRITING, "", drop_after(), times=1),
        ),
        "refuses-token": (
            "GitHub refuses the token",
            "Every request is answered 401, as after a token has expired.",
            on_request("*", "", says(401)),
        ),
        "away": (
            "GitHub is away",
            "Every connection breaks before anything is done.",
            on_request("*", "", drop_before()),
        ),
    },
)

HUB = _menu(
    System.HUB,
    {
        "hangs": (
            "The hub's API hangs",
            "No request is answered, and none takes effect.",
            on_request("*", "", hangs()),
        ),
        "slow": (
            "The hub's API is slow",
            "Every answer takes 3 seconds more.",
            on_request("*", "", slow(3)),
        ),
        "fails": (
            "The hub's API fails",
            "Every request is answered 500.",
            on_request("*", "", says(500)),
        ),
        "refuses": (
            "The hub refuses (403)",
            "The token of mayday's service is not accepted.",
            on_request("*", "", says(403)),
        ),
    },
)

PROXY = _menu(
    System.PROXY,
    {
        "turns-away": (
            "Users are turned away (503)",
            "The public address answers 503, while the hub and the proxy are well.",
            on_request("*", "", says(503)),
        ),
        "slow": (
            "Users wait",
            "Every answer at the public address takes 3 seconds more.",
            on_request("*", "", slow(3)),
        ),
        "drops": (
            "Users are cut off",
            "Every connection to the public address breaks, as with a broken ingress.",
            on_request("*", "", drop_before()),
        ),
    },
)

CLUSTER = _menu(
    System.CLUSTER,
    {
        "refuses": (
            "The cluster refuses (403)",
            "Every request is forbidden, as after the role was taken away.",
            on_request("*", "", says(403)),
        ),
        "hangs": (
            "The cluster hangs",
            "No request is answered, and none takes effect.",
            on_request("*", "", hangs()),
        ),
        "cuts-watches": (
            "The cluster cuts watches",
            "Every watch is cut after its first event.",
            on_request("GET", ".*[?&]watch=", cut_after(1)),
        ),
        "loses-answer": (
            "The cluster loses the next answer",
            "The next write is done, and its answer is lost.",
            on_request(_WRITING, "", drop_after(), times=1),
        ),
    },
)
