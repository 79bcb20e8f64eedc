"""A Slack double for a real slack-bolt and slack_sdk, on 127.0.0.1 only."""

from sandbox.faults import Fault, answers, drop_after, drop_before, rate_limited, twice
from sandbox.outages import Outage, Param
from sandbox.rules import Direction, FaultHook, Passage, on_call, on_delivery
from sandbox.slack.deliveries import Delivered
from sandbox.slack.person import Person
from sandbox.slack.sandbox import SlackSandbox
from sandbox.slack.values import PersonError, Upload
from sandbox.slack.workspace import Channel, ChannelKind

__all__ = [
    "Channel",
    "ChannelKind",
    "Delivered",
    "Direction",
    "Fault",
    "FaultHook",
    "Outage",
    "Param",
    "Passage",
    "Person",
    "PersonError",
    "SlackSandbox",
    "Upload",
    "answers",
    "drop_after",
    "drop_before",
    "on_call",
    "on_delivery",
    "rate_limited",
    "twice",
]
