"""Light and dark themes follow the system; text is readable in both."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from slack_bolt import Ack, App
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox
from tests.sandbox.page.all_inputs import every_input

OpenPage = Callable[..., Page]
Json = dict[str, Any]

# Finds visible text whose WCAG 2 contrast with its background is below 4.5 to 1.
_TOO_FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3]));
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => {
      const value = part / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3]) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255]);
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    const shown = node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!walk.currentNode.data.trim() || !shown || node.closest(":disabled, .emoji, .unseen")) continue;
    if (getComputedStyle(node).backgroundImage !== "none") continue;
    seen += 1;
    const below = ground(node);
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    const colour = rgba(getComputedStyle(node).color);
    const ink = over([...colour.slice(0, 3), colour[3] * opacity], below);
    const [high, low] = [light(ink), light(below)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5)
      found.push(`${ratio.toFixed(2)} ${node.className || node.tagName} ${walk.currentNode.data.trim()}`);
  }
  return { seen, found: [...new Set(found)] };
}"""

# The text and background colour pairs of the page, including hover and selection.
_PAIRS = [
    *((ink, paper) for ink in ("ink", "soft") for paper in ("paper", "ground", "hover", "mark")),
    *(("link", paper) for paper in ("paper", "ground", "hover", "mark")),
    ("ink", "mark"),
    ("go-ink", "go"),
    ("danger-ink", "danger"),
    ("danger", "paper"),
    ("good", "good-ground"),
    ("poor", "poor-ground"),
    ("bad", "bad-ground"),
    ("mark-me-ink", "mark-me"),
    ("code", "code-ground"),
    ("ink", "code-ground"),
    ("rail-ink", "rail"),
    ("rail-ink", "rail-2"),
    ("rail-soft", "rail"),
    ("rail-soft", "rail-2"),
    ("rail-strong", "rail"),
]


def _light(colour: list[int]) -> float:
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _ratio(one: list[int], other: list[int]) -> float:
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _choose(page: Page, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_read_well_on_one_another(
    open_page: OpenPage, theme: Literal["light", "dark"]
) -> None:
    page = open_page("ana")
    _choose(page, theme)
    faint = []
    for ink, paper in _PAIRS:
        colours = page.evaluate(
            """names => names.map((name) => {
              const probe = document.createElement("i");
              probe.style.setProperty("color", `var(--${name})`);
              document.body.append(probe);
              const { color } = getComputedStyle(probe);
              probe.remove();
              return color.match(/\\d+/g).slice(0, 3).map(Number);
            })""",
            [ink, paper],
        )
        ratio = _ratio(*colours)
        if ratio < 4.5:
            faint.append(f"{ink} on {paper}: {ratio:.2f}")
    assert faint == []


@pytest.fixture(scope="module")
def busy(app: App, sandbox: SlackSandbox, client: WebClient) -> None:
    """A channel with every coloured element, and a form with every input."""
    ana, ben = sandbox.person("ana"), sandbox.person("ben")
    ts = ben.say("hub-ops", "@ana and @here: `code`, ~old~ <https://example.org>, #general :fire:")
    ben.say("hub-ops", "```\na block\n```\n> quoted")
    ana.react("hub-ops", ts, "fire")
    ben.react("hub-ops", ts, "memo")
    ben.say("hub-ops", "in a thread", thread_ts=ts)
    ana.pin("hub-ops", ts)
    ben.say("incidents", "@ana look")
    for text in ("one", "two"):
        ben.say("general", text)
    client.chat_postEphemeral(
        channel=sandbox.channel("hub-ops").id, user=ana.id, text="only for Ana"
    )
    buttons = [
        {"type": "button", "action_id": name, "text": {"type": "plain_text", "text": name}, **rest}
        for name, rest in (
            ("plain", {}),
            ("go", {"style": "primary"}),
            ("no", {"style": "danger"}),
        )
    ]
    client.chat_postMessage(
        channel="#hub-ops",
        text="card",
        blocks=[
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "_by_ `mayday`"}]},
            {"type": "actions", "elements": buttons},
        ],
    )
    rows = [
        {"user": "ana", "server": "", "hub": "ready", "pod": "Running", "route": True},
        {"user": "ben", "server": "", "hub": "ready", "pod": "Running", "route": False},
        {"user": "chen", "server": "", "hub": "pending stop", "pod": "none", "route": False},
    ]
    hub = {
        "name": "datahub",
        "cluster": "practice",
        "namespace": "datahub-prod",
        "url": "http://127.0.0.1/",
        "hub_ok": True,
        "proxy_ok": True,
        "note": "a note",
        "rows": rows,
    }
    sandbox.register_hubs(lambda: [hub])
    form = every_input(person=ana.id)

    @app.shortcut("declare")
    def opened(ack: Ack, body: Json) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=form)


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_in_sight_reads_well(
    sandbox: SlackSandbox, open_page: OpenPage, theme: Literal["light", "dark"]
) -> None:
    ana = sandbox.person("ana")
    page = open_page("ana", "hub-ops", welcome=True)
    _choose(page, theme)
    faint: dict[str, list[str]] = {}

    def look(what: str) -> None:
        # Wait until colour transitions finish or are cancelled.
        page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
        seen = page.evaluate(_TOO_FAINT)
        assert seen["seen"] > 10
        if seen["found"]:
            faint[what] = seen["found"]

    look("talk")
    page.get_by_test_id("channel-link").filter(has_text="general").click()
    expect(page.get_by_test_id("welcome")).to_be_visible()
    look("welcome")
    page.go_back()
    page.get_by_test_id("thread-line").click()
    expect(page.get_by_test_id("thread-log")).to_contain_text("in a thread")
    look("thread")
    page.get_by_test_id("hub-toggle").click()
    expect(page.get_by_test_id("hub-panel")).to_contain_text("chen")
    look("hub panel")
    page.get_by_test_id("person-switch").click()
    look("people")
    page.keyboard.press("Escape")
    ana.shortcut("declare")
    expect(page.get_by_test_id("modal")).to_be_visible()
    page.get_by_test_id("modal-submit").click()
    expect(page.locator("[data-error-for=runbook]")).not_to_be_empty()
    look("form")
    ana.close_view(ana.views()[0]["id"])
    assert faint == {}


def test_the_system_decides(sandbox: SlackSandbox, browser: Browser) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{sandbox.url}?as={sandbox.person('ana').id}")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(23, 28, 36)"
    page.emulate_media(color_scheme="light")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    context.close()
