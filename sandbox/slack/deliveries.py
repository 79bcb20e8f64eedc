"""Delivers events, commands and interactions to the app.

The `Outbox` applies the fault rules, picks the transport (Socket Mode, or signed HTTP once a request
URL is set), waits for the acknowledgement, and redelivers events as Slack does.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from sandbox.faults import HARMLESS, Fault
from sandbox.own_words import System
from sandbox.rules import Direction, Faults, Passage, Strike
from sandbox.slack.values import Call, Json
from sandbox.slack.workspace import Workspace
from sandbox.traffic import Entry, Mood, Traffic, Way

ACK_SECONDS = 3.0
REDELIVERY_DELAYS = (0.0, 60.0, 300.0)
"""Seconds before each retry of an event: at once, after a minute, after five (Slack Events API)."""

_RECENT = 12
_LOOK_AGAIN = 0.02
"""Seconds between checks whether a held delivery may be sent."""


class DeliveryKind(StrEnum):
    """Kinds of delivery; the values are the envelope types of Socket Mode."""

    EVENT = "events_api"
    COMMAND = "slash_commands"
    INTERACTION = "interactive"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery to the app. `attempt` counts redeliveries from 0."""

    kind: DeliveryKind
    name: str
    payload: Json
    attempt: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The result of a delivery. `reached` is false when no app was connected.

    `retry_attempt` is the retry number to send instead of the attempt.
    """

    reached: bool
    acked: bool
    response: Json | None = None
    reason: str = ""
    retry_attempt: int | None = None


@dataclass(frozen=True, kw_only=True)
class Delivered(Delivery):
    """A finished attempt, for use in tests."""

    reached: bool
    acked: bool


class Transport(Protocol):
    """A way to the app."""

    @property
    def available(self) -> bool:
        """Whether an app is connected."""

    async def send(self, delivery: Delivery, ack_seconds: float) -> Receipt:
        """Send and wait for the acknowledgement. Steps before the first await run in order."""


class Outbox:
    """Delivers from any thread, once `attach` has received the server's event loop."""

    def __init__(
        self, workspace: Workspace, faults: Faults, traffic: Traffic, socket: Transport
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._traffic = traffic
        self._socket = socket
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.http: Transport | None = None
        self.ack_seconds = ACK_SECONDS
        self.redelivery_delays: tuple[float, ...] = REDELIVERY_DELAYS
        self.log: list[Delivered] = []

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Deliver on this loop from now on; None stops all deliveries."""
        self._loop = loop

    @property
    def connected(self) -> bool:
        """Whether an app can be reached."""
        return self._transport.available

    @property
    def _transport(self) -> Transport:
        return self._socket if self.http is None else self.http

    def send_event(self, event: Delivery) -> None:
        """Deliver an event in the background, with redeliveries. Without an app it is dropped."""
        loop = self._loop
        if loop is None:
            return

        def begin() -> None:
            task = loop.create_task(self._with_redeliveries(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop.call_soon_threadsafe(begin)

    def request(self, delivery: Delivery) -> Receipt:
        """Deliver a command or an interaction, and wait for the app's answer."""
        if self._loop is None:
            return Receipt(reached=False, acked=False)
        return asyncio.run_coroutine_threadsafe(self._attempt(delivery), self._loop).result()

    async def _with_redeliveries(self, event: Delivery) -> None:
        receipt = await self._attempt(event)
        if not receipt.reached:
            return
        called = receipt.retry_attempt
        for number, delay in enumerate(self.redelivery_delays, start=1):
            if receipt.acked:
                return
            await asyncio.sleep(delay)
            attempt = number if called is None else called
            receipt = await self._attempt(
                replace(event, attempt=attempt, reason=receipt.reason or "timeout")
            )

    async def _attempt(self, delivery: Delivery) -> Receipt:
        strike = self._faults.pass_through(
            Passage(
                direction=Direction.DELIVERY,
                name=delivery.name,
                kind=delivery.kind,
                body=delivery.payload,
            )
        )
        fault = strike.fault
        entry = self._traffic.begin(
            System.SLACK,
            Way.DELIVERY,
            delivery.name,
            about=_about(delivery),
            asked=delivery.payload,
        )
        await self._hold(strike, entry)
        receipt = Receipt(reached=self.connected and fault.times > 0, acked=False)
        if receipt.reached and fault.effect:
            receipt = await self._transport.send(delivery, self.ack_seconds)
            for _ in range(1, fault.times):
                self._note(delivery, await self._transport.send(delivery, self.ack_seconds))
        if fault.drop and receipt.acked:
            receipt = Receipt(reached=True, acked=False, reason="timeout")
        self._note(delivery, receipt)
        self._trace(entry, receipt, fault)
        return replace(receipt, retry_attempt=fault.retry_attempt)

    def _trace(self, entry: Entry, receipt: Receipt, fault: Fault) -> None:
        if not fault.times:
            outcome = "never sent"
        elif not receipt.reached:
            outcome = "nobody connected"
        elif not fault.effect:
            outcome = "lost on the way"
        elif not receipt.acked:
            outcome = "ack lost" if fault.drop else f"not acked: {receipt.reason or 'timeout'}"
        else:
            outcome = "acked" if fault.times == 1 else f"acked, sent {fault.times} times"
        mood = Mood.GOOD if receipt.acked else Mood.BAD
        self._traffic.say(entry, outcome, mood, answered=receipt.response, struck=fault != HARMLESS)

    async def _hold(self, strike: Strike, entry: Entry) -> None:
        """Delay a delivery for its fault's duration, or until the rule is removed."""
        fault = strike.fault
        if fault.delay or fault.late or fault.overtaken:
            self._traffic.say(entry, "held back", Mood.OPEN, struck=True, ended=False)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        due, gone_out = self._workspace.now() + fault.late, len(self.log) + fault.overtaken
        while strike.stands() and (self._workspace.now() < due or len(self.log) < gone_out):
            await asyncio.sleep(_LOOK_AGAIN)

    def _note(self, delivery: Delivery, receipt: Receipt) -> None:
        with self._workspace.lock:
            fields = vars(delivery)
            self.log.append(Delivered(**fields, reached=receipt.reached, acked=receipt.acked))
            self._workspace.changed.notify_all()


def _about(delivery: Delivery) -> str:
    if delivery.reason:
        return f"again, retry_attempt {delivery.attempt} ({delivery.reason})"
    if delivery.kind is DeliveryKind.COMMAND:
        return str(delivery.payload.get("text", ""))
    event = delivery.payload.get("event", {})
    return str(event.get("subtype") or "") if isinstance(event, dict) else ""


def recent(
    workspace: Workspace, calls: Sequence[Call], deliveries: Sequence[Delivered], sockets: int
) -> str:
    """Returns the last calls, deliveries and messages. Hold the workspace's lock."""
    lines = [f"sockets: {sockets}", "calls:"]
    for call in calls[-_RECENT:]:
        outcome = call.answer.get("error") or ("ok" if call.status == 200 else call.status)
        lines.append(f"  {call.method} {dict(call.args)!r:.200} -> {outcome}")
    lines.append("deliveries:")
    for delivered in deliveries[-_RECENT:]:
        came = "acked" if delivered.acked else "not acked"
        lines.append(f"  {delivered.name} attempt {delivered.attempt}: {came}")
    lines.append("messages:")
    for channel in workspace.channels.values():
        for message in list(channel.messages.values())[-3:]:
            lines.append(f"  {channel.name or channel.id} {message['ts']} {message['text']!r:.120}")
    return "\n".join(lines)
