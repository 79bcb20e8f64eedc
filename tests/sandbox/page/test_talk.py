"""People on the page: post, edit, react, reply, and see only their own items."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox
from tests.sandbox.page.conftest import note_found

OpenPage = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("app")


def _say(page: Page, text: str, testid: str = "composer") -> None:
    composer = page.get_by_test_id(testid)
    composer.fill(text)
    composer.press("Enter")


def _message(page: Page, text: str, log: str = "channel-log") -> Locator:
    return page.get_by_test_id(log).get_by_test_id("message").filter(has_text=text)


def _edit(message: Locator) -> None:
    message.hover()
    message.get_by_label("More actions").click()
    message.page.get_by_role("menuitem", name="Edit message").click()


def _texts(sandbox: SlackSandbox, channel: str) -> list[str]:
    return [message["text"] for message in sandbox.messages(channel)]


def test_a_message_is_said_edited_and_deleted(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("ana")
    _say(page, "the proxy is *gone* & <back> :fire:")
    message = _message(page, "the proxy is gone & <back> 🔥")
    expect(message.locator("strong")).to_have_text("gone")
    assert "the proxy is *gone* &amp; &lt;back&gt; :fire:" in _texts(sandbox, "general")

    _edit(message)
    editor = page.get_by_label("Edit message")
    expect(editor).to_have_value("the proxy is *gone* & <back> :fire:")
    editor.fill("the proxy is back, @ben")
    editor.press("Enter")
    message = _message(page, "the proxy is back")
    expect(message).to_contain_text("@Ben Okafor (edited)")
    assert f"the proxy is back, <@{sandbox.person('ben').id}>" in _texts(sandbox, "general")

    message.hover()
    message.get_by_label("More actions").click()
    page.get_by_role("menuitem", name="Delete message").click()
    page.get_by_test_id("confirm").click()
    expect(_message(page, "the proxy is back")).to_have_count(0)
    assert not any("the proxy is back" in text for text in _texts(sandbox, "general"))


def test_what_is_written_into_an_edit_outlives_what_others_do(
    sandbox: SlackSandbox, client: WebClient, open_page: OpenPage
) -> None:
    page = open_page("ana")
    _say(page, "half an edit")
    expect(_message(page, "half an edit")).to_be_visible()
    _edit(_message(page, "half an edit"))
    editor = page.get_by_label("Edit message")
    editor.fill("half an edit, and the oth")
    sandbox.person("ben").create_channel("made-meanwhile", False)
    expect(page.get_by_test_id("channel-link").filter(has_text="made-meanwhile")).to_be_visible()
    expect(editor).to_be_focused()
    page.keyboard.type("er")
    expect(editor).to_have_value("half an edit, and the other")
    editor.press("Enter")
    expect(_message(page, "half an edit, and the other (edited)")).to_be_visible()


def test_an_apps_blocks_do_not_say_that_they_were_edited(
    sandbox: SlackSandbox, client: WebClient, open_page: OpenPage
) -> None:
    where = sandbox.channel("general").id

    def block(text: str) -> list[dict[str, object]]:
        return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]

    told = client.chat_postMessage(channel=where, text="x", blocks=block("under way"))
    bare = client.chat_postMessage(channel=where, text="bare")
    client.chat_update(channel=where, ts=told["ts"], text="y", blocks=block("all done"))
    client.chat_update(channel=where, ts=bare["ts"], text="bare no more")
    page = open_page("ana")
    expect(_message(page, "bare no more")).to_contain_text("(edited)")
    expect(_message(page, "all done")).to_be_visible()
    expect(_message(page, "all done")).not_to_contain_text("edited")


def test_reactions_are_counted_and_taken_back(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    ts = sandbox.person("ben").say("general", "we were lucky")
    sandbox.person("dora").react("general", ts, "four_leaf_clover")
    page = open_page("ana")
    message = _message(page, "we were lucky")
    clover = message.locator("[data-reaction=four_leaf_clover]")
    expect(clover).to_have_text("🍀1")
    expect(clover).to_have_attribute("aria-pressed", "false")

    message.hover()
    message.locator("[data-react=four_leaf_clover]").click()
    expect(clover).to_have_text("🍀2")
    expect(clover).to_have_attribute("aria-pressed", "true")
    clover.click()
    expect(clover).to_have_text("🍀1")
    stored = next(m for m in sandbox.messages("general") if m["ts"] == ts)
    assert stored["reactions"][0]["users"] == [sandbox.person("dora").id]


def test_an_answer_stays_in_its_thread(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    root = sandbox.person("ben").say("general", "who looks at the logs?")
    page = open_page("ana")
    message = _message(page, "who looks at the logs?")
    message.hover()
    message.get_by_label("Reply in thread").click()
    _say(page, "I do", "thread-composer")

    expect(_message(page, "I do", "thread-log")).to_be_visible()
    expect(_message(page, "I do")).to_have_count(0)
    expect(message.get_by_test_id("thread-line")).to_contain_text("1 reply")
    answer = next(m for m in sandbox.messages("general") if m["text"] == "I do")
    assert answer["thread_ts"] == root

    page.goto(f"{page.url.split('#')[0]}#{sandbox.channel('general').id}")
    page.reload()
    wait_until_found = note_found(page)
    page.evaluate(f"location.hash += '/p{answer['ts'].replace('.', '')}'")
    wait_until_found(_message(page, "I do", "thread-log"))


def test_a_draft_and_the_focus_outlive_what_others_do(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    page = open_page("ana")
    composer = page.get_by_test_id("composer")
    composer.press_sequentially("half a sen")
    sandbox.person("ben").say("general", "news from Ben")
    expect(_message(page, "news from Ben")).to_be_visible()
    expect(composer).to_be_focused()
    page.keyboard.type("tence")
    expect(composer).to_have_value("half a sentence")

    page.get_by_test_id("channel-link").filter(has_text="hub-ops").click()
    expect(page.get_by_test_id("composer")).to_have_value("")
    page.get_by_test_id("channel-link").filter(has_text="general").click()
    expect(page.get_by_test_id("composer")).to_have_value("half a sentence")


@pytest.mark.parametrize(
    "typed",
    [
        "<img src=x onerror=\"document.title='hit'\">",
        "<script>document.title='hit'</script>",
        "<https://x.example|<b>bold</b>>",
        "javascript:document.title='hit'",
    ],
)
def test_markup_is_only_text(
    sandbox: SlackSandbox, client: WebClient, open_page: OpenPage, typed: str
) -> None:
    page = open_page("ana", "hub-ops")
    _say(page, typed)
    log = page.get_by_test_id("channel-log")
    expect(log).to_contain_text(typed)
    # A bot's text arrives unescaped, and its links can have any scheme.
    text = f"raw {typed} <javascript:alert(1)|press>"
    raw = client.chat_postMessage(channel="#hub-ops", text=text)
    expect(log.locator(f"[data-ts='{raw['ts']}']")).to_contain_text("raw ")
    assert log.locator("img, script, b, a[href^=javascript]").count() == 0
    expect(page).not_to_have_title("hit")


def test_people_see_their_own_time_and_day(client: WebClient, open_page: OpenPage) -> None:
    text = "users see errors <!date^1487913057^{date_short_pretty} at {time}|then>"
    client.chat_postMessage(channel="#incidents", text=text)
    ana, dora = open_page("ana", "incidents"), open_page("dora", "incidents")
    for page, stamp, date in (
        (ana, "21:10", "Today at 21:10"),
        (dora, "06:10", "Today at 06:10"),
    ):
        message = _message(page, "users see errors")
        expect(message.locator(".stamp")).to_have_text(stamp)
        expect(message.get_by_test_id("text")).to_contain_text(date)
        expect(page.locator(".day-divider").last).to_have_text("Today")


def test_only_the_person_sees_an_ephemeral_answer(open_page: OpenPage) -> None:
    ana, ben = open_page("ana"), open_page("ben")
    _say(ana, "/incident list")
    message = _message(ana, "Nothing is open, @Ana Ribeiro")
    expect(message).to_contain_text("Only visible to you")
    _say(ana, "and after it")
    expect(_message(ben, "and after it")).to_be_visible()
    expect(_message(ben, "Nothing is open")).to_have_count(0)


def test_a_message_shortcut_reaches_the_app(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    sandbox.person("ben").say("general", "restarted the hub")
    page = open_page("ana")
    message = _message(page, "restarted the hub")
    message.hover()
    message.get_by_label("More actions").click()
    page.locator("[data-shortcut=add_to_timeline]").click()
    expect(_message(page, "Kept: restarted the hub")).to_contain_text("Only visible to you")


def test_acting_as_another_person(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    sandbox.person("ana").create_channel("ops-only", True)
    page = open_page("ana", "ops-only")
    expect(page.get_by_test_id("channel-name")).to_have_text("ops-only")
    page.get_by_test_id("person-switch").click()
    page.locator(f"[data-person={sandbox.person('gus').id}]").click()
    expect(page.get_by_test_id("person-switch")).to_contain_text("Gus Moreau")
    expect(page.get_by_test_id("channel-link").filter(has_text="ops-only")).to_have_count(0)
    page.get_by_test_id("channel-link").filter(has_text="hub-ops").click()
    expect(page.get_by_test_id("channel-name")).to_have_text("hub-ops")
    _say(page, "hello from the guest")
    expect(_message(page, "hello from the guest").get_by_test_id("author")).to_have_text(
        "Gus Moreau"
    )


def test_the_connection_is_told(sandbox: SlackSandbox, app: App, open_page: OpenPage) -> None:
    page = open_page("ana")
    expect(page.get_by_test_id("connection")).to_have_text("mayday is connected")


def test_an_unknown_command_is_not_sent(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    before = len(sandbox.messages("general"))
    page = open_page("ana")
    _say(page, "/incidnet declare")
    expect(page.locator(".notice")).to_contain_text("/incidnet is not a valid command")
    expect(page.get_by_test_id("composer")).to_have_value("/incidnet declare")
    assert len(sandbox.messages("general")) == before


def test_whoever_speaks_sees_it_and_the_answer(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    for number in range(40):
        sandbox.person("ben").say("hub-ops", f"line {number}")
    page = open_page("ana", "hub-ops")
    expect(_message(page, "line 39")).to_be_in_viewport()
    for _ in range(15):  # the page may still scroll to the end
        _message(page, "line 0").first.scroll_into_view_if_needed()
        with suppress(AssertionError):
            expect(_message(page, "line 39")).not_to_be_in_viewport(timeout=1000)
            break
    expect(_message(page, "line 39")).not_to_be_in_viewport()
    _say(page, "/incident status")
    expect(_message(page, "Nothing is open")).to_be_in_viewport()


@pytest.mark.parametrize("mark", [">", "&gt;"])
def test_an_app_may_quote_with_the_sign_or_its_entity(
    sandbox: SlackSandbox, client: WebClient, open_page: OpenPage, mark: str
) -> None:
    text = f"Update:\n{mark}all is well\n{mark}again"
    client.chat_postMessage(channel="#general", text=text)
    page = open_page("ana")
    expect(_message(page, "Update:").last.locator("blockquote")).to_have_text("all is well\nagain")


def test_a_thread_without_replies_counts_none(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    sandbox.person("ben").say("general", "nobody answers this")
    page = open_page("ana")
    message = _message(page, "nobody answers this")
    message.hover()
    message.get_by_label("Reply in thread").click()
    expect(_message(page, "nobody answers this", "thread-log")).to_be_visible()
    expect(page.get_by_test_id("thread-log")).not_to_contain_text("0 replies")
