"""An incident's state, for those who come late: by command, by name from anywhere, and by button."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind
from bot.render import card
from bot.render.reader_buttons import ACTION_CATCH_UP
from bot.services.authorize import ABSENT
from bot.slack.commands.catchup import WHICH
from bot.store import runs
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.runs import Run
from tests.support.desk import ANA, BEN, ELSEWHERE, Answer, Desk
from tests.support.rows import CHANNEL, NAME, NOW, message, stored

INCIDENT = "abc123abc123"


def shown(answer: Answer) -> str:
    """All words of an answer."""
    return json.dumps(answer.blocks, ensure_ascii=False)


def run(number: int, state: RunState) -> Run:
    return Run(
        id=f"run{number}",
        incident_id=INCIDENT,
        runbook="resync-routes",
        hub="datahub",
        options={},
        state=state,
        plan=None,
        error="the hub hangs" if state is RunState.FAILED else "",
        asked_by=BEN,
        asked_at=NOW + timedelta(minutes=number),
    )


def lived(store: Store) -> Desk:
    """An incident in which much has happened."""
    stored(store, hubs=("datahub",), summary="Nobody gets <in>", roles={"scribe": BEN})
    desk = Desk(store)
    desk.command("update we restart the proxy next")
    desk.command("status fixing", user=BEN)
    desk.command("action add an alert <@U0BEN>")
    desk.command("note who has the kubeconfig?")
    desk.context.record.file_message(message(text="is it the proxy?"), by=BEN)
    reply = message("1487895901.000100", text="yes", author=BEN, thread_ts="1487895900.000100")
    with store.write() as tx:
        for number, state in enumerate((RunState.DONE, RunState.FAILED, RunState.PLANNED)):
            runs.add(tx, run(number, state))
        timeline_rows.add_entry(
            tx,
            incident_id=INCIDENT,
            at=NOW,
            now=NOW,
            kind=EntryKind.FINDING,
            author="",
            data={"hub": "datahub", "text": "28 routes are missing"},
            source="finding/1",
        )
    assert "is it the proxy?" in shown(desk.command("catchup"))
    with store.write() as tx:
        timeline_rows.add_message(tx, reply)
    return desk


def test_it_shows_the_incidents_state(quick: Store) -> None:
    desk = lived(quick)
    said = shown(desk.command("catchup"))
    for part in (
        "Nobody gets &lt;in&gt;",
        "*fixing* · sev2 · datahub",
        "<@U0ANA>: we restart the proxy next",
        "<@U0BEN> changed the status from investigating to fixing",
        "scribe: <@U0BEN>",
        "commander: <@U0ANA> until somebody takes over",
        "nobody yet: communications",
        "`resync-routes` on datahub, by <@U0BEN>: ✅ done and verified",
        "❌ failed: the hub hangs",
        "28 routes are missing",
        "waits for a decision",
        "add an alert",
        "who has the kubeconfig?",
        "next update due",
        f"<#{CHANNEL}>",
    ):
        assert part in said, part
    assert "is it the proxy?" not in said  # somebody answered it in its thread


def test_the_status_without_a_text_is_the_same_with_how_to_change_it(quick: Store) -> None:
    desk = lived(quick)
    said = shown(desk.command("status"))
    assert "we restart the proxy next" in said
    assert "status investigating|fixing|monitoring|resolved" in said


@pytest.mark.parametrize(
    "text", [f"<#{CHANNEL}|x>", f"#{NAME}", NAME.upper(), INCIDENT, "12", "#12"]
)
def test_an_incident_is_shown_anywhere_by_its_name(quick: Store, text: str) -> None:
    stored(quick, number=12)
    assert "Proxy was evicted" in shown(Desk(quick).command(f"show {text}", channel=ELSEWHERE))


def test_without_a_name_it_is_the_channels_own(quick: Store) -> None:
    stored(quick)
    desk = Desk(quick)
    assert "Proxy was evicted" in shown(desk.command("show"))
    assert WHICH.split(":")[0] in desk.command("show", channel=ELSEWHERE).text
    assert ABSENT in desk.command("show 77", channel=ELSEWHERE).text


def test_a_private_one_is_shown_to_those_in_its_channel_only(quick: Store) -> None:
    stored(quick, private=True)
    desk = Desk(quick)
    desk.slack.absent = {CHANNEL: {BEN}}
    for line in (f"show #{NAME}", f"catchup in #{NAME}"):
        answer = desk.command(line, channel=ELSEWHERE, user=BEN)
        assert ABSENT in answer.text and "evicted" not in shown(answer)
        assert "evicted" in shown(desk.command(line, channel=ELSEWHERE, user=ANA))
    unknown = desk.command("show #inc-that-never-was", channel=ELSEWHERE, user=BEN)
    assert ABSENT in unknown.text  # nobody can tell one from the other


def test_the_button_on_the_announcement_works_for_those_who_may_see_the_incident(
    quick: Store,
) -> None:
    incident = stored(quick)
    desk = Desk(quick)
    desk.slack.guests, desk.slack.teams = {"U0GUS"}, {"U0FAY": "T0ELSEWHERE"}
    desk.slack.absent = {CHANNEL: {BEN, "U0GUS", "U0FAY"}}
    buttons = card.announcement(card.announcement_spec(incident)).blocks[-1]["elements"]
    (button,) = [b for b in buttons if b["action_id"] == ACTION_CATCH_UP]
    for user, may in ((BEN, True), ("U0GUS", False), ("U0FAY", False)):
        answer = desk.press(button["action_id"], button["value"], channel="C0ANNOUNCE", user=user)
        assert ("evicted" in shown(answer)) is may, user
    desk.slack.private = {CHANNEL}  # converted meanwhile
    answer = desk.press(button["action_id"], button["value"], channel="C0ANNOUNCE", user=BEN)
    assert ABSENT in answer.text


def test_the_timeline_is_one_click_away_from_anywhere(quick: Store) -> None:
    desk = lived(quick)
    actions = desk.command(f"show #{NAME}", channel=ELSEWHERE).blocks[-1]
    (button,) = [b for b in actions["elements"] if b["action_id"] == card.ACTION_TIMELINE]
    answer = desk.press(button["action_id"], button["value"], channel=ELSEWHERE)
    assert "we restart the proxy next" in shown(answer)


def test_find_is_about_one_team(quick: Store) -> None:
    incident = stored(quick)
    found = Desk(quick).incidents.find
    assert found(incident.team_id, CHANNEL) == found(incident.team_id, f" #{NAME} ")
    assert found("T0ELSEWHERE", CHANNEL) is None
    assert found(incident.team_id, "") is None


def test_a_closed_one_says_so(quick: Store) -> None:
    made = stored(quick, status="closed", resolved_at=NOW, closed_at=NOW)
    said = shown(Desk(quick).command(f"show {made.channel_name}", channel=ELSEWHERE))
    assert "closed <!date" in said and "not published yet" in said
    assert "nobody yet" not in said and "next update" not in said
