"""Narrow windows: a side panel covers the channel completely or not at all."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]


def _box(node: Locator) -> tuple[float, float]:
    box = node.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


@pytest.mark.parametrize("panel", ["thread", "traffic", "faults"])
def test_what_is_open_beside_the_channel_hides_no_half_of_it(
    sandbox: SlackSandbox, open_page: OpenPage, panel: str
) -> None:
    root = sandbox.person("ben").say("hub-ops", "the proxy is gone")
    sandbox.person("ben").say("hub-ops", "in its thread", thread_ts=root)
    page = open_page("ana", "hub-ops")
    page.set_viewport_size({"width": 1024, "height": 800})
    if panel == "thread":
        page.get_by_test_id("thread-line").last.click()
    else:
        page.get_by_test_id(f"{panel}-toggle").click()
    side, channel = page.locator("#side"), page.locator("#channel")
    expect(side).to_be_visible()
    assert _box(channel)[1] <= _box(side)[0]
    expect(page.get_by_test_id("composer").first).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 820, "height": 800})
    assert _box(channel) == _box(side)
    page.set_viewport_size({"width": 420, "height": 800})
    assert _box(channel) == _box(side) == (0, 420)


def test_who_goes_to_a_channel_sees_it_also_in_a_narrow_window(open_page: OpenPage) -> None:
    page = open_page("ana", "hub-ops")
    page.set_viewport_size({"width": 820, "height": 800})
    page.get_by_test_id("faults-toggle").click()
    expect(page.get_by_test_id("faults-panel")).to_be_visible()
    expect(page.get_by_test_id("channel-name")).to_be_hidden()
    page.get_by_test_id("channel-link").filter(has_text="general").click()
    expect(page.get_by_test_id("channel-name")).to_have_text("general")
    expect(page.get_by_test_id("channel-name")).to_be_visible()
    expect(page.get_by_test_id("composer")).to_be_focused()
