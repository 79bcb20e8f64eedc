"""Rows about messages: posted, found again by their metadata, read, changed, and their limits."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

from bot.errors import UserError
from bot.ports import Channel, HistoryMessage, Post
from bot.render import blocks as b
from tests.smoke import samples
from tests.smoke.channels import PRIVATE, PUBLIC
from tests.smoke.result import Row, expect
from tests.smoke.world import TEST_CHANNEL, Smoke

TS = re.compile(r"\d{10}\.\d{6}")
PARENT = "a message is posted"
INERT = "&lt;!channel&gt; &amp; &lt;@U000&gt;"
MOST_UPDATED = 4000
RESENDS = (
    "mayday looks for a message by its metadata before it sends it again: without it, a lost answer "
    "means a message twice. Report this."
)


def posted(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    effect = smoke.effect()
    ts = smoke.post(channel.id, INERT, effect=effect)
    raw = smoke.api.last("chat.postMessage")
    expect(TS.fullmatch(raw["ts"]), f"ts is {raw['ts']!r}", "mayday keeps ts as text: report this.")
    smoke.made[PARENT] = (ts, effect)
    return f"ts {ts}"


def found_again(smoke: Smoke, *, name: str, thread: bool = False) -> str:
    channel: Channel = smoke.need(name)
    thread_ts = smoke.post(channel.id, "mayday's smoke test: a thread") if thread else ""
    effect, since = smoke.effect(), smoke.chat.time()
    ts = smoke.post(
        channel.id, "mayday's smoke test: look for me", effect=effect, thread_ts=thread_ts
    )

    def look() -> str | None:
        return smoke.chat.find_post(channel.id, effect, since=since, thread_ts=thread_ts)

    found, took = smoke.eventually(look)
    expect(found == ts, f"posted as {ts}, found {found} after {took:.0f} s", RESENDS)
    other = smoke.chat.find_post(channel.id, smoke.effect(), since=since, thread_ts=thread_ts)
    expect(other is None, f"a message that was never posted is found: {other}", "Report this.")
    return f"by its metadata, after {took:.1f} s"


def read_back(smoke: Smoke) -> str:
    channel, (ts, _) = smoke.need(PUBLIC), smoke.need(PARENT)
    shown, took = smoke.eventually(lambda: _message(smoke, channel, ts))
    expect(shown, f"not in the history after {took:.0f} s", "The record may be late: report this.")
    message = shown.message
    expect(message.author == smoke.me.user_id, f"the author is {message.author!r}", "Report this.")
    expect(
        message.text == INERT,
        f"sent {INERT!r}, read {message.text!r}",
        "What people type may mention everybody: report this.",
    )
    expect(not message.edited_ts, f"edited.ts is {message.edited_ts}", "Report this.")
    return f"its author and text, after {took:.1f} s"


def threads(smoke: Smoke) -> str:
    channel, (ts, _) = smoke.need(PUBLIC), smoke.need(PARENT)
    reply = smoke.post(channel.id, "mayday's smoke test: a reply", thread_ts=ts)

    def look() -> HistoryMessage | None:
        parent = _message(smoke, channel, ts)
        return parent if parent and parent.latest_reply == reply else None

    parent, took = smoke.eventually(look)
    expect(
        parent and parent.reply_count >= 1,
        f"the parent doesn't show the reply after {took:.0f} s: {_message(smoke, channel, ts)}",
        "mayday reads a thread again when its latest_reply moved: replies would be missed. Report this.",
    )
    found = [m.message for page in smoke.chat.replies(channel.id, ts) for m in page]
    expect(
        [(m.ts, m.thread_ts) for m in found][-1:] == [(reply, ts)],
        f"conversations.replies shows {[(m.ts, m.thread_ts) for m in found]}",
        "Report this.",
    )
    return f"latest_reply and reply_count {parent.reply_count}, after {took:.1f} s"


def oldest(smoke: Smoke) -> str:
    channel, (ts, _) = smoke.need(PUBLIC), smoke.need(PARENT)
    later = smoke.post(channel.id, "mayday's smoke test: later")
    smoke.post(channel.id, "mayday's smoke test: a late reply", thread_ts=ts)

    def look() -> list[str]:
        return [m.message.ts for page in smoke.chat.history(channel.id, oldest=later) for m in page]

    found, _ = smoke.eventually(look)
    expect(
        later in found,
        f"a history from {later} shows {found}",
        "mayday reads from the last message that it knows, inclusive: report this.",
    )
    expect(
        ts not in found, "an older parent with a new reply is shown", "Harmless, but report this."
    )
    return "inclusive; an older parent with a new reply is left out"


def edited(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    ts = smoke.post(channel.id, "mayday's smoke test: before")
    after = Post(text="mayday's smoke test: after", blocks=(b.section("after"),))
    smoke.chat.change(channel.id, ts, after)

    def look() -> HistoryMessage | None:
        shown = _message(smoke, channel, ts)
        return (
            shown if shown and shown.message.raw.get("blocks") and "after" in _raw(shown) else None
        )

    shown, took = smoke.eventually(look)
    expect(shown, f"the history shows the old text after {took:.0f} s", "Report this.")
    smoke.chat.change(channel.id, ts, Post(text="x" * MOST_UPDATED))
    stamp = "with" if shown.message.edited_ts else "without"
    return f"after {took:.1f} s, {stamp} `edited`; {MOST_UPDATED} characters are accepted"


def accepted(smoke: Smoke, *, what: str) -> str:
    channel: Channel = smoke.need(PUBLIC)
    found = {**dict(samples.limits()), **dict(samples.posts(smoke.config, smoke.me.user_id))}
    post = found[what]
    try:
        ts = smoke.post(channel.id, post)
        if len(post.text) <= MOST_UPDATED:
            smoke.chat.change(channel.id, ts, post)
    except UserError as exc:
        if exc.code.startswith(("invalid_", "msg_")):
            expect(
                False, f"Slack refuses it: {exc.code}", "mayday counts on this limit: report this."
            )
        raise
    return f"{len(post.blocks)} blocks, posted and updated"


def direct(smoke: Smoke) -> str:
    person = smoke.person()
    channel, effect = smoke.chat.open_dm(person), smoke.effect()
    since = smoke.chat.time() - timedelta(seconds=1)
    ts = smoke.post(channel, "mayday's smoke test: a direct message, soon removed", effect=effect)
    found, took = smoke.eventually(lambda: smoke.chat.find_post(channel, effect, since=since))
    expect(found == ts, f"posted as {ts}, found {found} after {took:.0f} s", RESENDS)
    return f"posted in {channel}, found again after {took:.1f} s"


def ephemeral(smoke: Smoke) -> str:
    person, channel = smoke.person(), smoke.need(TEST_CHANNEL)
    post = samples.timeline(smoke.config, smoke.me.user_id)
    smoke.chat.post_ephemeral(channel.id, person, post)
    return "accepted"


def file(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    name = f"mayday-smoke-{smoke.effect().rpartition('/')[2]}.txt"
    since = smoke.chat.time() - timedelta(minutes=1)
    smoke.chat.upload(
        channel.id, name=name, text="Nothing is broken.\n", comment="mayday's smoke test"
    )

    def look() -> bool:
        pages = smoke.chat.history(channel.id, oldest=f"{int(since.timestamp())}.000000")
        return any(f.name == name for page in pages for m in page for f in m.message.files)

    seen, took = smoke.eventually(look)
    expect(seen, f"{name} isn't in the history after {took:.0f} s", RESENDS)
    return f"{name}, found again after {took:.1f} s"


def _message(smoke: Smoke, channel: Channel, ts: str) -> HistoryMessage | None:
    pages = smoke.chat.history(channel.id, oldest=ts)
    return next((m for page in pages for m in page if m.message.ts == ts), None)


def _raw(shown: HistoryMessage) -> str:
    return str(shown.message.raw)


def _accepted(what: str) -> Row:
    return Row(
        what=f"accepted: {what}",
        run=partial(accepted, what=what),
        covers=("chat.postMessage", "chat.update"),
    )


ROWS = (
    Row(what=PARENT, run=posted, covers=("chat.postMessage",)),
    Row(
        what="a message is found again",
        run=partial(found_again, name=PUBLIC),
        covers=("conversations.history",),
    ),
    Row(what="… in a private channel", run=partial(found_again, name=PRIVATE)),
    Row(
        what="… in a thread",
        run=partial(found_again, name=PUBLIC, thread=True),
        covers=("conversations.replies",),
    ),
    Row(what="the history shows a message as it was sent", run=read_back),
    Row(what="a parent shows its latest reply", run=threads, covers=("conversations.replies",)),
    Row(what="a history begins where it should", run=oldest, covers=("conversations.history",)),
    Row(what="a message is changed", run=edited, covers=("chat.update",)),
    Row(
        what="a text file is shared",
        run=file,
        covers=("files.getUploadURLExternal", "files.completeUploadExternal"),
    ),
    _accepted("a section of 3,000 characters"),
    _accepted("a header of 150 characters"),
    _accepted("a menu of 100 options with values of 150"),
    _accepted("a button of 75 characters with a value of 2,000"),
    _accepted("50 blocks"),
    _accepted("a text of 4,000 characters"),
    _accepted("the card"),
    _accepted("the announcement"),
    _accepted("the menu"),
    _accepted("the help"),
    _accepted("the longest timeline"),
    _accepted("the longest diagnosis"),
)

WITH_A_PERSON = (
    Row(
        what="a direct message is sent",
        run=direct,
        covers=("conversations.open", "chat.postMessage", "conversations.history"),
    ),
    Row(what="a message that one person sees", run=ephemeral, covers=("chat.postEphemeral",)),
)
