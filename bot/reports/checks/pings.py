"""Finds names that notify people when a report is published."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.reports.finding import Finding, Rule
from bot.reports.prose import Prose, without_addresses

PING = "{name} notifies people where the report is published."
NAME = "Write the person's name or role without @."

_NAMES = re.compile(
    r"<[!@][^<>\s]{1,80}>|(?<![\w/.@\\-])@(?!(?:fig|tbl|sec|eq|lst)-)[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:/[A-Za-z0-9][\w.-]{0,99})?(?![\w@])"
)


def pings(seen: Prose) -> Iterator[Finding]:
    """Mentions outside of code and addresses, each name once a line. ``@fig-cpu`` is Quarto's reference."""
    for number, line in enumerate(seen.lines):
        if "@" not in line and "<!" not in line:
            continue
        for name in dict.fromkeys(_NAMES.findall(without_addresses(line))):
            yield Finding(
                line=seen.line(number),
                rule=Rule.PING,
                message=PING.format(name=name),
                remedy=NAME,
            )
