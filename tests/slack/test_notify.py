"""Texts for the people served: drafted, checked, and sent once to where they read."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Config
from bot.domain.audiences import DEFAULT_TEXTS, LATER, OPEN, TEXT_LIMIT, Audience, is_template
from bot.domain.audit import AuditOutcome
from bot.domain.hubs import Place
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.render import notify as words
from bot.render.notify import ACTION_AUDIENCE, PAGES
from bot.services.notify import INTERNAL, IS_PRIVATE
from bot.services.settings import AllowList
from bot.store import resources
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from sandbox.slack.blocks import message_blocks, view_definition
from tests.support.desk import ANA, BEN, Desk
from tests.support.rows import CHANNEL, NAME, incident, stored

STUDENTS = Audience(name="students", channels=("#datahub-users", "#datahub-help"))
FACULTY = Audience(
    name="instructors", channels=("C0FACULTY",), texts={OPEN: "Dear all, {hubs} is down."}
)


def sent(desk: Desk) -> list[ResourceRow]:
    with desk.store.read() as tx:
        found = resources.of_incident(tx, desk.incident.id).values()
    return [row for row in found if row.kind is ResourceKind.NOTIFIED]


def desk_of(store: Store, *audiences: Audience, **values: Any) -> Desk:
    """A desk with an incident on one hub, and these audiences."""
    stored(store, **{"hubs": ("datahub",), **values})
    return Desk(store, **({"audiences": audiences} if audiences else {}))


def opened(desk: Desk) -> str:
    """The form that is open."""
    view_definition(desk.slack.views[-1])
    return json.dumps(desk.slack.views[-1], ensure_ascii=False)


@pytest.mark.parametrize("status", ["investigating", "fixing", "monitoring", "resolved", "closed"])
@pytest.mark.parametrize("hubs", [(), ("datahub",), ("datahub", "stat20", "data8")])
def test_every_state_has_a_text_without_internals(status: str, hubs: tuple[str, ...]) -> None:
    made = incident(status=status, hubs=hubs, title="Xylophone", summary="Zither")
    text = STUDENTS.draft(made, next_update="by 15:30 PST")
    for internal in ("Xylophone", "Zither", "U0ANA", CHANNEL, NAME, "{", status):
        assert internal not in text or internal == "resolved"
    assert ("datahub" if hubs else "our JupyterHubs") in text
    assert ("15:30 PST" in text) is made.is_open
    if len(hubs) == 3:
        assert "datahub, stat20 and data8" in text


def test_a_teams_own_text_comes_first_and_has_its_own_hubs() -> None:
    one = Audience(name="a", hubs=("stat20",), texts={OPEN: "{hubs}: {next_update}"})
    made = incident(hubs=("datahub", "stat20"), status="monitoring")
    assert one.draft(made, next_update="") == f"stat20: {LATER}"
    assert one.is_affected(made) and not one.is_affected(incident(hubs=("datahub",)))
    assert one.is_affected(incident(hubs=()))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        *((text, True) for text in DEFAULT_TEXTS.values()),
        ("{{literal}} {hubs}", True),
        ("{hub}", False),
        ("{hubs.x}", False),
        ("{hubs!r}", False),
        ("{hubs:>9}", False),
        ("{", False),
        ("{}", False),
    ],
)
def test_templates_have_known_placeholders_only(text: str, fits: bool) -> None:
    assert is_template(text) is fits


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ({"channels": ["general"]}, "#name"),
        ({"texts": {"open": "{user}"}}, "placeholders"),
        ({"texts": {"opened": "x"}}, "there is no status “opened”"),
        ({"texts": {"open": ""}}, "1 to 2000"),
        ({"hubs": ["datahub"]}, "there is no hub “datahub”"),
        ({"name": "two words"}, "one word"),
    ],
)
def test_the_configuration_is_checked(audience: dict[str, Any], said: str) -> None:
    given_ = {"audiences": [{"name": "students", **audience}]}
    with pytest.raises(ValueError, match=said):
        Config.model_validate({"communication": given_})


def test_without_an_audience_the_text_is_shown_for_copying(quick: Store) -> None:
    desk = desk_of(quick)
    answer = desk.command("notify")
    message_blocks(answer.blocks)
    text = json.dumps(answer.blocks)
    assert "We are aware of a problem with datahub" in text and "to copy" in text
    assert desk.slack.views == [] and sent(desk) == []


def test_the_exact_text_is_sent_to_each_channel_once(store: Store) -> None:
    desk = desk_of(store, STUDENTS)
    desk.command("update soon fixed")
    desk.command("notify")
    assert "#datahub-users, #datahub-help" in opened(desk) and "by 1" in opened(desk)
    for _ in range(2):  # the second is a redelivery
        answer = desk.submit({"text/students": " Datahub is <down> & back at 3. "}, view_id="V1")
        assert answer.errors == {}
    assert [row.spec["channel"] for row in sent(desk)] == ["#datahub-users", "#datahub-help"]
    assert {row.spec["text"] for row in sent(desk)} == {"Datahub is <down> & back at 3."}
    (entry,) = desk.of_kind(EntryKind.NOTIFIED)
    assert (entry.author, entry.data["audience"]) == (ANA, "students")
    acts = [each.line for each in desk.audit.latest(limit=9) if each.line.act == "incident.notify"]
    assert [line.after["text"] for line in acts] == ["Datahub is <down> & back at 3."]
    assert "notified the students" in json.dumps(desk.command("timeline").blocks)


@pytest.mark.parametrize(
    "text",
    [
        "Ask <@U0ANA>",
        "See <#C0INCIDENT>",
        "@channel it is down",
        f"Follow it in #{NAME}",
        "https://x.slack.com/archives/C1",
        "Write to ana@example.org",
        "The pod is at 10.0.0.17",
        "xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx",
    ],
)
def test_internals_are_refused_and_nothing_is_lost(quick: Store, text: str) -> None:
    desk = desk_of(quick, STUDENTS)
    desk.command("notify students")
    answer = desk.submit({"text/students": text})
    assert INTERNAL.split("(")[0] in answer.errors["text/students"]
    assert sent(desk) == [] and desk.of_kind(EntryKind.NOTIFIED) == []


def test_an_empty_text_is_refused(quick: Store) -> None:
    desk = desk_of(quick, STUDENTS)
    desk.command("notify")
    assert "Write what" in desk.submit({"text/students": " "}).errors["text/students"]


def test_another_audience_changes_the_text(quick: Store) -> None:
    desk = desk_of(quick, STUDENTS, FACULTY)
    desk.command("notify")
    desk.press_in(ACTION_AUDIENCE, "instructors")
    assert "Dear all, datahub is down." in opened(desk) and "<#C0FACULTY>" in opened(desk)
    assert desk.submit().errors == {}
    assert [row.spec["channel"] for row in sent(desk)] == ["C0FACULTY"]
    assert "There is no audience “x”" in desk.command("notify x").text


def test_nothing_of_a_private_incident_is_sent(quick: Store) -> None:
    desk = desk_of(quick, STUDENTS, private=True)
    assert IS_PRIVATE in json.dumps(desk.command("notify").blocks)
    assert desk.slack.views == []


def test_one_that_becomes_private_while_the_form_is_open_is_not_sent(quick: Store) -> None:
    desk = desk_of(quick, STUDENTS)
    desk.command("notify")
    desk.slack.private = {CHANNEL}
    desk.incidents.latch()
    assert IS_PRIVATE in desk.submit().errors["text/students"]
    assert sent(desk) == []


def test_who_may_send_it_is_who_may_publish(quick: Store) -> None:
    desk = desk_of(quick, STUDENTS)
    desk.slack.guests = {BEN}
    assert "Guests can't do that" in desk.command("notify", user=BEN).text
    refused = [each.line for each in desk.audit.latest(limit=3)]
    assert refused[-1].outcome is AuditOutcome.REFUSED and refused[-1].act == "publish"


def test_the_hubs_page_is_a_plan_of_the_runbook(quick: Store) -> None:
    place = Place(hub="datahub", cluster="c", namespace="n")
    site = SimpleNamespace(place=place, notices=object())
    stored(quick, hubs=("datahub",))
    desk = Desk(
        quick,
        audiences=(STUDENTS,),
        sites={"datahub": site},
        operators=AllowList(users=frozenset({ANA})),
    )
    desk.command("notify")
    desk.submit({"text/students": "Datahub is down."})
    (button,) = desk_buttons(desk)
    assert button["action_id"] == PAGES[0]
    desk.press(button["action_id"], button["value"], user=BEN)
    assert desk.planned == []
    desk.press(button["action_id"], button["value"])
    (run,) = desk.planned
    assert (run.runbook, run.hub, run.options["words"]) == (
        "notify-users",
        "datahub",
        "Datahub is down.",
    )


def desk_buttons(desk: Desk) -> list[dict[str, Any]]:
    """The buttons of what was shown last."""
    post = desk.slack.posts[-1]
    return [e for block in post.blocks if block["type"] == "actions" for e in block["elements"]]


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(
        st.text(min_size=1, max_size=TEXT_LIMIT),
        st.sampled_from(["&", "<", "𝔘", "`", "\n", "a "]).map(lambda part: part * 1000),
    )
)
def test_any_text_is_shown_whole_within_slacks_limits(text: str) -> None:
    post = words.public_text(text)
    message_blocks(list(post.blocks))
    shown = "".join(block["text"]["text"] for block in post.blocks)
    assert "<!" not in shown and len(post.text) < 4000
    made = incident(hubs=("datahub",) * 3)
    copied = words.copied(made, STUDENTS, text, why="x", hubs=["h" * 75] * 9)
    message_blocks(list(copied.blocks))
    view_definition(words.form(made, [STUDENTS, FACULTY], STUDENTS, text))
