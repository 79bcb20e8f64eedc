"""The page's endpoints: state, acts, live changes, files, and registered data."""

import base64
import json
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.sync.client import connect as open_socket

from sandbox.clock import SandboxClock
from sandbox.slack import Outage, Param, PersonError, SlackSandbox


class Page:
    """One person's page in a browser."""

    def __init__(self, slack: SlackSandbox, name: str) -> None:
        self.me = slack.person(name).id
        self.http = httpx.Client(base_url=slack.url)

    def state(self) -> Any:
        return self.http.get("/_sandbox/state", params={"as": self.me}).json()

    def act(self, verb: str, **body: Any) -> Any:
        return self.http.post("/_sandbox/act", json={"as": self.me, "verb": verb, **body}).json()


@pytest.fixture
def page(slack: SlackSandbox) -> Any:
    opened = Page(slack, "ana")
    yield opened
    opened.http.close()


def test_the_state_is_what_this_person_sees(slack: SlackSandbox, page: Page) -> None:
    secret = slack.person("ben").create_channel("secret", private=True)
    slack.person("ben").say("hub-ops", "hello")
    state = page.state()
    assert state["me"] == page.me
    assert {channel["name"] for channel in state["channels"]} == {
        "general",
        "hub-ops",
        "incidents",
    }
    assert secret not in state["messages"]
    hub_ops = next(c for c in state["channels"] if c["name"] == "hub-ops")
    assert (hub_ops["is_private"], hub_ops["is_member"]) == (False, True)
    assert "messages" not in hub_ops
    assert state["messages"][hub_ops["id"]][0]["text"] == "hello"
    assert state["commands"][0]["command"] == "/incident"
    assert [item["callback_id"] for item in state["global_shortcuts"]] == ["declare"]
    assert state["views"] == []
    assert state["bot_connected"] is False


def test_acts_are_the_verbs_of_a_person(slack: SlackSandbox, page: Page) -> None:
    channel = slack.channel("hub-ops").id
    said = page.act("say", channel=channel, text="one")
    assert said["ok"]
    page.act("react", channel=channel, ts=said["ts"], name="fire")
    page.act("edit", channel=channel, ts=said["ts"], text="two")
    page.act("say", channel=channel, text="reply", thread_ts=said["ts"])
    page.act("pin", channel=channel, ts=said["ts"])
    parent, reply = slack.messages("hub-ops")
    assert (parent["text"], parent["reactions"][0]["count"]) == ("two", 1)
    assert parent["pinned_to"] == [channel]
    assert reply["thread_ts"] == said["ts"]


def test_a_refusal_is_one_sentence(slack: SlackSandbox, page: Page) -> None:
    channel = slack.person("ben").create_channel("new-one")
    theirs = slack.person("ben").say(channel, "mine")
    refused = page.act("edit", channel=channel, ts=theirs, text="x")
    assert refused == {"ok": False, "error": "Join #new-one first."}
    assert page.act("join", channel=channel) == {"ok": True}
    assert page.act("shout")["error"] == "The sandbox knows no verb 'shout'."
    assert page.act("edit", channel=channel)["error"] == "The verb edit needs 'ts'."


def test_a_command_from_the_page_is_answered_in_the_state(slack: SlackSandbox, page: Page) -> None:
    channel = slack.channel("hub-ops").id
    answer = page.act("say", channel=channel, text="/incident list")
    assert answer["reply"]["text"] == "/incident failed because the app did not respond."
    [whisper] = page.state()["messages"][channel]
    assert whisper["ephemeral"] is True


def test_an_open_page_hears_of_every_change(slack: SlackSandbox) -> None:
    address = slack.url.replace("http", "ws", 1) + "_sandbox/live"
    with open_socket(address) as socket:
        first = json.loads(socket.recv(timeout=20))["version"]
        slack.person("ana").say("hub-ops", "x")
        assert json.loads(socket.recv(timeout=20))["version"] > first


def test_a_file_can_be_read_back(slack: SlackSandbox, page: Page) -> None:
    upload = {
        "name": "log.txt",
        "content_b64": base64.b64encode(b"write EPIPE").decode(),
        "mimetype": "text/plain",
    }
    page.act("say", channel=slack.channel("hub-ops").id, text="the log", files=[upload])
    [file] = slack.messages("hub-ops")[0]["files"]
    assert page.http.get(file["url_private"]).content == b"write EPIPE"


