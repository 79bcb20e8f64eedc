"""A newcomer's whole incident in a real browser on the sandbox's page, with a real back end.

Declare, talk and react, evict the proxy, resync its routes, resolve, close, and open the report.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.bootstrap import Bot
from bot.cli import manifest
from bot.config import load
from sandbox.world import World
from tests.support.browser import chromium
from tests.support.waiting import UNHURRIED

USERS = ("ana", "ben", "chidi")
PATIENCE_MS = 30_000
"""The timeout of each action, for a machine that is busy with other tests."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="KubeSpawner runs on Linux only")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The practice systems, and a mayday that uses them."""
    world = World(tmp_path / "world", manifest=manifest(), users=USERS)
    world.start_slack()
    world.slack.ack_seconds = world.slack.trigger_seconds = UNHURRIED
    try:
        world.start_rest()
        settings = world.settings() | {
            "database": {"url": f"sqlite:///{tmp_path / 'mayday.db'}"},
            "report": {"directory": str(tmp_path / "reports")},
            "http": {"port": 0},
        }
        bot = Bot(load(overrides=settings))
        bot.start()
        try:
            yield world
        finally:
            bot.stop()
    finally:
        world.stop()


@pytest.fixture
def page(world: World) -> Iterator[Page]:
    """The page as Ana sees it; an error in it fails the test."""
    problems: list[str] = []
    expect.set_options(timeout=PATIENCE_MS)
    # Start mayday first: DBOS cannot start in a browser's thread.
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.add_init_script("localStorage.setItem('mayday-sandbox-welcome-seen', 'yes')")
        page.goto(f"{world.slack.url}?as={world.slack.person('ana').id}")
        page.wait_for_selector("body.ready")
        yield page
    assert problems == []


def _type(page: Page, line: str) -> None:
    composer = page.get_by_test_id("composer").first
    composer.fill(line)
    composer.press("Enter")


def _enter(page: Page, channel: str) -> None:
    page.get_by_test_id("channel-link").filter(has_text=channel).click()
    expect(page.get_by_test_id("channel-name")).to_contain_text(channel)


def _react(page: Page, text: str, emoji: str) -> None:
    message = _message(page, text)
    # Do not hover: new messages move this one away from the mouse.
    message.focus()
    message.get_by_label(f"React with {emoji}", exact=True).click()
    expect(message.get_by_test_id("reactions")).to_contain_text("1")


def _message(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text).last


def _submit(page: Page, **filled: str) -> None:
    modal = page.get_by_test_id("modal")
    for block, value in filled.items():
        field = modal.locator(f"[data-block-id={block}]")
        chooser = field.locator("select")
        if chooser.count():
            chooser.select_option(value)
        else:
            field.locator("input, textarea").fill(value)
    page.get_by_test_id("modal-submit").click()
    expect(modal).to_be_hidden()


def _routes(world: World) -> list[bool]:
    return [row.route for row in world.hub.rows()]


