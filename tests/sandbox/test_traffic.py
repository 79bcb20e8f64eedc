"""The stored traffic: latest entries, in pieces, without secrets."""

from __future__ import annotations

import json

import pytest

from sandbox.traffic import Mood, Traffic, Way, legible, mask


def test_what_is_new_or_changed_comes_once() -> None:
    traffic = Traffic()
    first = traffic.begin("slack", Way.CALL, "auth.test")
    begun = traffic.since(0)
    assert [(e["name"], e["mood"], e["seconds"]) for e in begun["entries"]] == [
        ("auth.test", "open", None)
    ]
    assert traffic.since(begun["version"])["entries"] == []
    second = traffic.begin("slack", Way.DELIVERY, "message")
    traffic.say(first, "ok", Mood.GOOD, answered={"ok": True})
    news = traffic.since(begun["version"])
    assert [(e["id"], e["outcome"]) for e in news["entries"]] == [
        (first.id, "ok"),
        (second.id, "…"),
    ]
    assert news["entries"][0]["seconds"] >= 0


def test_only_the_latest_are_remembered() -> None:
    traffic = Traffic(kept=3)
    entries = [traffic.begin("hub", Way.CALL, f"GET /{n}") for n in range(5)]
    news = traffic.since(0)
    assert [entry["name"] for entry in news["entries"]] == ["GET /2", "GET /3", "GET /4"]
    assert news["first"] == entries[2].id
    assert traffic.details(entries[0].id) is None


def test_a_reader_of_an_earlier_sandbox_gets_everything() -> None:
    traffic = Traffic()
    traffic.begin("hub", Way.CALL, "GET /")
    assert len(traffic.since(99)["entries"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"token": "s3cret", "text": "x"},
        {"deep": [{"client_secret": "s3cret"}]},
        {"text": "it is xoxb-s3cret-1 here"},
        {"url": "ws://x/socket?ticket=s3cret&a=b"},
        {"metadata": json.dumps({"app_token": "s3cret"})},
        b'{"Authorization": "s3cret"}',
        "Bearer s3cret and token s3cret",
    ],
)
def test_secrets_are_masked(body: object) -> None:
    text = legible(body)
    assert "s3cret" not in text
    assert "•••" in text


def test_what_is_no_secret_is_shown() -> None:
    assert mask("the token is wrong") == "the token is wrong"
    assert json.loads(legible({"text": "a", "n": [1, None]})) == {"text": "a", "n": [1, None]}
    assert legible(b"<h1>no</h1>") == "<h1>no</h1>"
    assert legible(None) == legible(b"") == ""


def test_long_bodies_are_cut() -> None:
    assert len(legible("x" * 1_000_000)) < 13_000
    assert len(legible({"a": ["y" * 5_000] * 100})) < 13_000
    assert "more)" in legible({"a": "y" * 5_000})
