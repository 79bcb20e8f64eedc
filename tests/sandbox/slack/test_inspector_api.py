"""The endpoints of the page's panels: live traffic and fault buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from sandbox import fault_menu
from sandbox.fault_proxy import FaultProxy
from sandbox.own_words import System
from sandbox.slack import SlackSandbox
from tests.support.answering import Answering
from tests.support.waiting import wait_until


class Lab:
    """A client for the endpoints."""

    def __init__(self, slack: SlackSandbox) -> None:
        self._web = httpx.Client(base_url=f"{slack.url}_sandbox", timeout=20)

    def traffic(self, **sought: str) -> list[dict[str, Any]]:
        entries = self._web.get("/traffic").json()["entries"]
        return [e for e in entries if all(e[key] == value for key, value in sought.items())]

    def details(self, entry: dict[str, Any]) -> dict[str, Any]:
        return dict(self._web.get(f"/traffic/{entry['id']}").json())

    def active(self) -> list[dict[str, Any]]:
        return list(self._web.get("/faults").json()["active"])

    def offered(self) -> list[dict[str, Any]]:
        return list(self._web.get("/faults").json()["troubles"])

    def do(self, verb: str, **body: Any) -> dict[str, Any]:
        return dict(self._web.post(f"/faults/{verb}", json=body).json())

    def press(self, trouble: str, **params: str) -> str:
        answer = self.do("press", id=trouble, params=params)
        assert answer["ok"], answer
        return str(answer["said"])

    def close(self) -> None:
        self._web.close()


@pytest.fixture
def lab(slack: SlackSandbox) -> Iterator[Lab]:
    made = Lab(slack)
    yield made
    made.close()


def test_calls_and_deliveries_are_told(
    slack: SlackSandbox, client: WebClient, app: App, connect: Any, lab: Lab
) -> None:
    app.event("message")(lambda: None)
    handler = connect(app)
    before = handler.client.session_id()
    slack.person("ana").say("hub-ops", "students see 500s")
    slack.wait_for(lambda: len(slack.deliveries) == 1)
    with pytest.raises(SlackApiError):
        client.chat_postMessage(channel="nowhere", text="x")
    wait_until(lambda: lab.traffic(way="delivery", outcome="acked"), "the delivery")
    (told,) = lab.traffic(way="delivery", name="message")
    assert "students see 500s" in lab.details(told)["asked"]
    assert lab.traffic(way="socket", name="connect")
    (failed,) = lab.traffic(name="chat.postMessage")
    assert (failed["mood"], failed["outcome"]) == ("bad", "200 channel_not_found")
    assert "nowhere" in lab.details(failed)["asked"]
    assert "channel_not_found" in lab.details(failed)["answered"]
    opened = lab.details(lab.traffic(name="apps.connections.open")[0])
    assert "ticket=•••" in opened["answered"]
    slack.disconnect("warning")
    assert lab.traffic(way="socket", name="disconnect", outcome="warning")
    failed["id"] = 0
    assert lab.details(failed)["error"] == "This is forgotten by now."
    wait_until(lambda: handler.client.session_id() != before, "the connection to close at the end")


def test_redeliveries_say_so(slack: SlackSandbox, app: App, connect: Any, lab: Lab) -> None:
    app.event("message")(lambda: None)
    connect(app)
    slack.redeliver_after(0.0)
    lab.press("slack-unacknowledged")
    slack.person("ana").say("hub-ops", "x")
    wait_until(lambda: len(lab.traffic(name="message", outcome="ack lost")) == 2, "both attempts")
    first, again = lab.traffic(name="message")
    assert (first["about"], first["struck"]) == ("", True)
    assert again["about"] == "again, retry_attempt 0 (timeout)"


def test_another_systems_requests_are_told_and_broken(slack: SlackSandbox, lab: Lab) -> None:
    upstream = Answering()
    address = ("127.0.0.1", int(httpx.URL(upstream.url).port or 0))
    with FaultProxy(address, system=System.CLUSTER) as proxy:
        slack.register_faults(proxy, fault_menu.CLUSTER)
        assert {"slack", "cluster"} == {each["system"] for each in lab.offered()}
        bearer = {"Authorization": "Bearer s3cret"}
        assert httpx.get(f"{proxy.url}/api/v1/pods", headers=bearer).status_code == 200
        said = lab.press("cluster-refuses")
        assert (
            said
            == "The cluster, from now on: Every request is forbidden, as after the role was taken away."
        )
        refused = httpx.get(f"{proxy.url}/api/v1/pods")
        assert refused.json()["reason"] == "Forbidden"
        page = httpx.get(f"{proxy.url}/page", headers={"Accept": "text/html,*/*"})
        assert page.status_code == 200, "what a person looks at is not broken"
        wait_until(
            lambda: [e["outcome"] for e in lab.traffic(system="cluster")] == ["200", "403"],
            "the end of both",
        )
        fine, broken = lab.traffic(system="cluster")
        assert fine["name"] == "GET /api/v1/pods"
        assert broken["struck"]
        assert "practice/incidents" in lab.details(fine)["answered"]
        (active,) = lab.active()
        assert (active["seen"], active["struck"]) == (1, 1), "a person's page does not count"
        assert lab.do("take_away", id=active["id"])["said"] == "The fault is taken away."
        assert httpx.get(f"{proxy.url}/api/v1/pods").status_code == 200
    upstream.stop()


def test_every_button_can_be_pressed_and_healed(
    slack: SlackSandbox, client: WebClient, app: App, connect: Any, lab: Lab
) -> None:
    connect(app)
    for trouble in lab.offered():
        slack.wait_for(lambda: slack.bot_connected, what="the app's connection")
        if trouble["id"] in ("slack-silence", "slack-disconnect"):
            continue  # These end the connection and do not stay active.
        params = {param["name"]: param["choices"][-1] for param in trouble["params"]}
        said = lab.press(trouble["id"], **params)
        assert said.endswith(".")
        (active,) = lab.active()
        assert active["sentence"].removesuffix(".") in said
        assert lab.do("heal")["said"] == "Everything is healed: 1 fault is gone."
        assert lab.active() == []
    assert lab.do("heal")["said"] == "There was nothing to heal."
    assert client.auth_test()["ok"]


def test_sockets_are_ended_in_every_way(slack: SlackSandbox, lab: Lab) -> None:
    alone = lab.do("press", id="slack-silence", params={})
    assert alone["error"] == "No app is connected by a socket now."
    web = WebClient(base_url=slack.api_url)

    @contextmanager
    def socket() -> Iterator[ClientConnection]:
        url = web.apps_connections_open(app_token=slack.app_token)["url"]
        with open_socket(url, ping_interval=None, close_timeout=0.2) as opened:
            opened.recv(timeout=10)
            yield opened

    with socket() as first:
        said = lab.press("slack-disconnect", reason="link_disabled")
        assert said == "Slack sent link_disabled and closes the sockets."
        assert json.loads(first.recv(timeout=10))["reason"] == "link_disabled"
    slack.wait_for(lambda: slack.socket_count == 0)
    with socket():
        assert lab.press("slack-silence") == "The sockets are dead, and look open."
        assert slack.socket_count == 1


@pytest.mark.parametrize(
    ("verb", "body", "why"),
    [
        ("press", {"id": "nothing"}, "There is no such fault."),
        ("press", {"id": "slack-late", "params": {"by": "x"}}, "Choose one of the values for by."),
        ("take_away", {"id": "slack/99"}, "This fault is gone already."),
        ("take_away", {}, "This system is not there to be broken."),
        ("explode", {}, "There is nothing of the kind to do."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    lab: Lab, verb: str, body: dict[str, Any], why: str
) -> None:
    answer = lab.do(verb, **body)
    assert not answer["ok"]
    assert why in answer["error"]
    assert lab.active() == []
