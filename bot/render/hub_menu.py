"""The menus of hubs: grouped by cluster and, with more hubs than a menu may have, searched by typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.render import blocks as b

HUB = "hub"
HUBS = "hubs"
"""The block ids of the menus of hubs, whose options Slack asks for where they are many."""


def groups(hubs: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Return the names of hubs by cluster, both in their order; ``hubs`` are names with their clusters."""
    found: dict[str, list[str]] = {}
    for name, cluster in hubs.items():
        found.setdefault(cluster, []).append(name)
    return list(found.items())


def hubs_input(hubs: Mapping[str, str], *, chosen: Sequence[str], action: str = "value") -> b.Block:
    """Return the input for hubs, with those of each cluster under its name if there are several."""
    options = [b.option(name, name) for name in hubs]
    menu = b.multi_select(action, options, chosen=chosen, placeholder="Choose hubs")
    parts = groups(hubs)
    if "options" in menu and len(parts) > 1:
        menu["option_groups"] = [
            {"label": b.plain(cluster), "options": [b.option(name, name) for name in names]}
            for cluster, names in parts
        ]
        del menu["options"]
    return b.input_block(HUBS, "Which hubs?", menu, optional=True)
