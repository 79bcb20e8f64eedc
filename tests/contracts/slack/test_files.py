"""File uploads to a channel in the client's three steps."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.ports import Channel
from tests.contracts.slack.refusals import refused
from tests.contracts.slack.systems import EVERY, WEB_API

pytestmark = pytest.mark.xdist_group("contracts of slack")


@pytest.mark.parametrize("system", EVERY)
@pytest.mark.contract("Slack", "a file is uploaded and shown in the channel, with its comment")
def test_upload(client: WebClient, channel: Channel) -> None:
    done = client.files_upload_v2(
        channel=channel.id,
        filename="report.md",
        title="The report",
        content="# Report",
        initial_comment="Here it is",
    )
    listed = client.conversations_history(channel=channel.id)["messages"]
    [message] = [raw for raw in listed if raw.get("files")]
    [file] = message["files"]
    assert (file["id"], file["name"], file["title"]) == (
        done["file"]["id"],
        "report.md",
        "The report",
    )
    assert message["text"] == "Here it is"


@pytest.mark.parametrize("system", EVERY)
@pytest.mark.contract("Slack", "a text file of mayday's is shared and found again by its name")
def test_share(chat: SlackChat, channel: Channel) -> None:
    chat.upload(channel.id, name="evidence.txt", text="Nöthing\n", comment="Here it is")
    shown = [seen for page in chat.history(channel.id, oldest="0") for seen in page]
    assert [file.name for seen in shown for file in seen.message.files] == ["evidence.txt"]


@pytest.mark.parametrize("system", WEB_API)
@pytest.mark.contract("Slack", "a file that was never uploaded is file_not_found")
def test_no_file(client: WebClient, channel: Channel) -> None:
    missing = refused(
        lambda: client.files_completeUploadExternal(
            files=[{"id": "F0NOTHERE00", "title": "x"}], channel_id=channel.id
        )
    )
    assert missing == "file_not_found"
