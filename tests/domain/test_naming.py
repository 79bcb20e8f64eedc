"""Channel names are valid for any title."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from bot.domain.naming import channel_name, slug

AT = datetime(2017, 2, 24, 0, 25, tzinfo=UTC)
TEMPLATE = "inc-{date}-{slug}"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Proxy evicted", "inc-2017-02-24-proxy-evicted"),
        ("  Proxy -- EVICTED!  ", "inc-2017-02-24-proxy-evicted"),
        ("Ünïcode naïve café", "inc-2017-02-24-unicode-naive-cafe"),
        ("🔥🔥🔥", "inc-2017-02-24-incident"),
        ("日本語", "inc-2017-02-24-incident"),
        ("<!channel> `rm -rf`\nnow", "inc-2017-02-24-channel-rm-rf-now"),
        ("…", "inc-2017-02-24-incident"),
    ],
)
def test_names(title: str, name: str) -> None:
    assert channel_name(TEMPLATE, title=title, declared_at=AT) == name


@pytest.mark.parametrize("taken", [0, 1, 9, 98])
@pytest.mark.parametrize(
    "title",
    ["x" * 300, "word " * 60, "a-" * 150, "é" * 200, "🔥" * 300, "-" * 300, "", "a" * 75 + " b"],
)
@pytest.mark.parametrize("template", [TEMPLATE, "{slug}", "_{slug}-", "Inc {date}/{slug}", "oops"])
def test_whatever_the_title_slack_takes_it(template: str, title: str, taken: int) -> None:
    name = channel_name(template, title=title, declared_at=AT, taken=taken)
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", name), name
    assert not name.endswith("-")


def test_a_long_title_is_cut_at_a_word() -> None:
    name = channel_name(TEMPLATE, title="students cannot log in " * 9, declared_at=AT)
    words = set(name.removeprefix("inc-2017-02-24-").split("-"))
    assert words == {"students", "cannot", "log", "in"}


def test_each_name_that_was_taken_gives_another() -> None:
    names = [channel_name(TEMPLATE, title="x" * 300, declared_at=AT, taken=n) for n in range(30)]
    assert len(set(names)) == 30
    assert [name[-3:] for name in names[8:10]] == ["x-9", "-10"]


def test_a_slug_may_be_empty() -> None:
    assert slug("🔥") == ""
