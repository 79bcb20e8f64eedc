"""Rows that need a person: commands, buttons, forms, and shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.errors import RetryLater
from bot.ports import Channel, Post
from bot.render import blocks as b
from bot.render import edit_pages, forms, hub_menu, listing
from bot.slack import interactions as ours
from bot.slack.request import Kind, SlackRequest
from tests.smoke import events, samples
from tests.smoke.listener import FAILED, PRESS, PRESS_LATER, Arrival, Listener
from tests.smoke.result import NotTried, Row, differs, expect
from tests.smoke.world import TEST_CHANNEL, Smoke

INVITED = "the message with the button"
INVITATION = "This is mayday's smoke test. The terminal that started it shows what to do here."
NOTHING = "nothing arrived within {seconds:.0f} s"
AGAIN = (
    "If you did it: compare the app with bot/slack/manifest.yaml, reinstall it, and stop any other "
    "process that uses its app token. If not, run this again, or add --automatic."
)
SKIPPED = "Left out with --automatic."
NOBODY = "Nobody did the things before: run this again, or add --automatic."
REFUSED_FORM = "Slack refuses a form of mayday, or it came after three seconds: report this."
ADDRESS = "mayday answers there, or by an ephemeral message. Run this again; report it if it stays."
HUB = samples.MANY_HUBS[-1]
OPTIONAL = 60.0
"""The most seconds that a person has for what not everybody may do."""

MOST_SILENT = 2
"""How many things nobody may do in a row before the rest is left out."""


def _names(smoke: Smoke) -> dict[str, str]:
    return {
        "channel": smoke.need(TEST_CHANNEL).name,
        "command": smoke.config.slack.command,
        "hub": HUB,
    }


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that a person does. ``ask`` tells them, ``matches`` recognises the delivery, and ``check``
    returns what was seen in it or raises where mayday could not use it.

    ``names`` returns the values for ``ask``. ``unless`` says why it may not come, if that is no difference.
    """

    what: str
    ask: str
    matches: Callable[[Smoke, Arrival], bool]
    check: Callable[[Smoke, Arrival], str]
    covers: tuple[str, ...]
    names: Callable[[Smoke], dict[str, str]] = _names
    unless: str = ""

    @property
    def row(self) -> Row:
        """The row that asks, waits and checks."""
        return Row(what=self.what, run=partial(_run, self), covers=self.covers, by_hand=True)


def invite_people(smoke: Smoke) -> str:
    """Post the message with the button."""
    channel: Channel = smoke.need(TEST_CHANNEL)
    smoke.need(events.SOCKET)
    if smoke.automatic:
        raise NotTried(SKIPPED)
    buttons = b.actions(
        b.button("Press me", action=PRESS, value="pressed"),
        b.button("Press me later", action=PRESS_LATER, value="pressed"),
    )
    smoke.post(channel.id, Post(text=INVITATION, blocks=(b.section(INVITATION), buttons)))
    smoke.made[INVITED] = True
    return f"posted in #{channel.name}"


def _run(step: Step, smoke: Smoke) -> str:
    if smoke.automatic:
        raise NotTried(SKIPPED)
    listener: Listener = smoke.need(events.SOCKET)
    smoke.need(INVITED)
    if smoke.silent >= MOST_SILENT:
        raise NotTried(NOBODY)
    patience = min(smoke.patience, OPTIONAL) if step.unless else smoke.patience
    smoke.say(f"{step.ask.format(**step.names(smoke))}  ({patience:.0f} s)")
    count = listener.acts()
    arrival, took = listener.wait(
        lambda: listener.first(lambda each: not each.error and step.matches(smoke, each)),
        patience,
    )
    if arrival is None and step.unless:
        raise NotTried(f"{NOTHING.format(seconds=took)}. {step.unless}")
    if arrival is None:
        smoke.silent += listener.acts() == count
        unread = listener.first(lambda each: bool(each.error))
        if unread is not None:
            differs(f"unreadable: {unread.error}", events.UNREADABLE.format(error=unread.error))
        differs(NOTHING.format(seconds=took), AGAIN)
    smoke.silent = 0
    return step.check(smoke, arrival)


# Requests.


def _is_request(kind: Kind, *names: str) -> Callable[[Smoke, Arrival], bool]:
    return lambda _smoke, a: a.kind is kind and (not names or a.parsed.name in names)