def test_what_others_attach(slack: SlackSandbox, page: Page) -> None:
    assert page.http.get("/_sandbox/hubs").status_code == 404
    assert page.http.get("/_sandbox/reports").json() == {"reports": []}
    slack.register_hubs(lambda: [{"name": "datahub", "rows": []}])
    slack.register_reports(lambda: [{"title": "A report", "url": "file:///report.md"}])
    slack.register_outages(
        [
            Outage(
                id="stick",
                label="Leave a server stuck",
                params=[Param(name="user", label="User", choices=["ana"])],
                run=lambda params: f"The server of {params['user']} is stuck.",
            )
        ]
    )
    assert page.http.get("/_sandbox/hubs").json()["hubs"][0]["name"] == "datahub"
    assert page.http.get("/_sandbox/reports").json()["reports"][0]["title"] == "A report"
    [offered] = page.http.get("/_sandbox/outages").json()["outages"]
    assert offered["params"][0]["choices"] == ["ana"]
    done = page.http.post("/_sandbox/outages/stick", json={"user": "ana"}).json()
    assert done == {"ok": True, "said": "The server of ana is stuck."}


def test_the_page_itself_is_served_and_nothing_beside_it(page: Page) -> None:
    assert "<title>" in page.http.get("/").text
    assert page.http.get("/page/app.js").headers["content-type"].startswith("text/javascript")
    assert page.http.get("/page/%2e%2e/slack/server.py").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "practice.example.org"}, id="another name"),
        pytest.param({"origin": "https://example.org"}, id="another page"),
    ],
)
def test_pages_of_others_are_kept_out(page: Page, headers: dict[str, str]) -> None:
    answer = page.http.get("/_sandbox/state", headers=headers)
    assert answer.status_code == 403


def test_the_page_of_the_sandbox_itself_is_let_in(slack: SlackSandbox, page: Page) -> None:
    origin = slack.url.rstrip("/")
    assert page.http.get("/_sandbox/state", headers={"origin": origin}).status_code == 200


def test_a_direct_message_says_with_whom(slack: SlackSandbox, page: Page) -> None:
    page.act("open_home")
    [direct] = [channel for channel in page.state()["channels"] if channel.get("is_im")]
    assert (direct["user"], direct["name"]) == (slack.bot_user_id, "mayday")


def test_the_app_is_opened_at_a_tab(slack: SlackSandbox, page: Page) -> None:
    opened = page.act("open_home", tab="messages")
    assert opened["ok"]
    assert opened["channel"] == page.act("open_home")["channel"]
    assert page.act("open_home", tab="about")["error"] == "An app has no tab called about."
    assert page.state()["app"] == {"user": slack.bot_user_id, "home": True, "read_only": False}


def test_an_app_without_a_home_publishes_none_and_may_be_deaf() -> None:
    tabs = {"home_tab_enabled": False, "messages_tab_read_only_enabled": True}
    manifest = {
        "display_information": {"name": "mayday"},
        "features": {"app_home": tabs},
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
    }
    with SlackSandbox(manifest=manifest) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        ana = slack.person("ana")
        direct = ana.open_home("messages")
        with pytest.raises(PersonError, match="turned off"):
            ana.say(direct, "hello?")
        with pytest.raises(SlackApiError, match="not_enabled"):
            client.views_publish(user_id=ana.id, view={"type": "home", "blocks": []})


def test_the_clock_moves_on_for_all_and_never_back(
    slack: SlackSandbox, moved: SandboxClock, page: Page
) -> None:
    def move(seconds: object) -> Any:
        return page.http.post("/_sandbox/clock", json={"seconds": seconds}).json()

    assert page.state()["clock_ahead"] is None
    assert move(60)["error"] == "This sandbox has no clock to move."
    slack.register_clock(moved)
    version = page.state()["version"]
    assert move(3600) == {"ok": True}
    assert move(1800) == {"ok": True}
    assert page.state()["clock_ahead"] == 5400
    assert page.state()["version"] == version + 2
    assert SandboxClock(moved.file).ahead.total_seconds() == 5400
    for refused in (0, -60, 40 * 24 * 3600):
        assert move(refused)["error"] == "The clock goes forward, and at most 31 days at once."
    for no_number in ("soon", None, "nan", 1e300):
        assert move(no_number)["error"] == "Say by how many seconds."
    assert page.state()["clock_ahead"] == 5400
