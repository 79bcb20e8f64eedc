"""Rows about channels: created, found, joined, left, archived, and their topic, pins and bookmarks."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bot.errors import UserError
from bot.ports import Channel
from bot.render.card import TOPIC_LIMIT
from bot.services.filed import SIGN
from tests.smoke.result import Row, differs, expect
from tests.smoke.world import TEST_CHANNEL, Smoke

PUBLIC, PRIVATE = "a channel is created", "a private channel is created"
NOBODY = "U00000000"
MEMBERSHIP = "mayday shows a private incident to the members of its channel alone: report this."


def created(smoke: Smoke, *, name: str, private: bool) -> str:
    channel = smoke.create(private=private)
    expect(
        channel.is_private is private,
        f"is_private is {channel.is_private}",
        "A private incident would be public: report this before using private incidents.",
    )
    expect(
        channel.creator == smoke.me.user_id,
        f"the creator is {channel.creator!r}, not the bot",
        "mayday takes a channel for its own by its creator: report this.",
    )
    apart = abs(channel.created - smoke.chat.time())
    expect(
        apart < timedelta(minutes=2),
        f"`created` is {apart.total_seconds():.0f} s away from Slack's own time",
        "mayday tells its new channel from an old one by `created`: report this.",
    )
    smoke.made[name] = channel
    return f"#{channel.name}, created by the bot, {apart.total_seconds():.0f} s ago"


def name_taken(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    code = smoke.refusal("conversations.create", name=channel.name)
    expect(
        code == "name_taken",
        f"the second answer is {code}",
        "mayday would not recognise a channel that it has already created: report this.",
    )
    return code


def info(smoke: Smoke, *, name: str) -> str:
    made: Channel = smoke.need(name)
    found = smoke.chat.channel(made.id)
    expect(found == made, f"created as {made}, shown as {found}", "Report this.")
    raw = smoke.api.last("conversations.info")["channel"]
    expect(
        "is_private" in raw, "there is no `is_private`", "Private incidents depend on it: report."
    )
    return f"is_private {found.is_private}, the same creator and time"


def listed(smoke: Smoke, *, name: str) -> str:
    made: Channel = smoke.need(name)
    found, took = smoke.eventually(lambda: smoke.chat.find_own_channel(made.name))
    expect(
        found, f"not listed after {took:.0f} s", "mayday may not find what it created: report this."
    )
    expect(found == made, f"created as {made}, listed as {found}", "Report this.")
    return f"found after {took:.1f} s"


def private_ones(smoke: Smoke) -> str:
    private, public = smoke.need(PRIVATE), smoke.need(PUBLIC)
    _, took = smoke.eventually(lambda: private.id in smoke.chat.private_channels())
    found = smoke.chat.private_channels()
    expect(
        private.id in found and public.id not in found,
        f"listed: {sorted(found)}; private is {private.id}, public {public.id}",
        "mayday finds out by this list which incidents are private: report this.",
    )
    return f"{len(found)}, after {took:.1f} s"


def members(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PRIVATE)
    found, took = smoke.eventually(lambda: smoke.chat.is_member(channel.id, smoke.me.user_id))
    expect(found, f"its creator isn't a member after {took:.0f} s", MEMBERSHIP)
    expect(not smoke.chat.is_member(channel.id, NOBODY), f"{NOBODY} is a member", MEMBERSHIP)
    return f"the bot alone, after {took:.1f} s"


def test_channel(smoke: Smoke) -> str:
    channel_id = smoke.chat.resolve(smoke.test_channel)
    channel = smoke.chat.channel(channel_id)
    try:
        next(smoke.chat.history(channel_id, oldest=f"{int(smoke.chat.time().timestamp())}.000000"))
    except UserError as exc:
        differs(
            f"the bot isn't in #{channel.name} ({exc.code or exc})",
            "Invite it there with /invite @mayday, then run this again.",
        )
    expect(
        channel.creator != smoke.me.user_id,
        f"the bot created #{channel.name}: it may be an incident's",
        "Set SMOKE_CHANNEL to a channel that a person created for tests.",
    )
    expect(not channel.is_archived, f"#{channel.name} is archived", "Choose another channel.")
    smoke.made[TEST_CHANNEL] = channel
    return f"#{channel.name}, the bot is in it"


def outside(smoke: Smoke) -> str:
    channel: Channel = smoke.create(private=False)
    smoke.call("conversations.leave", channel=channel.id)
    try:
        smoke.post(channel.id, "mayday's smoke test: posted from outside")
        try:
            list(smoke.chat.history(channel.id, oldest="0"))
            read = "ok"
        except UserError as exc:
            read = exc.code
        shown = smoke.chat.channel(channel.id)
        found, _ = smoke.eventually(lambda: smoke.chat.find_channel(channel.name))
    finally:
        smoke.chat.resolve(channel.id)
    expect(
        read == "not_in_channel",
        f"reading the history from outside: {read}",
        "mayday notices by not_in_channel that it was removed: report this.",
    )
    expect(
        not shown.is_member and smoke.chat.channel(channel.id).is_member,
        f"is_member is {shown.is_member} outside",
        "mayday finds out by is_member that it was removed: report this.",
    )
    expect(
        found and found.id == channel.id,
        f"its name gives {found}",
        "slack.announce_channel needs an id, not a name: report this.",
    )
    messages = [m for page in smoke.chat.history(channel.id, oldest="0") for m in page]
    expect(
        any(m.message.text.endswith("from outside") for m in messages),
        "after joining, the post isn't in the history",
        "Report this.",
    )
    return "is_member is false, posting works, reading says not_in_channel, joining helps"


def archived(smoke: Smoke) -> str:
    channel = smoke.create(private=False)
    smoke.call("conversations.archive", channel=channel.id)
    code = smoke.refusal("conversations.create", name=channel.name)
    expect(code == "name_taken", f"its name gives {code}", "Report this.")
    try:
        smoke.post(channel.id, "to an archived channel")
        posted = "ok"
    except UserError as exc:
        posted = exc.code
    expect(
        posted in ("is_archived", "is_inactive"),
        f"posting gives {posted}",
        "mayday notices by is_archived that its channel is archived: report this.",
    )
    found, took = smoke.eventually(lambda: _archived(smoke, channel))
    expect(
        found, f"conversations.list doesn't show it as archived after {took:.0f} s", "Report this."
    )
    return f"name_taken, {posted}, listed as archived after {took:.1f} s"


def _archived(smoke: Smoke, channel: Channel) -> bool:
    found = smoke.chat.find_channel(channel.name)
    return found is not None and found.is_archived


def topic(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    smoke.chat.set_topic(channel.id, "🚨" + "x" * (TOPIC_LIMIT - 1))
    return f"{TOPIC_LIMIT} characters"


def _again(smoke: Smoke, method: str, wanted: str, **fields: str) -> str:
    """Slack's answer to a call that changes nothing any more, which mayday takes for success."""
    code = smoke.refusal(method, **fields)
    what = f"mayday takes {wanted} for success: report this."
    expect(code == wanted, f"the second answer is {code}", what)
    return code


