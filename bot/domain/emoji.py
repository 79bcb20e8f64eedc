"""Names of emoji: one reaction may arrive under any of the names that its emoji has.

Slack sends the name that a person chose, such as ``+1`` or ``thumbsup``, and the skin tone after ``::``. The
standard emoji with several names are below (github.com/iamcal/emoji-data, ``short_names``). A workspace's
own aliases are listed by ``emoji.list`` alone, which needs the scope ``emoji:read``; mayday doesn't ask for
it, because a team can list every alias under ``incident.reactions``.
"""

from __future__ import annotations

_SAME = (
    "+1 thumbsup",
    "-1 thumbsdown",
    "beetle lady_beetle",
    "boat sailboat",
    "book open_book",
    "boom collision",
    "car red_car",
    "dolphin flipper",
    "email envelope",
    "exclamation heavy_exclamation_mark",
    "facepunch punch",
    "feet paw_prints",
    "hand raised_hand",
    "hankey poop shit",
    "hocho knife",
    "honeybee bee",
    "lantern izakaya_lantern",
    "laughing satisfied",
    "memo pencil",
    "moon waxing_gibbous_moon",
    "phone telephone",
    "runner running",
    "shirt tshirt",
    "shoe mans_shoe",
)
_FIRST = {name: names.split()[0] for names in _SAME for name in names.split()}


def first_name(name: str) -> str:
    """Return the first of the names of an emoji, without colons and skin tone."""
    bare = name.strip(":").partition("::")[0]
    return _FIRST.get(bare, bare)
