"""The card and the announcement: next steps, and escaping of typed text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain.incident import Incident
from bot.domain.milestones import Milestone
from bot.domain.mrkdwn import escape
from bot.domain.timeline import Heading
from bot.domain.typed_time import TypedTime
from bot.ports import Post
from bot.render.card import (
    ACTION_COMMAND,
    announcement,
    announcement_spec,
    card,
    card_spec,
    legend,
)
from bot.render.topic import TOPIC_LIMIT, topic, topic_spec
from tests.support.evening import INCIDENT, PACIFIC, at
from tests.support.rows import POLICY

ROLES = ("commander", "communications", "scribe")
OPEN = replace(INCIDENT, status="investigating")


def shown(incident: Incident, *roles: str) -> Post:
    reactions = {"pushpin": Heading.TIMELINE}
    policy = replace(POLICY, roles=roles or ROLES)
    return card(card_spec(incident, policy=policy, hubs={}, reactions=reactions, zone=PACIFIC))


@pytest.mark.parametrize(
    ("incident", "roles", "offered"),
    [
        pytest.param(OPEN, ROLES, True, id="nobody leads"),
        pytest.param(replace(OPEN, roles={"commander": "UADA"}), ROLES, False, id="somebody leads"),
        pytest.param(OPEN, ("driver",), True, id="whatever the role is called"),
        pytest.param(INCIDENT, ROLES, False, id="it is over"),
    ],
)
def test_command_can_be_taken_from_the_card_while_nobody_has_it(
    incident: Incident, roles: tuple[str, ...], offered: bool
) -> None:
    assert (ACTION_COMMAND in json.dumps(shown(incident, *roles).blocks)) is offered


def test_the_legend_speaks_the_words_of_the_report() -> None:
    reactions = {"fire": Heading.WRONG, "four_leaf_clover": Heading.LUCKY}
    assert legend(reactions) == (
        "React to a message to file it: :fire: what went wrong · "
        ":four_leaf_clover: where we got lucky"
    )


def test_what_was_typed_calls_nobody() -> None:
    typed = replace(OPEN, title="<!channel> " + "x" * 139, summary="<!here>")
    post = announcement(announcement_spec(typed))
    assert "<!channel>" not in json.dumps(post.blocks)
    assert "<!here>" not in json.dumps(post.blocks)
    assert "<!channel>" not in topic(topic_spec(typed))
    assert len(topic(topic_spec(typed))) <= 250


def test_a_topic_fits_whatever_the_title() -> None:
    """Slack rejects longer topics and counts escaped characters."""
    for title in ("&<" * 75, "x" * 150, "ü" * 150, "short"):
        said = topic(topic_spec(replace(INCIDENT, title=title)))
        assert len(said) <= TOPIC_LIMIT
        assert said.startswith(escape(title)[:200])
        assert said.count("&") == said.count(";")
    assert said == "short · datahub"


def test_the_times_that_are_set_are_shown_with_durations() -> None:
    began, ended = (
        TypedTime(at=at("21:10"), is_about=True),
        TypedTime(at=at("22:03")),
    )
    times = {Milestone.IMPACT: began, Milestone.MITIGATED: ended}
    told = json.dumps(shown(replace(OPEN, milestones=times)).blocks, ensure_ascii=False)
    assert "start of impact about <!date^" in told
    assert "by <@UADA> (after about 6m)" in told
    assert "(after about 53m)" in told
    assert "start of impact" not in json.dumps(shown(OPEN).blocks)
    wrong = replace(OPEN, milestones={**times, Milestone.DETECTED: TypedTime(at=at("20:00"))})
    assert "“Detected” is before “Start of impact”" in json.dumps(
        shown(wrong).blocks, ensure_ascii=False
    )