def test_from_the_first_alarm_to_the_report(world: World, page: Page) -> None:
    """Takes about fifteen seconds: a whole incident on a real hub, in a browser."""
    _type(page, "/incident declare Users see errors")
    expect(page.get_by_test_id("modal")).to_be_visible()
    _submit(page, severity="sev1", summary="Nobody reaches their server.")
    _enter(page, "users-see-errors")
    card = _message(page, "Nobody reaches their server.")
    expect(card).to_contain_text("until somebody takes over")
    card.get_by_role("button", name="Become commander").click()
    expect(card).to_contain_text("commander: @ana")
    expect(page.get_by_test_id("topic")).to_have_text("Users see errors · datahub")

    _type(page, "The proxy's pod was evicted")
    _react(page, "The proxy's pod was evicted", "pushpin")
    _type(page, "Give the proxy a priority class")
    _react(page, "Give the proxy a priority class", "wrench")

    page.get_by_test_id("hub-toggle").click()
    page.locator("[data-outage=evict-proxy]").click()
    expect(page.get_by_test_id("outage-said")).to_contain_text("3 routes are gone")
    expect(page.get_by_test_id("hub-verdict")).to_contain_text("users see errors")
    assert _routes(world) == [False, False, False]
    page.get_by_label("Close the hub panel").click()

    _type(page, "/incident run")
    expect(page.get_by_test_id("modal")).to_be_visible()
    _submit(page, runbook="resync-routes")
    plan = _message(page, "Resync routes")
    expect(plan).to_contain_text("Nobody loses anything.")
    plan.get_by_role("button", name="Run it").click()
    page.get_by_test_id("confirm").click()
    expect(_message(page, "Done and verified.")).to_contain_text("user routes 0 → 3")
    assert _routes(world) == [True, True, True]

    _type(page, "/incident resolve Everybody is back")
    expect(_message(page, "Resolved by")).to_be_visible()
    _type(page, "/incident close")
    expect(page.get_by_test_id("modal")).to_be_visible()
    _submit(page, impact="Nobody could work for some minutes.")
    asked = _message(page, "The report is ready for review")
    expect(asked).to_contain_text("Nothing of it is on GitHub")
    asked.get_by_role("button", name="Review and publish").click()
    expect(page.get_by_test_id("modal")).to_contain_text("Nobody could work for some minutes.")
    _submit(page)
    told = _message(page, "The report is published")
    address = told.get_by_role("link").first.get_attribute("href")
    assert address is not None
    told_of = {entry["system"] for entry in world.slack.traffic.since(0)["entries"]}
    assert told_of == {"slack", "github", "hub", "proxy", "cluster"}

    page.goto(address)
    expect(page.get_by_role("heading", name="Users see errors")).to_be_visible()
    body = page.locator("body")
    expect(body).to_contain_text("The proxy's pod was evicted")
    expect(body).to_contain_text("user routes 0 → 3")
    expect(body).to_contain_text("Nobody could work for some minutes.")
    item = page.get_by_role("listitem").filter(has_text="Give the proxy a priority class")
    item.get_by_role("link").click()
    expect(body).to_contain_text("An action item of Users see errors")


def test_mayday_meets_what_is_broken_on_the_page(world: World, page: Page) -> None:
    page.get_by_test_id("faults-toggle").click()
    page.locator("[data-trouble=hub-refuses]").click()
    page.locator("[data-trouble=cluster-refuses]").click()
    standing = page.locator(".fault")
    expect(standing).to_have_count(2)

    _type(page, "/incident declare Users see errors")
    expect(page.get_by_test_id("modal")).to_be_visible()
    _submit(page, severity="sev1", summary="Nobody reaches their server.")
    _enter(page, "users-see-errors")
    expect(_message(page, "Nobody reaches their server.")).to_be_visible()
    _type(page, "/incident run resync-routes")
    expect(_message(page, "does not accept the token")).to_be_visible()
    expect(standing.first).to_contain_text("Struck")

    page.get_by_test_id("fault-heal").click()
    expect(standing).to_have_count(0)
    _type(page, "/incident run resync-routes")
    expect(_message(page, "Every ready server has its route (3 of 3)")).to_be_visible()


def test_a_reminder_comes_due_when_the_clock_is_moved_on_the_page(world: World, page: Page) -> None:
    before = world.clock()
    _type(page, "/incident declare Users see errors")
    expect(page.get_by_test_id("modal")).to_be_visible()
    _submit(page, severity="sev2")
    _enter(page, "users-see-errors")
    expect(page.get_by_test_id("topic")).to_have_text("Users see errors · datahub")
    clock = page.get_by_test_id("clock")
    clock.click()
    page.get_by_role("menuitem", name="30 minutes later").click()
    expect(clock).to_have_accessible_name("Move the clock, 30 min ahead")
    reminder = page.get_by_test_id("message").filter(has_text="Time for a status update.")
    expect(reminder).to_have_count(1)
    assert world.clock() - before >= timedelta(minutes=30)
    _type(page, "And time goes on from there")
    said = _message(page, "And time goes on from there").locator("time").first
    shown = said.get_attribute("datetime")
    assert shown is not None
    assert datetime.fromisoformat(shown) - before >= timedelta(minutes=30)
