"""``/incident diagnose`` and the buttons below what it shows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.diagnose import Finding, Remedy, Severity
from bot.diagnose import found as found_module
from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater, UserError
from bot.services.settings import AllowList
from bot.store import audit, diagnoses, resources
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from bot.store.run_tables import diagnosis
from tests.support.desk import ANA, BEN, ELSEWHERE, Answer, Desk
from tests.support.hubs import NOW, pod, route, server
from tests.support.rows import CHANNEL, end_claims, stored
from tests.support.scripted import Scripted, site

EVICTED_AT = NOW - timedelta(minutes=7)
LOST = Finding(
    rule="routes_lost",
    key="proxy",
    severity=Severity.CRITICAL,
    text="The proxy lost its routes & <!channel>.",
    at=EVICTED_AT,
    remedy=Remedy(runbook="resync-routes", label="Resync the routes"),
)
ROLLOUT = Finding(rule="rollout", key="hub", severity=Severity.NOTE, text="Rolled out.", at=NOW)
TIMELESS = Finding(rule="slow", key="hub", severity=Severity.WARNING, text="The hub is slow.")


@pytest.fixture
def party() -> Scripted:
    """Ana's server has no route."""
    return Scripted(
        records=[server("ana"), server("zoe")],
        live=[pod("ana"), pod("zoe")],
        known=[route("zoe")],
    )


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules find these, whatever the facts."""
    monkeypatch.setattr(found_module, "diagnose", lambda _facts: [LOST, TIMELESS, ROLLOUT])
    monkeypatch.setattr(found_module, "headline", lambda _facts, _found: "1 of 2 users is cut off.")


def desk_of(store: Store, party: Scripted, *hubs: str, **values: Any) -> Desk:
    names = hubs or ("datahub",)
    return Desk(store, hubs=names, sites={name: site(party) for name in names}, **values)


@pytest.fixture
def desk(rows: Store, party: Scripted) -> Desk:
    return desk_of(rows, party)


def kept(desk: Desk) -> list[str]:
    """The ids of the diagnoses that are kept."""
    with desk.store.read() as tx:
        return list(tx.execute(diagnosis.select()).scalars())


def posts(desk: Desk, incident: Incident | None = None) -> list[ResourceRow]:
    """The diagnoses that an incident's channel is to show."""
    incident_id = (incident or desk.incident).id
    with desk.store.read() as tx:
        found = resources.of_incident(tx, incident_id).values()
    return [row for row in found if row.kind is ResourceKind.DIAGNOSIS]


def audited(desk: Desk, act: str) -> list[Any]:
    with desk.store.read() as tx:
        lines = audit.latest(tx, limit=100)
    return [each.line for each in lines if each.line.act == act and each.line.after]


def outside(desk: Desk, **who: Any) -> Answer:
    return desk.command("diagnose", channel=ELSEWHERE, **who)


# --- outside of incidents -----------------------------------------------------------------------


def test_outside_of_incidents_only_who_asked_sees_it(desk: Desk) -> None:
    answer = outside(desk)
    assert answer.acks == [{}]
    assert answer.text == "🔴 1 of 2 users is cut off."
    assert "`ana` on `user-node-1`" in str(answer.blocks)
    assert posts(desk) == []
    (line,) = audited(desk, "diagnose")
    assert (line.actor, line.target) == (ANA, "hub/datahub")
    assert line.after == {
        "diagnosis": kept(desk)[0],
        "verdict": "wrong",
        "rules": ["rollout", "routes_lost", "slow"],
    }


@pytest.mark.parametrize("kind", ["guest", "foreign"])
def test_outside_of_incidents_guests_and_other_workspaces_are_refused(
    desk: Desk, kind: str
) -> None:
    desk.slack.guests = {ANA} if kind == "guest" else set()
    desk.slack.teams = {ANA: "T0ELSEWHERE"} if kind == "foreign" else {}
    assert "⚠️" in outside(desk).text
    assert kept(desk) == []
    assert "⚠️" not in desk.command("diagnose").text  # in an incident's channel they read, too


