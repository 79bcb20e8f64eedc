"""Slack's events in the order of their arrival, processed one at a time by one thread.

An event stays here until it is processed, and is acknowledged only then: after a kill or a stop, Slack
delivers what was waiting again. Slack also repeats an event that is not acknowledged within three seconds.
A copy of an event that is still here is not processed again, but acknowledged with the first.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode.internals import send_response
from slack_sdk.socket_mode.request import SocketModeRequest
from websocket import WebSocketException

from bot.slack.connection import Connection, FrameTooLarge

MOST = 10_000
"""The most events that wait. What arrives beyond that is not acknowledged, so that Slack repeats it."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A request of Slack's and the connection that it came by; ``began`` is in seconds since the epoch."""

    connection: Connection
    request: SocketModeRequest
    began: float = field(default_factory=time.time)

    def acknowledge(self, response: BoltResponse) -> None:
        """Send the response, without its content where that is too large for Slack.

        Slack repeats an event whose acknowledgement is lost.
        """
        try:
            try:
                send_response(self.connection, self.request, response, self.began)
            except FrameTooLarge:
                log.error(
                    "socket.answer_too_large", kind=self.request.type, size=len(response.body)
                )
                empty = BoltResponse(status=response.status)
                send_response(self.connection, self.request, empty, self.began)
        except (WebSocketException, OSError) as exc:
            log.warning("socket.not_acknowledged", kind=self.request.type, error=str(exc))


class EventQueue:
    """Calls ``process`` with one event after the other, and acknowledges it with what that returns."""

    def __init__(self, process: Callable[[SocketModeRequest], BoltResponse]) -> None:
        self._process = process
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, list[Delivery]] = OrderedDict()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="slack-events", daemon=True)

    def start(self) -> None:
        """Begin to process."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Finish the event in hand, for at most so many seconds, and leave the others unacknowledged."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def put(self, delivery: Delivery) -> None:
        """Append an event, or a copy to the event that it repeats."""
        request = delivery.request
        key = str(request.payload.get("event_id") or request.envelope_id)
        with self._changed:
            if key in self._waiting:
                self._waiting[key].append(delivery)
            elif len(self._waiting) < MOST:
                self._waiting[key] = [delivery]
                self._changed.notify()
            else:
                log.warning("socket.event_refused", waiting=MOST)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_stopped)
                if self._is_stopped:
                    return
                key, deliveries = next(iter(self._waiting.items()))
                request = deliveries[0].request
            response = self._process(request)
            with self._changed:
                del self._waiting[key]
            for delivery in deliveries:
                delivery.acknowledge(response)
