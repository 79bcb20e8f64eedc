"""Fixtures: each Slack, started once, mayday's adapter, the client and new channels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.ports import Channel
from sandbox.emulate import EmulateError
from sandbox.nodejs import NodeMissingError
from tests.contracts.slack import systems
from tests.contracts.slack.double import Double
from tests.contracts.slack.emulate import EmulateSlack
from tests.contracts.slack.local_slack import LocalSlack, OutOfReachError
from tests.contracts.slack.systems import Slack
from tests.support.netns import NoNamespaceError

Names = Callable[[], str]


@pytest.fixture(scope="session")
def slacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Slack]]:
    """Start a system on first use; skip with the reason if it is unavailable."""
    running: dict[str, Slack | str] = {}

    def start(name: str) -> Slack:
        try:
            match name:
                case systems.DOUBLE:
                    return Double()
                case systems.EMULATE:
                    return EmulateSlack(tmp_path_factory.mktemp("emulate"))
                case _:
                    return LocalSlack(tmp_path_factory.mktemp("local-slack"))
        except (EmulateError, NodeMissingError, NoNamespaceError, OutOfReachError) as exc:
            running[name] = str(exc)
            pytest.skip(str(exc))

    with ExitStack() as stack:

        def get(name: str) -> Slack:
            if name not in running:
                running[name] = made = start(name)
                stack.callback(made.stop)
            found = running[name]
            if isinstance(found, str):
                pytest.skip(found)
            return found

        yield get


@pytest.fixture
def slack(
    slacks: Callable[[str], Slack], system: str, record_property: Callable[[str, object], None]
) -> Iterator[Slack]:
    """The system of this case."""
    found = slacks(system)
    record_property("against", found.against)
    yield found
    if isinstance(found, Double):
        found.healed()


@pytest.fixture
def client(slack: Slack) -> WebClient:
    """The official client, without retries."""
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def chat(slack: Slack) -> SlackChat:
    """mayday's Slack adapter."""
    return SlackChat(WebClient(slack.bot_token, base_url=slack.api_url))


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def new_name(_numbers: Iterator[int]) -> Names:
    """Unused channel names."""
    return lambda: f"inc-{next(_numbers)}"


@pytest.fixture
def channel(chat: SlackChat, new_name: Names) -> Channel:
    """A new public channel with only the bot."""
    return chat.open_channel(new_name(), private=False)


@pytest.fixture
def shared(slack: Slack, chat: SlackChat, channel: Channel) -> Channel:
    """A new public channel with Ana; systems without invitations admit all users."""
    if slack.name != systems.LOCAL_SLACK:
        chat.invite(channel.id, slack.ana)
    return channel
