"""Reports that are written in a house's form from known facts are read as those facts, and exported whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reports import export, read_report
from tests.support.reports import links, lost, sentences, times

ZONES = {"PST": -8, "CET": 1, "UTC": 0, "UTC-7": -7, "PST (UTC-7)": -7, "IST": 5.5, "EST": -5}
WORDS = st.sampled_from(
    [
        "The hub restarts.",
        "Users see `503`, at 10 percent.",
        "See [the log](https://example.org/log?a=(1)).",
        "https://example.org/x_y, <https://example.org/z>",
        "- one\n- two: https://example.org/two",
        "```\n10:00 this is output\n```",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "> quoted at 9 https://example.org/quoted",
        "Größe “ok” 🙂 **bold** _it_",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a house writes the beginning of an entry."""

    day: str
    clock: str
    mark: str


STYLES = [
    Style(day="%Y-%m-%d", clock="%H:%M", mark="### {time}\n\n{text}"),
    Style(day="%Y-%m-%d", clock="%I:%M:%S %p", mark="### {time} ###\n{text}"),
    Style(day="%B %d, %Y,", clock="%I:%M %p", mark="### {time}\n{text}"),
    Style(day="%b %d %Y", clock="%H:%M:%S", mark="#### ~{time}\n\n{text}"),
    Style(day="%d %B %Y,", clock="%H:%M", mark="### {{{{ {time} }}}}\n\n{text}"),
    Style(day="%Y/%m/%d", clock="%H:%M", mark="### [{time}]\n\n{text}"),
    Style(day="%a %b %d %Y", clock="%I:%M%p", mark="### **{time}**\n\n{text}"),
]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A report and the moments of its entries."""

    text: str
    moments: tuple[datetime, ...]
    links: int


@st.composite
def reports(draw: st.DrawFn) -> Written:
    style = draw(st.sampled_from(STYLES))
    zone = draw(st.sampled_from(sorted(ZONES)))
    first, last = datetime(2017, 1, 1), datetime(2026, 6, 1)  # noqa: DTZ001
    at = draw(st.datetimes(first, last)).replace(microsecond=0, second=0)
    moments, entries = [], []
    before = None
    for minutes in draw(st.lists(st.integers(1, 700), min_size=1, max_size=6)):
        named = f"{at:{style.day}} " if before is None or at.date() != before.date() else ""
        time = f"{named}{at:{style.clock}}"
        entries.append(style.mark.format(time=time, text=draw(WORDS)))
        moments.append(at)
        before, at = at, at + timedelta(minutes=minutes)
    items = [f"{n}. {text}" for n, text in enumerate(draw(st.lists(ITEMS, max_size=3)), start=1)]
    text = "\n\n".join(
        [
            f"# {moments[0]:%Y-%m-%d} - A title",
            f"## Summary\n\n{draw(WORDS)}",
            f"## Timeline\n\nAll times in {zone}",
            *entries,
            "## Action items",
            *items,
        ]
    )
    hours = timedelta(hours=ZONES[zone])
    utc = tuple((each - hours).replace(tzinfo=ZoneInfo("UTC")) for each in moments)
    return Written(text=f"{text}\n", moments=utc, links=len(items))


ITEMS = st.sampled_from(
    [
        "Alert. [Issue](https://github.com/example/hub/issues/1)",
        "Write it down: https://github.com/example/hub/issues/2.",
        "Rotate ([#3](https://github.com/example/hub/pull/3)), then [#4](https://example.org/(4))",
    ]
)


@given(reports())
@settings(max_examples=150, deadline=None)
def test_a_written_report_is_read_as_it_was_meant(written: Written) -> None:
    report = read_report(written.text)
    assert [entry.at for entry in report.timeline] == list(written.moments)
    assert len(report.items) == written.links
    assert {link for item in report.items for link in item.links} == links(
        written.text.partition("## Action items")[2]
    )


@given(reports(), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(max_examples=100, deadline=None)
def test_its_export_gives_back_every_time_link_and_sentence(written: Written, end: str) -> None:
    text = written.text.replace("\n", end)
    exported = export(read_report(text))
    assert exported == text
    assert (times(exported), links(exported)) == (times(text), links(text))
    assert sentences(exported) == sentences(text)
    assert lost(written.text) == []


@given(reports(), st.integers(0, 10_000), st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_a_report_with_text_put_anywhere_is_exported_whole(
    written: Written, at: int, text: str
) -> None:
    at %= len(written.text)
    changed = f"{written.text[:at]}{text}{written.text[at:]}"
    report = read_report(changed)
    assert export(report) == changed.removeprefix("\ufeff")
