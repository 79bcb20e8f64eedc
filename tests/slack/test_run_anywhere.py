"""``/incident run`` and its form in channels that are no incident's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.run_policy import Allowed, RunPolicy, Where
from bot.services.settings import AllowList
from bot.store.engine import Store
from bot.store.run_tables import run as run_table
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, stored

RESYNC = "resync-routes"


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    made.migrate()
    stored(made)
    yield made
    made.close()


def desk_of(rows: Store, policy: RunPolicy | None = None) -> Desk:
    """A desk where Ana may run runbooks."""
    policies = {RESYNC: policy} if policy else {}
    return Desk(rows, operators=AllowList(users=frozenset({ANA})), policies=policies)


def asked(rows: Store) -> list[tuple[str | None, str, str]]:
    """The incident, the channel and the runbook of each run."""
    with rows.read() as tx:
        columns = run_table.c.incident_id, run_table.c.channel_id, run_table.c.runbook
        return [tuple(row) for row in tx.execute(select(*columns))]


def test_the_command_plans_in_any_channel(rows: Store) -> None:
    desk = desk_of(rows)
    said = desk.command(f"run {RESYNC}", channel=ELSEWHERE).text
    assert said.startswith(f"🔎 Planning `{RESYNC}` on datahub. The plan appears in this channel")
    assert asked(rows) == [(None, ELSEWHERE, RESYNC)]


def test_in_an_incidents_channel_the_run_belongs_to_the_incident(rows: Store) -> None:
    desk = desk_of(rows)
    desk.command(f"run {RESYNC}")
    desk.command(f"run {RESYNC} in <#{CHANNEL}>", channel=ELSEWHERE)
    assert asked(rows) == [("abc123abc123", "", RESYNC)] * 2


def test_the_form_plans_where_it_was_opened(rows: Store) -> None:
    desk = desk_of(rows)
    desk.command("run", channel=ELSEWHERE)
    answer = desk.submit({"runbook": RESYNC, "hub": "datahub"})
    assert answer.errors == {}
    assert asked(rows) == [(None, ELSEWHERE, RESYNC)]


@pytest.mark.parametrize("channel", [ELSEWHERE, CHANNEL])
def test_people_who_are_not_listed_plan_nothing(rows: Store, channel: str) -> None:
    desk = desk_of(rows)
    said = desk.command(f"run {RESYNC}", channel=channel, user=BEN).text
    assert "not on the list" in said
    assert asked(rows) == []


def test_the_policys_people_replace_the_others(rows: Store) -> None:
    key = f"runbooks.policies.{RESYNC}"
    only_ben = Allowed(users=frozenset({BEN}), roles=frozenset({"scribe"}), key=key)
    desk = desk_of(rows, RunPolicy(allowed=only_ben))
    said = desk.command(f"run {RESYNC}", channel=ELSEWHERE).text
    assert f"added to {key}.allow" in said
    assert "holders of these roles may, too: scribe" in said
    desk.command("run force-delete-stuck-servers", channel=ELSEWHERE)
    desk.command(f"run {RESYNC}", channel=ELSEWHERE, user=BEN)
    assert [runbook for _, _, runbook in asked(rows)] == ["force-delete-stuck-servers", RESYNC]


def test_a_runbook_for_incidents_offers_the_open_ones(rows: Store) -> None:
    desk = desk_of(rows, RunPolicy(where=Where.INCIDENT))
    said = desk.command(f"run {RESYNC}", channel=ELSEWHERE).text
    assert said == (
        f"⚠️ {RESYNC} runs only in the channel of an open incident. Open now: <#{CHANNEL}>."
    )
    assert asked(rows) == []


def test_it_offers_no_private_incident_elsewhere(rows: Store) -> None:
    desk = desk_of(rows, RunPolicy(where=Where.INCIDENT))
    desk.slack.private = {CHANNEL}
    said = desk.command(f"run {RESYNC}", channel=ELSEWHERE).text
    assert CHANNEL not in said
    assert "No incident is open: declare one" in said


def test_never_in_a_shared_channel(rows: Store) -> None:
    desk = desk_of(rows)
    desk.slack.shared = {ELSEWHERE}
    said = desk.command(f"run {RESYNC}", channel=ELSEWHERE).text
    assert "shared with another organization" in said
    assert asked(rows) == []
