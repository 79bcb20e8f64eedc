"""The practice panel: the hub's state in words, the outages, and the reports."""

from collections.abc import Callable, Mapping

from playwright.sync_api import Page, expect

from sandbox.slack import Outage, Param, SlackSandbox

OpenPage = Callable[..., Page]


def _row(user: str, route: bool, *, hub: str = "ready", pod: str = "Running") -> dict[str, object]:
    return {"user": user, "server": "", "hub": hub, "pod": pod, "route": route}


def test_the_panel_says_what_is_wrong_and_breaks_things(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    rows = [_row("ana", True), _row("ben", True), _row("chen", True)]
    hub = {
        "name": "datahub",
        "cluster": "practice",
        "namespace": "datahub-prod",
        "url": "http://127.0.0.1/",
        "hub_ok": True,
        "proxy_ok": True,
        "note": "",
        "rows": rows,
    }

    def evict(chosen: Mapping[str, str]) -> str:
        rows[:] = [
            _row("ana", False),
            _row("ben", False),
            _row("chen", False, hub="pending stop", pod="Terminating"),
        ]
        return f"The proxy was evicted by {chosen['by']}; 3 routes are gone."

    sandbox.register_hubs(lambda: [hub])
    sandbox.register_outages(
        [
            Outage(
                id="evict-proxy",
                label="Evict the proxy",
                help="All routes are lost.",
                params=[Param(name="by", label="By", choices=["memory", "inodes"])],
                run=evict,
            )
        ]
    )
    sandbox.register_reports(lambda: [{"title": "The first report", "url": "/reports/1"}])

    page = open_page("ana")
    page.get_by_test_id("hub-toggle").click()
    verdict = page.get_by_test_id("hub-verdict")
    expect(verdict).to_have_text("3 ready servers, 3 routes: everyone can work.")
    page.get_by_label("Evict the proxy: By").select_option("inodes")
    page.locator("[data-outage=evict-proxy]").click()
    expect(page.get_by_test_id("outage-said")).to_have_text(
        "The proxy was evicted by inodes; 3 routes are gone."
    )
    expect(verdict).to_have_text("2 ready servers, 0 routes: users see errors; 1 server is stuck.")
    expect(page.locator("tr[data-user=chen]")).to_contain_text("stuck stop")
    report = page.get_by_role("link", name="The first report")
    expect(report).to_have_attribute("href", f"{sandbox.url}reports/1")
    expect(report).to_have_attribute("target", "_blank")

    rows[:] = [_row("ana", True), _row("ben", True, pod="none")]
    expect(verdict).to_have_text("1 record does not match the cluster.")
    expect(page.locator("tr[data-user=ben]")).to_contain_text("stale record")

    rows[:] = [_row("ana", True)]
    expect(verdict).to_have_text("1 ready server, 1 route: everyone can work.")


def test_a_newcomer_is_told_what_to_try_once(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("emi", "hub-ops", welcome=True)
    card = page.get_by_test_id("welcome")
    expect(card).to_have_count(0)  # it would cover the messages
    page.get_by_test_id("channel-link").filter(has_text="general").click()
    card.get_by_role("button", name="/incident declare").click()
    expect(page.get_by_test_id("composer")).to_have_value("/incident declare Users see errors")
    card.get_by_label("Dismiss").click()
    expect(card).to_have_count(0)
    page.reload()
    page.wait_for_selector("body.ready")
    expect(card).to_have_count(0)