def pins(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    ts = smoke.post(channel.id, "mayday's smoke test: pinned")
    smoke.chat.pin(channel.id, ts)
    code = _again(smoke, "pins.add", "already_pinned", channel=channel.id, timestamp=ts)
    smoke.chat.pin(channel.id, ts)
    return f"pinned, then {code}"


def reactions(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    ts = smoke.post(channel.id, "mayday's smoke test: reacted to")
    smoke.chat.react(channel.id, ts, SIGN)
    mark = {"channel": channel.id, "timestamp": ts, "name": SIGN}
    code = _again(smoke, "reactions.add", "already_reacted", **mark)
    smoke.chat.unreact(channel.id, ts, SIGN)
    gone = _again(smoke, "reactions.remove", "no_reaction", **mark)
    smoke.chat.unreact(channel.id, ts, SIGN)
    return f"{code}, then {gone}"


def bookmarks(smoke: Smoke) -> str:
    channel: Channel = smoke.need(PUBLIC)
    for link in ("https://example.org/first", "https://example.org/second"):
        smoke.chat.bookmark(channel.id, title="smoke", link=link)
    raw = smoke.call("bookmarks.list", channel_id=channel.id)["bookmarks"]
    found = [(each["title"], each["link"]) for each in raw]
    expect(
        found == [("smoke", "https://example.org/second")],
        f"listed: {found}",
        "mayday updates a bookmark by its title: report this.",
    )
    return "added, then changed; there is one"


def invited(smoke: Smoke) -> str:
    person, channel = smoke.person(), smoke.need(PUBLIC)
    smoke.chat.invite(channel.id, person)
    code = smoke.refusal("conversations.invite", channel=channel.id, users=person)
    expect(
        code == "already_in_channel",
        f"the second answer is {code}",
        "mayday takes already_in_channel for success: report this.",
    )
    return f"invited, then {code}"


def joined(smoke: Smoke) -> str:
    person, channel = smoke.person(), smoke.need(PRIVATE)
    smoke.chat.invite(channel.id, person)
    found, took = smoke.eventually(lambda: smoke.chat.is_member(channel.id, person))
    expect(found, f"{person} isn't a member after {took:.0f} s", MEMBERSHIP)
    return f"{person}, after {took:.1f} s"


ROWS = (
    Row(
        what=PUBLIC,
        run=partial(created, name=PUBLIC, private=False),
        covers=("conversations.create",),
    ),
    Row(
        what=PRIVATE,
        run=partial(created, name=PRIVATE, private=True),
        covers=("conversations.create",),
    ),
    Row(what="a second one of its name is refused", run=name_taken),
    Row(
        what="a channel is shown as it was created",
        run=partial(info, name=PUBLIC),
        covers=("conversations.info",),
    ),
    Row(what="a private channel is shown as private", run=partial(info, name=PRIVATE)),
    Row(
        what="a channel is found by its name",
        run=partial(listed, name=PUBLIC),
        covers=("users.conversations",),
    ),
    Row(what="a private channel is found by its name", run=partial(listed, name=PRIVATE)),
    Row(what="private channels are listed", run=private_ones, covers=("conversations.list",)),
    Row(
        what="a private channel's members are shown",
        run=members,
        covers=("conversations.members",),
    ),
    Row(
        what="outside of a channel the bot posts and can't read",
        run=outside,
        covers=(
            "conversations.join",
            "chat.postMessage",
            "conversations.history",
            "conversations.info",
            "conversations.list",
        ),
    ),
    Row(what="an archived channel keeps its name and takes no posts", run=archived),
    Row(what="the longest topic is accepted", run=topic, covers=("conversations.setTopic",)),
    Row(what="a message is pinned once", run=pins, covers=("pins.add",)),
    Row(
        what="a reaction is added and removed once",
        run=reactions,
        covers=("reactions.add", "reactions.remove"),
    ),
    Row(
        what="a bookmark is added and changed",
        run=bookmarks,
        covers=("bookmarks.list", "bookmarks.add", "bookmarks.edit"),
    ),
    Row(
        what=TEST_CHANNEL,
        run=test_channel,
        covers=("conversations.join", "conversations.info", "conversations.history"),
    ),
)

WITH_A_PERSON = (
    Row(what="a person is invited once", run=invited, covers=("conversations.invite",)),
    Row(
        what="a person is a member of a private channel",
        run=joined,
        covers=("conversations.invite", "conversations.members"),
    ),
)
