"""Reports and incidents are found on both databases, whatever is typed, and only where they may be seen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bot.domain.resources import ResourceKind
from bot.domain.search import asked
from bot.store import incidents, published
from bot.store import resources as resource_rows
from bot.store import search as index
from bot.store.engine import Store
from bot.store.published import PublishedReport
from bot.store.search import Searchable
from tests.store.test_migrations import to
from tests.support.rows import CHANNEL, NOW, TEAM, stored

ODD = (
    *(
        '"',
        "'",
        "(",
        ")",
        "a AND",
        "NOT",
        "x NEAR/3 y",
        "title:",
        "*",
        "^a",
        "-a",
        "a:*",
        "& | !",
        "<->",
    ),
    *(
        "\x00",
        "\ud800",
        "😀",
        "%",
        "_",
        "\\",
        ";--",
        "NULL",
        "{}",
        "a" * 10_000,
        "a b " * 2_500,
        "日本語",
    ),
)


def report(source: str, **values: object) -> PublishedReport:
    known: dict[str, Any] = {
        "source": source,
        "url": "",
        "revision": "",
        "title": "Proxy is evicted",
    }
    known |= {"date": date(2017, 2, 24), "format": "plain", "raw": f"# {source}"}
    return PublishedReport(**{**known, **values})


def of_report(store: Store, name: str, title: str, body: str) -> None:
    with store.write() as tx:
        report_id, _is_new = published.put(tx, report(name, title=title, raw=body), NOW)
        index.put(tx, Searchable(title=title, body=body, report_id=report_id))


def titles(store: Store, text: str, *, seen_from: str = "") -> list[str]:
    with store.read() as tx:
        found = index.find(tx, asked(text), team_id=TEAM, seen_from=seen_from, limit=9)
    return [match.title for match in found]


def test_words_are_found_in_any_form_and_the_best_comes_first(store: Store) -> None:
    of_report(store, "a", "The proxy was evicted", "Routes were lost on hub.example.org. Ärger.")
    of_report(
        store, "b", "Nodes hang", "The proxy is well; docker hangs, the hub's node is cordoned."
    )
    assert titles(store, "proxies evicting") == ["The proxy was evicted"]
    assert titles(store, "PROXY") == ["The proxy was evicted", "Nodes hang"]
    assert titles(store, "route") == titles(store, "arger") == ["The proxy was evicted"]
    assert titles(store, "example") == ["The proxy was evicted"]
    assert titles(store, "cordon volcano") == ["Nodes hang"]
    assert titles(store, "the") == titles(store, "volcano") == []


def test_odd_words_are_never_an_error(store: Store) -> None:
    of_report(store, "a", "Down", "the hub is down AND out NOT up")
    for text in ODD:
        titles(store, text)
    assert titles(store, "down NOT up") == ["Down"]


def test_a_changed_text_replaces_what_was_indexed(store: Store) -> None:
    of_report(store, "a", "One", "volcano")
    of_report(store, "a", "One", "earthquake")
    assert titles(store, "volcano") == []
    assert titles(store, "earthquake") == ["One"]
    with store.read() as tx:
        assert index.count(tx) == 1


def test_a_private_incident_is_found_only_in_its_channel(store: Store) -> None:
    made = stored(store, private=True)
    other = stored(store, id="other", channel_name="c2", channel_id="C2")
    elsewhere = stored(store, id="third", channel_name="c3", channel_id="C3", team_id="T0OTHER")
    with store.write() as tx:
        incidents.change_channel(tx, other.id, channel_state="left")
        for each in (made, other, elsewhere):
            index.put(tx, Searchable(title=each.title, body="volcano", incident_id=each.id))
    assert titles(store, "volcano") == []
    assert titles(store, "volcano", seen_from=CHANNEL) == [made.title]
    assert titles(store, "volcano", seen_from="C3") == []
    with store.write() as tx:
        incidents.change_channel(tx, made.id, private=False)
    assert titles(store, "volcano") == [made.title]
    with store.write() as tx:
        index.remove_incidents(tx, [CHANNEL])
    assert titles(store, "volcano") == []
    with store.read() as tx:
        assert index.not_indexed(tx, 5) == [made.id]


def test_the_index_comes_back_after_a_downgrade(store: Store) -> None:
    made = stored(store)
    with store.write() as tx:
        resource_rows.add(tx, made.id, ResourceKind.ALIKE, spec={"found": []}, now=NOW)
    to(store, "0012")
    to(store, "head")
    with store.read() as tx:
        assert resource_rows.of_incident(tx, made.id) == {}
    of_report(store, "a", "One", "volcano")
    assert titles(store, "volcano") == ["One"]


def test_a_report_is_stored_once(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    with store.write() as tx:
        first, is_new = published.put(tx, report("/a/2017-x.md"), NOW)
        assert is_new
        again = published.put(tx, report("/a/2017-x.md", raw="changed"), later)
        moved = published.put(tx, report("/b/2017-x.md", raw="changed more"), later)
        copied = published.put(tx, report("/c/other.md", raw="changed more"), later)
        page = report("o/r:docs/2017-x.md", url="https://example.org/x", revision="r1", raw="new")
        fetched = published.put(tx, page, later)
        local = published.put(tx, report("/a/2017-x.md", raw="newer"), later)
        other = published.put(tx, report("/a/2018-y.md", title="Other"), later)
        assert {again, moved, copied, fetched, local} == {(first, False)}
        assert other[1]
        assert published.revisions(tx, "o/r:") == {"o/r:docs/2017-x.md": ""}
        kept = {each.report.source: each.report.raw for each in published.all_reports(tx)}
    assert kept == {"o/r:docs/2017-x.md": "newer", "/a/2018-y.md": "# /a/2018-y.md"}
