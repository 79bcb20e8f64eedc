"""Incidents are indexed as they are, and get the past outages that are like them once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.incident import Answers, Incident
from bot.domain.resources import ResourceKind, ResourceState
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.services.library import Library
from bot.services.search import NEW, Search
from bot.store import incidents
from bot.store import resources as resource_rows
from bot.store import search as index
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.rows import CHANNEL, NOW, TEAM, incident, stored

ID = "abc123abc123"
REPORT = """\
# 2017-02-24 - Proxy is evicted

## Summary

The proxy was evicted and users got errors.

## Timeline

### 21:10 PST

The hub loses its routes.

## Conclusion

The proxy was restarted. It needs memory.
"""


@pytest.fixture
def latched() -> list[str]:
    return []


@pytest.fixture
def search(store: Store, latched: list[str]) -> Search:
    return Search(store, lambda: NOW, lambda: latched.append("asked"))


def found(search: Search, words: str, seen_from: str = "") -> list[str]:
    return [each.title for each in search.search(words, team_id=TEAM, seen_from=seen_from)]


def imported(store: Store) -> None:
    Library(store, lambda: NOW).take(REPORT, source="/reports/2017-02-24-proxy.md")


def note(store: Store, text: str, **values: Any) -> None:
    with store.write() as tx:
        timeline_rows.add_entry(
            tx,
            incident_id=ID,
            at=NOW,
            now=NOW,
            kind=values.get("kind", EntryKind.NOTE),
            author="U0ANA",
            data={"text": text},
            source=text,
        )


def saved(store: Store, **values: Any) -> Incident:
    made = incident(**values)
    with store.write() as tx:
        incidents.save(tx, made)
    return made


def test_an_imported_report_is_found_with_what_ended_it(store: Store, search: Search) -> None:
    imported(store)
    [result] = search.search("routes evicted", team_id=TEAM, seen_from="")
    assert (result.title, str(result.date)) == ("Proxy is evicted", "2017-02-24")
    assert result.ended == "The proxy was restarted."
    assert "routes" in result.part


def test_words_that_are_not_looked_for(search: Search, latched: list[str]) -> None:
    for text in ("", "the", "!?"):
        with pytest.raises(UserError, match="Write what to search for"):
            search.search(text, team_id=TEAM, seen_from="")
    assert latched == []


def test_an_open_incident_is_found_by_its_title_and_a_resolved_one_by_everything(
    store: Store, search: Search
) -> None:
    note(store, "the volcano erupts")
    assert not search.keep(ID)
    assert found(search, "evicted") == ["Proxy was evicted"]
    assert found(search, "volcano") == []
    note(store, "lava cooled", kind=EntryKind.RESOLVED)
    saved(store, status="resolved", resolved_at=NOW)
    search.keep(ID)
    [result] = search.search("volcano", team_id=TEAM, seen_from="")
    assert (result.ended, result.channel) == ("lava cooled", CHANNEL)
    saved(
        store, status="closed", closed_at=NOW, answers=Answers(texts={"conclusion": "It rained."})
    )
    search.keep(ID)
    assert [each.ended for each in search.search("volcano", team_id=TEAM, seen_from="")] == [
        "It rained."
    ]


def test_a_private_incident_is_found_only_from_its_channel(store: Store, search: Search) -> None:
    saved(store, private=True)
    search.keep(ID)
    assert found(search, "evicted") == []
    assert found(search, "evicted", seen_from=CHANNEL) == ["Proxy was evicted"]


def test_what_is_not_in_the_index_gets_in(store: Store, search: Search) -> None:
    search.refresh()
    assert found(search, "evicted") == ["Proxy was evicted"]
    with store.write() as tx:
        index.remove_incidents(tx, [CHANNEL])
    assert found(search, "evicted") == []
    search.refresh()
    assert found(search, "evicted") == ["Proxy was evicted"]


def test_an_incident_that_changed_without_a_sync_is_indexed_in_turn(
    store: Store, search: Search
) -> None:
    search.refresh()
    saved(store, title="A volcano")
    assert found(search, "volcano") == []
    for _ in range(2):
        search.refresh()
    assert found(search, "volcano") == ["A volcano"]


def alike(store: Store) -> tuple[Any, ...]:
    with store.read() as tx:
        row = resource_rows.find(tx, ID, ResourceKind.ALIKE)
    return (row.state, [each["title"] for each in row.spec["found"]]) if row else ()


def test_what_is_like_an_incident_is_found_once(store: Store, search: Search) -> None:
    imported(store)
    stored(store, id="secret", channel_name="s", channel_id="C0SECRET", private=True)
    search.keep("secret")
    assert search.keep(ID)
    assert alike(store) == (ResourceState.PENDING, ["Proxy is evicted"])
    assert not search.keep(ID)


def test_nothing_is_posted_if_nothing_is_like_it(store: Store, search: Search) -> None:
    Library(store, lambda: NOW).take("# 2020-01-01 - Certificates\n\nExpired.\n", source="a.md")
    assert not search.keep(ID)
    assert alike(store) == (ResourceState.DONE, [])


def test_what_was_declared_long_ago_gets_nothing(store: Store, search: Search) -> None:
    imported(store)
    saved(store, declared_at=NOW - NEW - timedelta(seconds=1))
    assert not search.keep(ID)
    assert alike(store) == ()


def test_while_slack_does_not_say_what_is_private_nothing_is_named(store: Store) -> None:
    def refuse() -> None:
        raise UserError("Slack did not tell.")

    imported(store)
    stored(store, id="other", channel_name="o", channel_id="C0OTHER")
    search = Search(store, lambda: NOW, refuse)
    search.refresh()
    assert not search.keep(ID)
    assert alike(store) == ()
    with pytest.raises(UserError, match="did not tell"):
        search.search("proxy", team_id=TEAM, seen_from="")
    assert Search(store, lambda: NOW, lambda: None).keep(ID)


def test_a_deleted_message_leaves_the_index(store: Store, search: Search) -> None:
    """Erasing its words takes the incident out; what is indexed again has none of them."""
    made = replace(incident(), status="resolved", resolved_at=NOW)
    with store.write() as tx:
        incidents.save(tx, made)
        index.put(tx, index.Searchable(title=made.title, body="a secret word", incident_id=ID))
        index.remove_incidents(tx, [CHANNEL])
    search.refresh()
    assert found(search, "secret") == []
