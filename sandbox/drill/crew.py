"""The actions of people in the practice Slack, and mayday's expected answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.slack import Person, SlackSandbox
from sandbox.slack.values import parse_ts

MOST_PATIENT = 60.0
"""Maximum seconds to wait for any answer of mayday."""

CONFIRM = "run.confirm"
DONE = "Done and verified."
OVER = (DONE, "❌", "❓", "Nothing was left to do.", "nothing was done", "Cancelled by")
PUBLISHED = "The report is published"
REVIEW = "review_report"
REFUSAL = "⚠️"
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_PERSON = re.compile(r"<@(U[A-Z0-9]+)>")

Message = Mapping[str, Any]


class WentWrong(Exception):
    """The story cannot continue; the text gives the expected and the actual result."""


class Crew:
    """The people of a practice Slack around one incident.

    ``channel`` is the id of its channel, empty before it exists; ``named`` the ts of the named
    messages.
    """

    def __init__(self, slack: SlackSandbox) -> None:
        self._slack = slack
        self.channel = ""
        self.named: dict[str, str] = {}
        self._reminders = 0

    def declare(self, who: str, title: str, severity: str, summary: str) -> str:
        """Type the command, submit the form, and join the new channel."""
        person, known = self._slack.person(who), {c.id for c in self._slack.channels()}
        view = self._opened(person, "general", f"/incident declare {title}")
        self._submit(person, view, {"severity": severity, "summary": summary})

        def found() -> str:
            new = (c for c in self._slack.channels() if c.id not in known and c.name)
            return next((c.id for c in new if person.id in c.members), "")

        self._wait(lambda: bool(found()), "the incident's channel, with the declarer in it")
        self.channel = found()
        return f"/incident declare {title} → #{self._slack.channel(self.channel).name}"

    def join(self, who: str) -> str:
        """Join the incident's channel."""
        self._slack.person(who).join(self.channel)
        return "joins"

    def say(self, who: str, text: str, *, name: str = "", where: str = "") -> str:
        """Post to a channel, by default the incident's; ``name`` is for later steps."""
        ts = self._slack.person(who).say(where or self.channel, text)
        if name:
            self.named[name] = ts
        return f"{f'in #{where}: ' if where else ''}“{text}”"

    def reply(self, who: str, to: str, text: str) -> str:
        """Reply in a message's thread."""
        self._slack.person(who).say(self.channel, text, thread_ts=self.named[to])
        return f"in the thread: “{text}”"

    def edit(self, who: str, what: str, text: str) -> str:
        """Edit a message."""
        self._slack.person(who).edit(self.channel, self.named[what], text)
        return f"edits: “{text}”"

    def delete(self, who: str, what: str) -> str:
        """Delete a message."""
        self._slack.person(who).delete(self.channel, self.named[what])
        return "deletes that, it was meant for a terminal"

    def react(self, who: str, to: str, emoji: str) -> str:
        """Put an emoji on a message."""
        self._slack.person(who).react(self.channel, self.named[to], emoji)
        return f"puts :{emoji}: on it"

    def type(self, who: str, line: str, answer: str) -> str:
        """Type a command and wait for ``answer``, in a reply or in the channel."""
        person, since = self._slack.person(who), self._latest(who)
        reply = person.command(self.channel, line)
        seen = str((reply or {}).get("text", ""))
        if answer not in seen:
            if seen:
                raise WentWrong(f"{line} was answered with: {self._plain(seen)}")
            heard = self._heard(person, since, lambda m: answer in _text(m), f"“{answer}”", line)
            # A public answer repeats the command; show only private ones.
            seen = _text(heard) if heard.get("ephemeral") else ""
        return f"{line} → {self._plain(seen)}" if seen else line

    def run(self, who: str, runbook: str) -> str:
        """Request a plan, confirm it, await its end."""
        person, since, line = self._slack.person(who), self._latest(who), f"/incident run {runbook}"
        person.command(self.channel, line)
        plan = self._heard(person, since, _is_decided, f"the plan of {runbook}", line)
        if CONFIRM not in _actions(plan):
            raise WentWrong(f"The plan of {runbook} had nothing to confirm: {_text(plan)}")
        person.press(self.channel, plan["ts"], CONFIRM)

        def now() -> Message:
            return next(m for m in self._slack.messages(self.channel) if m["ts"] == plan["ts"])

        self._wait(lambda: any(word in _text(now()) for word in OVER), f"the end of {runbook}")
        if not _text(now()).endswith(DONE):
            raise WentWrong(f"{runbook} did not end well: {_text(now())}")
        return f"{line} → presses “Run it” → {self._plain(_text(now()))}"

    def remind(self, _who: str) -> str:
        """Wait for mayday's next reminder."""
        self._reminders += 1
        self._wait(
            lambda: len(self.reminders()) >= self._reminders, f"reminder number {self._reminders}"
        )
        return self._plain(_text(self.reminders()[-1]))

    def reminders(self) -> list[Message]:
        """All reminders in the channel."""
        found = self._slack.messages(self.channel)
        return [message for message in found if re.search(r"/remind/\d+$", effect(message))]

    def close(self, who: str, /, **answers: str) -> str:
        """Answer the report's open questions, review it, and wait until it is published."""
        person, since = self._slack.person(who), self._latest(who)
        self._submit(person, self._opened(person, self.channel, "/incident close"), answers)
        asked = self._heard(
            person, since, lambda m: REVIEW in _actions(m), "the request for a review", "the form"
        )
        person.press(self.channel, asked["ts"], REVIEW)
        self._submit(person, self._reviewed(person)["id"], {})
        answer = self._heard(
            person, since, lambda m: PUBLISHED in _text(m), "the report", "the review"
        )
        return f"/incident close → presses “Review and publish” → {_text(answer)}"

    def publish(self, who: str) -> str:
        """Publish again, and look at the form with the report."""
        person, line = self._slack.person(who), "/incident publish"
        person.command(self.channel, line)
        person.close_view(self._reviewed(person)["id"])
        return f"{line} → looks at the report and closes it"

    def _reviewed(self, person: Person) -> Message:
        """The form once it shows the report."""

        def shown() -> list[Message]:
            return [view for view in person.views() if view.get("submit")]

        self._wait(lambda: bool(shown()), "the report in the form")
        return shown()[0]

    def _plain(self, text: str) -> str:
        """A text as shown to people: names for ids, and times in their zone."""
        text = _DATE.sub(lambda found: found[1], text)
        return _PERSON.sub(lambda found: f"@{self._slack.person(found[1]).name}", text)

    def _opened(self, person: Person, channel: str, line: str) -> str:
        """The id of the form that a command opens."""
        reply = person.command(channel, line)
        if reply:
            raise WentWrong(f"{line} was answered with: {reply['text']}")
        self._wait(lambda: bool(person.views()), f"the form of {line}")
        return str(person.views()[-1]["id"])

    def _submit(self, person: Person, view: str, values: Mapping[str, Any]) -> None:
        errors = person.submit(view, values)
        if errors:
            raise WentWrong(f"The form was refused: {errors}")

    def _latest(self, who: str) -> int:
        seen = self._slack.person(who).messages(self.channel)
        return max((parse_ts(message["ts"]) for message in seen), default=0)

    def _heard(
        self, person: Person, since: int, wanted: Callable[[Message], bool], what: str, line: str
    ) -> Message:
        """The first matching message after ``since``; a refusal ends the wait at once."""

        def heard() -> list[Message]:
            new: list[Message] = [
                m for m in person.messages(self.channel) if parse_ts(m["ts"]) > since
            ]
            refused = [m for m in new if REFUSAL in _text(m)]
            return [m for m in new if wanted(m)] or refused

        self._wait(lambda: bool(heard()), f"{what} after {line}")
        found = heard()[0]
        if not wanted(found):
            raise WentWrong(f"{line} was answered with: {_text(found)}")
        return found

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        self._slack.wait_for(condition, MOST_PATIENT, what=what)


def effect(message: Message) -> str:
    """The effect of mayday's in a message's metadata; empty for people's messages."""
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("effect", ""))


def _is_decided(message: Message) -> bool:
    """Whether a run's message shows its plan with the button, or nothing to press."""
    is_run = re.search(r"/run/[0-9a-f]+$", effect(message)) is not None
    return is_run and "Reading the facts" not in _text(message)


def _actions(message: Message) -> set[str]:
    blocks = message.get("blocks") or ()
    elements = (each for block in blocks for each in block.get("elements", ()))
    return {str(element.get("action_id")) for element in elements}


def _text(message: Message) -> str:
    return str(message.get("text") or "")
