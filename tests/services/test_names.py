"""Names of people, user groups and channels: asked once, kept, and never those of private channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.item_words import title_of
from bot.domain.mrkdwn import Mentions, Named, mentions, plain, typed
from bot.errors import MaydayError, RetryLater, UserError
from bot.ports import Channel
from bot.render.markdown import Names, bare, neutral
from bot.services.people import FRESH, People
from bot.store import people as rows
from bot.store.engine import Store
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene
from tests.support.rows import NOW, TEAM, Hands
from tests.support.slack_answers import SlackAnswers
from tests.support.waiting import wait_until

FOUND = Mentions(channels=frozenset({"C1", "C2", "C3"}), groups=frozenset({"S1", "S9"}))


@dataclass(kw_only=True)
class Slack(SlackAnswers):
    """Slack's answers about channels, and how often they were asked for. C2 is private, C3 is not there."""

    asked: list[str] = field(default_factory=list)

    def channel(self, channel_id: str) -> Channel:
        self.asked.append(channel_id)
        if channel_id == "C3":
            raise UserError("No such channel.", code="channel_not_found")
        found = super().channel(channel_id)
        values: dict[str, Any] = {**vars(found), "is_private": channel_id == "C2"}
        return Channel(**{**values, "name": "secret" if channel_id == "C2" else "general"})

    def group_names(self) -> dict[str, str]:
        self.asked.append("groups")
        return super().group_names()


@pytest.fixture
def slack_answers() -> Slack:
    return Slack(groups={"S1": frozenset()})


@pytest.fixture
def store(sqlite_url: str) -> Any:
    made = Store(sqlite_url)
    made.migrate()
    yield made
    made.close()


def test_names_are_asked_once_while_they_are_fresh(store: Store, slack_answers: Slack) -> None:
    clock = Hands(NOW)
    chat: Any = slack_answers
    people = People(store, chat, clock)
    expected = Named(
        groups={"S1": "s1"},
        channels={"C1": "#general", "C2": "a private channel", "C3": "a private channel"},
    )
    assert people.named(TEAM, FOUND) == expected
    assert people.named(TEAM, FOUND) == expected
    assert slack_answers.asked == ["groups", "C1", "C2", "C3"]
    clock.at += FRESH + timedelta(seconds=1)
    people.named(TEAM, FOUND)
    assert len(slack_answers.asked) == 8
    with store.read() as tx:
        assert people.stored(tx, TEAM, FOUND) == expected
        assert "secret" not in str(rows.labels(tx, TEAM, rows.CHANNEL))


@pytest.mark.parametrize("error", [RetryLater("away"), UserError("no", code="missing_scope")])
def test_a_slack_that_does_not_answer_leaves_what_is_known(
    store: Store, slack_answers: Slack, error: MaydayError
) -> None:
    clock = Hands(NOW)
    chat: Any = slack_answers
    people = People(store, chat, clock)
    slack_answers.failing = {"channel": error, "group_names": error}
    unknown = people.named(TEAM, FOUND)
    assert (unknown.groups, unknown.channels["C1"]) == ({}, "a channel")
    slack_answers.failing = {}
    known = people.named(TEAM, FOUND)
    slack_answers.failing = {"channel": error, "group_names": error}
    clock.at += FRESH * 2
    assert people.named(TEAM, FOUND) == known


CODES = (
    "<@U1> <@U2|ben> <@U9> <!subteam^S1> <!subteam^S2|@ops> <!subteam^S9> "
    "<#C1|> <#C2|secret> <#C9|> <#C8|old> <!here>"
)
NAMED = Named(
    people={"U1": "Ana"},
    groups={"S1": "hub-team"},
    channels={"C1": "#general", "C2": "a private channel"},
)
SHOWN = "Ana ben someone hub-team ops a group #general a private channel a channel #old here"


def test_every_code_has_a_name_or_readable_words() -> None:
    names = Names(people=NAMED.people, groups=NAMED.groups, channels=NAMED.channels)
    assert neutral(CODES, names) == SHOWN
    assert bare(CODES, names) == SHOWN
    assert plain(CODES, NAMED).replace("@", "") == SHOWN
    assert "secret" not in neutral(CODES, names)
    assert bare("<!date^1487895900^{date} {time}|then> <!date^1^{time}>") == (
        "2017-02-24 00:25 1970-01-01 00:00"
    )


def test_mentions_are_found_whether_or_not_they_have_labels() -> None:
    found = mentions([CODES, "<@U3> &lt;@U4&gt; <!channel>"])
    assert found.users == {"U1", "U2", "U9", "U3"}
    assert found.groups == {"S1", "S2", "S9"}
    assert found.channels == {"C1", "C2", "C8", "C9"}


def test_a_title_keeps_its_mentions_on_one_line() -> None:
    text = "From <@U1>:\n> ask <!subteam^S1> &amp; <https://x.y|them>\n&gt; now"
    assert title_of(text) == "From <@U1>: ask <!subteam^S1> & [them](https://x.y) now"
    assert typed("ping <!subteam^S1> <!subteam^S2|@ops> <@U1>") == "ping @a group @ops <@U1>"


def test_preview_and_issue_show_names(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()
    scene.ana.create_channel("sealed", private=True)
    sealed, general = slack.channel("sealed").id, slack.channel("general").id
    [group] = slack.usergroups()
    said = f"<@{scene.ben.id}> <!subteam^{group.id}> <#{general}|> <#{sealed}|> please look"
    ts = slack.alert(channel.id, text=said)
    for number, emoji in enumerate(("pushpin", "wrench"), start=1):
        scene.ana.react(channel.id, ts, emoji)
        wait_until(
            lambda n=number: sum(len(line.headings) for line in lines(bot, scene, channel.id)) > n,
            "the tag",
        )
    reports = bot.services.reports
    incident = scene.incident(channel.id).id
    draft = reports.draft(incident)
    shown = f"ben {group.handle} #general a private channel please look"
    assert draft.count(shown) == 2, draft
    assert "sealed" not in draft and group.id not in draft
    asked = len([call for call in slack.calls if call.method == "conversations.info"])
    reports.draft(incident)
    assert len([call for call in slack.calls if call.method == "conversations.info"]) == asked


def lines(bot: Bot, scene: Scene, channel: str) -> Any:
    return bot.services.record.lines(scene.incident(channel).id)