def _request(smoke: Smoke, arrival: Arrival, *, channel: bool = True, trigger: bool = True) -> str:
    """Check what mayday reads of every request."""
    request: SlackRequest = arrival.parsed
    events.check_app(smoke, arrival)
    expect(request.user.startswith(("U", "W")), f"the user is {request.user!r}", "Report this.")
    expect(
        request.team_id == smoke.me.team_id,
        f"the team is {request.team_id!r}, the bot's is {smoke.me.team_id!r}",
        "mayday finds the incident by its team: report this, with whether the channel is shared.",
    )
    where = smoke.need(TEST_CHANNEL).id
    if channel:
        expect(
            request.channel == where,
            f"the channel is {request.channel!r}, not {where}",
            "Report this.",
        )
    expect(
        not trigger or request.trigger,
        "there is no trigger_id",
        "mayday opens forms by it: report this.",
    )
    key = request.idempotency_key
    expect(
        key.partition("/")[2] or request.kind is Kind.OPTIONS,
        f"the key is {key!r}",
        "mayday tells repetitions by it: report this.",
    )
    return f"{request.kind} {request.name} by {request.user}"


def pressed(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival)
    expect(
        arrival.parsed.value == "pressed", f"its value is {arrival.parsed.value!r}", "Report this."
    )
    return seen


def chosen(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival)
    verb, _, entry = arrival.parsed.value.partition(":")
    expect(
        verb in (listing.EDIT, listing.HIDE) and entry == "1",
        f"its value is {arrival.parsed.value!r}",
        "Report this.",
    )
    return seen


def pushed(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival, channel=False)
    form = arrival.parsed.form
    expect(
        form.incident_id == "smoke" and form.root == form.id,
        f"the form says {form.metadata!r}, and the one at the bottom is {form.root!r}",
        "mayday finds the incident by its form: report this.",
    )
    return seen


def submitted_twice(smoke: Smoke, arrival: Arrival) -> bool:
    listener: Listener = smoke.need(events.SOCKET)
    own = [a for a in listener.requests(Kind.FORM) if a.parsed.name == "declare"]
    return arrival in own[1:] and arrival.parsed.form.id == own[0].parsed.form.id


def submitted(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival, channel=False, trigger=False)
    form = arrival.parsed.form
    expect(form.text("title"), f"the title is missing: {dict(form.values)}", "Report this.")
    names = [severity.name for severity in smoke.config.incident.severities]
    expect(
        form.text("severity") in names,
        f"the severity is {form.text('severity')!r}",
        "Report this.",
    )
    return f"{seen}: an error is shown at its input, then it is accepted"


def commanded(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival)
    text = arrival.parsed.text
    expect(
        f"<@{arrival.parsed.user}" in text and "<#C" in text,
        f"the text is {text!r}",
        "Names have to arrive as ids: set should_escape on the command, as in bot/slack/manifest.yaml. "
        "If you didn't type @ and # names, run this again.",
    )
    return f"{seen}: {text}"


def typed(smoke: Smoke, arrival: Arrival) -> bool:
    return arrival.kind is Kind.OPTIONS and bool(arrival.parsed.text)


def suggested(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival, channel=False, trigger=False)
    request: SlackRequest = arrival.parsed
    expect(
        request.name == hub_menu.HUB,
        f"the menu is {request.name!r}",
        "mayday knows the menu by its block_id: report this.",
    )
    expect(
        request.text in HUB,
        f"the text is {request.text!r}",
        f"If you typed something else than {HUB}, run this again; otherwise report it.",
    )
    return f"{seen}, after {request.text!r} was typed"


def offered(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival, channel=False, trigger=False)
    hub = arrival.parsed.form.text(hub_menu.HUB)
    expect(
        hub in samples.MANY_HUBS,
        f"the hub is {hub!r}: {dict(arrival.parsed.form.values)}",
        "mayday reads from the form which hub was chosen: report this.",
    )
    return f"{seen}, with {hub}"


def used_on_a_message(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival)
    message = arrival.parsed.message
    expect(message is not None and message.ts, "the payload has no message", "Report this.")
    return f"{seen}, on message {message.ts}"


def used_globally(smoke: Smoke, arrival: Arrival) -> str:
    seen = _request(smoke, arrival, channel=False)
    where = "a channel" if arrival.parsed.channel else "no channel"
    answer = "a response_url" if arrival.body.get("response_url") else "no response_url"
    return f"{seen}: with {where} and {answer}"


# What mayday did with the requests.


def forms_open(smoke: Smoke, *names: str) -> str:
    if smoke.automatic:
        raise NotTried(SKIPPED)
    listener: Listener = smoke.need(events.SOCKET)
    opened, _ = listener.wait(lambda: all(n in listener.opened for n in names), smoke.lag)
    refused = {n: listener.opened[n] for n in names if "refused" in listener.opened.get(n, "")}
    expect(not refused, "; ".join(f"{n}: {why}" for n, why in refused.items()), REFUSED_FORM)
    for name in names:
        if listener.opened.get(name, "").startswith(FAILED):
            raise RetryLater(f"{name}: {listener.opened[name]}")
    missing = [n for n in names if n not in listener.opened]
    if not opened:
        raise NotTried(f"Not opened, since their rows above failed: {', '.join(missing)}")
    return ", ".join(names)


