"""The faults of GitHub, the hub's API, the users' way to it and the cluster as buttons of the page."""

from __future__ import annotations

from sandbox.fault_board import Trouble
from sandbox.faults import (
    Fault,
    Garbled,
    cut_after,
    drop_after,
    drop_before,
    garbled,
    hangs,
    says,
    secondary_limit,
    slow,
)
from sandbox.own_words import System
from sandbox.rules import Which, on_request

_WRITING = "POST|PATCH|PUT|DELETE"


def _button(
    system: System,
    id_: str,
    label: str,
    help_: str,
    fault: Fault,
    *,
    method: str = "*",
    path: str = "",
    which: Which | None = None,
) -> Trouble:
    rule = on_request(method, path, fault, **(which or {}))
    return Trouble(
        id=f"{system}-{id_}", system=system, label=label, help=help_, make=lambda _chosen: rule
    )


GITHUB = (
    _button(
        System.GITHUB,
        "502-after",
        "GitHub says 502 after the effect",
        "The next write is done, and its answer is a gateway's error.",
        says(502, effect=True) + garbled(Garbled.HTML),
        method=_WRITING,
        which={"times": 1},
    ),
    _button(
        System.GITHUB,
        "secondary-limit",
        "GitHub's secondary limit",
        "Writing is refused for a minute, with Retry-After 60.",
        secondary_limit(60),
        method=_WRITING,
        which={"lasts": 60},
    ),
    _button(
        System.GITHUB,
        "loses-answer",
        "GitHub loses the next answer",
        "The next write is done, and nobody hears of it.",
        drop_after(),
        method=_WRITING,
        which={"times": 1},
    ),
    _button(
        System.GITHUB,
        "refuses-token",
        "GitHub refuses the token",
        "Every request is answered 401, as after a token has ended.",
        says(401),
    ),
    _button(
        System.GITHUB,
        "away",
        "GitHub is away",
        "Every connection breaks before anything is done.",
        drop_before(),
    ),
)

HUB = (
    _button(
        System.HUB,
        "hangs",
        "The hub's API hangs",
        "No request is answered, and none takes effect.",
        hangs(),
    ),
    _button(
        System.HUB,
        "slow",
        "The hub's API is slow",
        "Every answer takes 3 seconds more.",
        slow(3),
    ),
    _button(
        System.HUB,
        "fails",
        "The hub's API fails",
        "Every request is answered 500.",
        says(500),
    ),
    _button(
        System.HUB,
        "refuses",
        "The hub refuses (403)",
        "The token of mayday's service is not accepted.",
        says(403),
    ),
    _button(
        System.HUB,
        "half-json",
        "The hub's answers break off",
        "The JSON of every answer stops half-way.",
        garbled(Garbled.TRUNCATED),
        method="GET",
    ),
)

PROXY = (
    _button(
        System.PROXY,
        "turns-away",
        "Users are turned away (503)",
        "Whoever comes by the public address gets 503, while the hub and the proxy are well.",
        says(503),
    ),
    _button(
        System.PROXY,
        "slow",
        "Users wait",
        "Every answer at the public address takes 3 seconds more.",
        slow(3),
    ),
    _button(
        System.PROXY,
        "drops",
        "Users are cut off",
        "Every connection to the public address breaks, as with a broken ingress.",
        drop_before(),
    ),
)

CLUSTER = (
    _button(
        System.CLUSTER,
        "refuses",
        "The cluster refuses (403)",
        "Every request is forbidden, as after somebody took the role away.",
        says(403),
    ),
    _button(
        System.CLUSTER,
        "hangs",
        "The cluster hangs",
        "No request is answered, and none takes effect.",
        hangs(),
    ),
    _button(
        System.CLUSTER,
        "cuts-watches",
        "The cluster cuts watches",
        "Every watch, also one of a script of yours, is cut after its first event.",
        cut_after(1),
        method="GET",
        path=".*[?&]watch=",
    ),
    _button(
        System.CLUSTER,
        "busy",
        "The cluster is busy (429)",
        "Every request is asked to come again in 5 seconds.",
        says(429, after=5),
    ),
    _button(
        System.CLUSTER,
        "loses-answer",
        "The cluster loses the next answer",
        "The next write is done, and nobody hears of it.",
        drop_after(),
        method=_WRITING,
        which={"times": 1},
    ),
)