def test_guests_may_be_let_in_by_configuration(rows: Store, party: Scripted) -> None:
    from bot.domain.access import Act, Rules

    desk = desk_of(rows, party, rules=Rules(guests=frozenset({Act.DIAGNOSE})))
    desk.slack.guests = {ANA}
    assert "1 of 2 users" in outside(desk).text


def test_a_party_that_is_away_is_not_known_and_delays_nothing(
    rows: Store, party: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_module, "diagnose", lambda _facts: [])
    party.fails = {"servers": RetryLater("Hub datahub did not answer."), "look": UserError("No.")}
    answer = outside(desk_of(rows, party))
    assert "*Not known*" in str(answer.blocks)
    assert "Hub datahub did not answer." in str(answer.blocks)
    assert "🟢" not in str(answer.blocks)


def test_a_hub_is_named_or_chosen(rows: Store, party: Scripted) -> None:
    desk = desk_of(rows, party, "datahub", "stat20")
    assert outside(desk).text == ""
    (block, _hint) = desk.slack.views[-1]["blocks"]
    assert [o["value"] for o in block["element"]["options"]] == ["datahub", "stat20"]
    answer = desk.submit({"hub": "stat20"})
    assert answer.errors == {}
    assert desk.slack.shown == [(ELSEWHERE, ANA, "🔴 1 of 2 users is cut off.")]
    assert "1 of 2 users" in desk.command("diagnose “STAT20”", channel=ELSEWHERE).text
    told = desk.command("diagnose stat2", channel=ELSEWHERE).text
    assert "datahub, stat20" in told
    assert "Did you mean" not in told


def test_the_menu_offers_it_before_any_incident(desk: Desk) -> None:
    menu = desk.command("", channel=ELSEWHERE)
    assert "incident.diagnose" in str(menu.blocks)
    assert "1 of 2 users" in desk.press("incident.diagnose", channel=ELSEWHERE).text


def test_posting_it_in_a_channel_shows_it_once(desk: Desk) -> None:
    outside(desk)
    (made,) = kept(desk)
    answer = desk.press("diagnosis.post", made, channel=ELSEWHERE)
    assert answer.posts[0]["replace_original"] is True
    assert "Posted in" in answer.text
    desk.press("diagnosis.post", made, channel=ELSEWHERE)
    assert [shown[0] for shown in desk.slack.shown] == [ELSEWHERE]
    line = audited(desk, "diagnose.post")[0]
    assert (line.actor, line.target, line.incident_id) == (ANA, "hub/datahub", None)
    assert line.after == {"diagnosis": made, "channel": ELSEWHERE}
    ((channel, effect),) = desk.slack.effects
    assert (channel, effect) == (ELSEWHERE, f"diagnosis/{made}/{ELSEWHERE}")


def test_a_post_that_slack_did_not_take_is_repeated(desk: Desk, rows: Store) -> None:
    outside(desk)
    desk.slack.failing = {"post": RetryLater("Slack did not answer.")}
    desk.press("diagnosis.post", kept(desk)[0], channel=ELSEWHERE)
    assert desk.slack.effects == {}
    desk.slack.failing = {}
    end_claims(rows)
    desk.dispatcher.replay()
    assert len(desk.slack.effects) == 1


def test_declaring_begins_with_what_was_found(desk: Desk) -> None:
    outside(desk)
    (made,) = kept(desk)
    desk.press("diagnosis.declare", made, channel=ELSEWHERE)
    blocks = {block["block_id"]: block["element"] for block in desk.slack.views[-1]["blocks"]}
    assert blocks["title"]["initial_value"] == "1 of 2 users is cut off"
    assert [o["value"] for o in blocks["hubs"]["initial_options"]] == ["datahub"]
    desk.submit()
    with desk.store.read() as tx:
        (new,) = [i for i in incident_rows.unclosed(tx) if i.channel_id != CHANNEL]
        entries = timeline_rows.entries(tx, new.id)
    assert new.origin_channel == ELSEWHERE
    found = [entry for entry in entries if entry.kind is EntryKind.FINDING]
    assert [(e.at, e.data["rule"], e.author) for e in found] == [(EVICTED_AT, "routes_lost", ANA)]
    assert [row.subject for row in posts(desk, new)] == [made]