def answers(smoke: Smoke, *names: str) -> str:
    if smoke.automatic:
        raise NotTried(SKIPPED)
    listener: Listener = smoke.need(events.SOCKET)
    told, _ = listener.wait(lambda: all(n in listener.answered for n in names), smoke.lag)
    seen = ", ".join(f"{n}: {listener.answered.get(n, 'not asked for')}" for n in names)
    wrong = [n for n in names if listener.answered.get(n, "accepted") != "accepted"]
    expect(not wrong, seen, ADDRESS)
    if not told:
        raise NotTried(f"Some rows above failed: {seen}")
    return seen


def _shortcut(title: str, name: str) -> Row:
    return Step(
        what=f"shortcut: {title}",
        ask=(
            f"Point at your message in #{{channel}}, choose ⋮ → “{title}” (perhaps under “More message "
            "shortcuts”), and cancel the form."
        ),
        matches=_is_request(Kind.SHORTCUT, name),
        check=used_on_a_message,
        covers=("shortcut", f"shortcut {name}"),
    ).row


FIRST = (
    Row(what=INVITED, run=invite_people, covers=("chat.postMessage",)),
    Step(
        what="button: a button is pressed",
        ask="In #{channel}, press “Press me”.",
        matches=_is_request(Kind.BUTTON, PRESS),
        check=pressed,
        covers=("button",),
    ).row,
)
"""They find out who the person is."""

FORMS = (
    Step(
        what="form: a form is submitted",
        ask="In the form that opened, press Declare. It shows an error at the title: press it again.",
        matches=submitted_twice,
        check=submitted,
        covers=("form", "views.open"),
    ).row,
    Step(
        what="button: a menu in a message that one person sees",
        ask="In the timeline in #{channel} that only you see, choose ⋯ → Edit, and cancel the form.",
        matches=_is_request(Kind.BUTTON, listing.ACTION_ENTRY),
        check=chosen,
        covers=("button",),
    ).row,
    Step(
        what="button: another button is pressed",
        ask="In #{channel}, press “Press me later”, and leave the form open.",
        matches=_is_request(Kind.BUTTON, PRESS_LATER),
        check=pressed,
        covers=("button",),
    ).row,
    Step(
        what="button: a button in a form opens another form above it",
        ask="In the form that opened, press the first “Edit”, and close both forms.",
        matches=_is_request(Kind.BUTTON, edit_pages.ACTION_PART),
        check=pushed,
        covers=("button", "views.push"),
    ).row,
    Step(
        what="command: names arrive as ids",
        ask="In #{channel}, type: {command} smoke @your-name #{channel} — and leave the form open.",
        matches=_is_request(Kind.COMMAND),
        check=commanded,
        covers=("command",),
    ).row,
    Step(
        what="menu: its options come from mayday",
        ask="In the form that opened, click on the menu “Hub” and type {hub} there.",
        matches=typed,
        check=suggested,
        covers=("options",),
    ).row,
    Step(
        what="form: an option that mayday offered is submitted",
        ask="Choose {hub} there and any runbook, and press Make a plan. Nothing will run.",
        matches=_is_request(Kind.FORM, forms.RUN),
        check=offered,
        covers=("form",),
    ).row,
    Step(
        what="shortcut: Declare an incident",
        ask="Type / in an empty message, choose the shortcut “Declare an incident”, and cancel the form.",
        matches=_is_request(Kind.SHORTCUT, ours.SHORTCUT_DECLARE),
        check=used_globally,
        covers=("shortcut", f"shortcut {ours.SHORTCUT_DECLARE}"),
    ).row,
)

SHORTCUTS = (
    _shortcut("Declare an incident", ours.SHORTCUT_DECLARE_FROM),
    _shortcut("Add to the timeline", ours.SHORTCUT_TIMELINE),
    _shortcut("File as an action item", ours.SHORTCUT_ACTION),
)

ANSWERS = (
    Row(
        what="every form of mayday opens",
        run=lambda smoke: forms_open(
            smoke,
            "declare",
            "update",
            "action_item",
            "edit_entry",
            "annotate_entry",
            "edit_part",
            "run",
            "close",
        ),
        covers=("views.open", "views.push", "views.update"),
        by_hand=True,
    ),
    Row(
        what="answers at the address of a request are accepted",
        run=lambda smoke: answers(smoke, "button", "menu", "shortcut"),
        by_hand=True,
    ),
)