def test_a_diagnosis_that_is_gone_prevents_no_incident(desk: Desk) -> None:
    outside(desk)
    desk.press("diagnosis.declare", kept(desk)[0], channel=ELSEWHERE)
    with desk.store.write() as tx:
        diagnoses.purge(tx, desk.now() + timedelta(days=10_000))
    assert desk.submit().errors == {}
    with desk.store.read() as tx:
        assert len(incident_rows.unclosed(tx)) == 2
    assert "no longer has this diagnosis" in desk.press("diagnosis.declare", "gone").text


# --- in an incident -----------------------------------------------------------------------------


def test_in_an_incident_everybody_sees_it(desk: Desk) -> None:
    answer = desk.command("diagnose", user=BEN)
    assert answer.text == ""
    (row,) = posts(desk)
    assert (row.subject, row.spec["by"]) == (kept(desk)[0], BEN)
    (posted,) = audited(desk, "diagnose.post")
    assert (posted.actor, posted.incident_id) == (BEN, desk.incident.id)
    assert posted.after == {"diagnosis": kept(desk)[0], "channel": CHANNEL}
    assert row.spec["found"]["headline"] == "1 of 2 users is cut off."
    (line,) = audited(desk, "diagnose")
    assert line.incident_id == desk.incident.id


def test_a_request_that_is_delivered_again_diagnoses_once(desk: Desk, party: Scripted) -> None:
    body = {
        "command": "/incident",
        "text": "diagnose",
        "team_id": desk.incident.team_id,
        "user_id": ANA,
        "channel_id": CHANNEL,
        "trigger_id": "the same",
    }
    desk.send(body)
    asked = len(party.asked)
    desk.send(body)
    assert len(party.asked) == asked
    assert len(posts(desk)) == len(kept(desk)) == 1


def test_from_elsewhere_it_is_shown_in_the_incident_that_is_named(desk: Desk) -> None:
    desk.command(f"diagnose in <#{CHANNEL}>", channel=ELSEWHERE)
    assert len(posts(desk)) == 1


def test_the_cards_button_means_the_incidents_hub(tmp_path: Path, party: Scripted) -> None:
    store = Store(f"sqlite:///{tmp_path / 'other.db'}")
    store.migrate()
    stored(store, hubs=("stat20",))
    desk = desk_of(store, party, "datahub", "stat20", "eecs")
    desk.press("incident.diagnose")
    with store.read() as tx:
        assert [row.hub for row in tx.execute(diagnosis.select())] == ["stat20"]
    store.close()


def test_a_finding_goes_to_the_timeline_at_its_own_time_and_once(desk: Desk) -> None:
    desk.command("diagnose")
    first = kept(desk)[0]
    assert "📌 In the timeline" in desk.press("diagnosis.add", f"{first}/1").text
    assert "already" in desk.press("diagnosis.add", f"{first}/1").text
    desk.command("diagnose")
    (second,) = set(kept(desk)) - {first}
    assert "already" in desk.press("diagnosis.add", f"{second}/1", user=BEN).text
    (entry,) = desk.of_kind(EntryKind.FINDING)
    assert entry.at == EVICTED_AT
    assert entry.data["text"] == "The proxy lost its routes &amp; &lt;!channel&gt;."
    assert len(audited(desk, "entry.finding")) == 1


def test_a_finding_that_was_removed_comes_back(desk: Desk) -> None:
    desk.command("diagnose")
    value = f"{kept(desk)[0]}/1"
    desk.press("diagnosis.add", value)
    (entry,) = desk.of_kind(EntryKind.FINDING)
    desk.press("entry.menu", f"out:{entry.id}")
    assert desk.of_kind(EntryKind.FINDING) == []
    assert "📌" in desk.press("diagnosis.add", value).text
    assert [e.id for e in desk.of_kind(EntryKind.FINDING)] == [entry.id]


def test_a_finding_without_a_time_stands_at_that_of_the_diagnosis(desk: Desk) -> None:
    desk.command("diagnose")
    made = kept(desk)[0]
    assert "own time is unknown" in desk.press("diagnosis.add", f"{made}/2").text
    (entry,) = desk.of_kind(EntryKind.FINDING)
    assert entry.at == desk.diagnoses.get(made).found.read_at


@pytest.mark.parametrize("value", ["{}/9", "{}/0", "{}/x", "gone/1"])
def test_a_finding_that_does_not_exist_is_refused(desk: Desk, value: str) -> None:
    desk.command("diagnose")
    assert "⚠️" in desk.press("diagnosis.add", value.format(kept(desk)[0])).text
    assert desk.of_kind(EntryKind.FINDING) == []


def test_a_remedy_plans_its_runbook(rows: Store, party: Scripted) -> None:
    desk = desk_of(rows, party, operators=AllowList(users=frozenset({BEN})))
    desk.command("diagnose")
    value = f"{kept(desk)[0]}/1"
    assert "not on the list" in desk.press("diagnosis.remedy", value).text
    assert desk.press("diagnosis.remedy", value, user=BEN).text == ""
    assert [(run.runbook, run.hub, run.asked_by) for run in desk.planned] == [
        ("resync-routes", "datahub", BEN)
    ]
    assert "names no runbook" in desk.press("diagnosis.remedy", f"{kept(desk)[0]}/2").text


def test_diagnoses_are_kept_for_a_week(desk: Desk) -> None:
    desk.command("diagnose")
    with desk.store.read() as tx:
        at = tx.execute(diagnosis.select()).one().at
    for age, left in ((timedelta(days=6), 1), (timedelta(days=7, seconds=1), 0)):
        with desk.store.write() as tx:
            diagnoses.purge(tx, at + age - timedelta(days=7))
        assert len(kept(desk)) == left


# --- evidence -----------------------------------------------------------------------------------


def test_the_evidence_is_a_file_without_secrets(desk: Desk, party: Scripted) -> None:
    party.logs = {
        (
            "hub-1",
            False,
        ): "Authorization: token Planted0123\n\x1b[32mana@example.org\x1b[39m logged in\x07"
    }
    desk.command("diagnose")
    desk.press("diagnosis.evidence", kept(desk)[0])
    ((channel, name, text),) = desk.slack.files
    assert channel == CHANNEL
    assert name.startswith("evidence-datahub-") and name.endswith(".txt")
    assert "1 of 2 users is cut off." in text
    assert "Pod jupyter-ana" in text and "Log of hub-1" in text
    assert "Planted" not in text and "example.org" not in text
    assert "[e-mail 1] logged in" in text


def test_outside_of_incidents_the_evidence_is_a_direct_message(desk: Desk) -> None:
    outside(desk)
    answer = desk.press("diagnosis.evidence", kept(desk)[0], channel=ELSEWHERE)
    assert [file[0] for file in desk.slack.files] == [f"D{ANA}"]
    assert "direct message" in answer.text


def test_evidence_that_slack_took_without_an_answer_is_not_sent_again(
    desk: Desk, rows: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.command("diagnose")
    upload = desk.slack.upload

    def lost(*args: Any, **values: Any) -> None:
        upload(*args, **values)
        raise RetryLater("Slack did not answer.")

    monkeypatch.setattr(desk.slack, "upload", lost)
    desk.press("diagnosis.evidence", kept(desk)[0])
    end_claims(rows)
    desk.dispatcher.replay()
    assert len(desk.slack.files) == 1
    (line,) = audited(desk, "diagnose.evidence")
    assert (line.actor, line.incident_id) == (ANA, desk.incident.id)
    assert line.after == {"diagnosis": kept(desk)[0], "channel": CHANNEL}


def test_without_the_scope_the_button_says_so(desk: Desk) -> None:
    desk.command("diagnose")
    desk.slack.failing = {"upload": UserError("It needs files:write.", code="missing_scope")}
    assert "files:write" in desk.press("diagnosis.evidence", kept(desk)[0]).text


def test_evidence_says_what_could_not_be_read(desk: Desk, party: Scripted) -> None:
    desk.command("diagnose")
    party.fails = {"log": UserError("mayday isn't allowed to read logs.")}
    desk.press("diagnosis.evidence", kept(desk)[0])
    assert "Log of hub-1: mayday isn't allowed to read logs." in desk.slack.files[0][2]
