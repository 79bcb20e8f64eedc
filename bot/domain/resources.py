"""What mayday keeps in step outside (messages, pins, issues, files): their kinds, states and keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Any


class ResourceKind(StrEnum):
    """What a resource is. The comment names its subject; without one an incident has at most one."""

    CHANNEL = "channel"
    INVITE = "invite"  # the person's user id
    GROUP_INVITE = "group_invite"  # the user group's id
    NOT_INVITED = "not_invited"  # the user group's id
    ON_CALL = "on_call"  # the schedule's name
    ON_CALL_SHOWN = "on_call_shown"  # the schedule's name
    CARD = "card"
    PIN = "pin"
    TOPIC = "topic"
    CANVAS = "canvas"
    BOOKMARK = "bookmark"  # the bookmark's title
    ANNOUNCEMENT = "announcement"
    ORIGIN_REPLY = "origin_reply"
    ANNOUNCED_UPDATE = "announced_update"  # the entry's id
    ENTRY = "entry"  # the entry's id
    ALIKE = "alike"
    NOTIFIED = "notified"  # the beginning of the act's digest, and the channel's number
    CATCH_UP = "catch_up"  # the user id of the person who joined, and when
    NEWS = "news"  # the entry's id and the subscriber's user id
    FILED = "filed"  # the message's ts
    REMINDER = "reminder"  # the reminder's number
    INCIDENT_REMINDER = "incident_reminder"  # the reminder's kind and number
    DIAGNOSIS = "diagnosis"  # the diagnosis' id
    RUN = "run"  # the run's id
    RUN_STEP = "run_step"  # the run's id and the step's number
    PLAN_CHANGED = (
        "plan_changed"  # the run's id, the round that was approved, and the person's user id
    )
    NOTICE = "notice"
    CHANNEL_NOTICE = "channel_notice"  # the entry's id and the person's user id
    HANDOVER = "handover"  # the entry's id
    REVIEW = "review"  # the beginning of the text's digest
    CONFLICT = "conflict"  # a hash of the text's key and of what both sides changed
    ITEM_NAG = "item_nag"  # the action item's id, and the reminder's number or why it is sent
    REPORT_FILE = "report_file"  # the target's subject
    REPORT_ISSUE = "report_issue"  # the target's subject
    ITEM_ISSUE = "item_issue"  # the action item's id
    SUB_ISSUE = "sub_issue"  # the action item's id
    REPORT_BRANCH = "report_branch"  # the target's subject
    REPORT_PULL = "report_pull"  # the target's subject


PUBLISHED_KINDS = frozenset(
    {
        ResourceKind.REPORT_FILE,
        ResourceKind.REPORT_ISSUE,
        ResourceKind.ITEM_ISSUE,
        ResourceKind.SUB_ISSUE,
        ResourceKind.REPORT_BRANCH,
        ResourceKind.REPORT_PULL,
    }
)
"""The kinds that the publish workflow handles; the sync workflow handles all others."""


PERSONAL_KINDS = frozenset({ResourceKind.CATCH_UP, ResourceKind.NEWS})
"""The kinds that one person sees. Where one fails, nobody else needs to know."""


class ResourceState(StrEnum):
    """How far a resource has come.

    ``attempting`` is committed before the call that creates it, so it may exist although its reference
    is unknown. ``needs_human`` is neither repeated nor counted as done until a person asks for it.
    """

    PENDING = "pending"
    ATTEMPTING = "attempting"
    DONE = "done"
    FAILED = "failed"
    NEEDS_HUMAN = "needs_human"


_KEY_NAMES = {
    ResourceKind.ANNOUNCED_UPDATE: "announced",
    ResourceKind.REMINDER: "remind",
    ResourceKind.INCIDENT_REMINDER: "reminder",
    ResourceKind.RUN_STEP: "run",
    ResourceKind.REPORT_FILE: "publish/folder",
    ResourceKind.REPORT_ISSUE: "publish/incident",
    ResourceKind.ITEM_ISSUE: "publish/item",
    ResourceKind.SUB_ISSUE: "publish/child",
    ResourceKind.REPORT_BRANCH: "publish/branch",
    ResourceKind.REPORT_PULL: "publish/pull",
}
"""Where a key names its kind otherwise. Keys never change: messages carry them as metadata."""


def resource_key(incident_id: str, kind: ResourceKind, subject: str = "") -> str:
    """The unique key of a resource, which its message carries so that it can be found again."""
    name = _KEY_NAMES.get(kind, kind.value)
    return "/".join(part for part in (incident_id, name, subject) if part)


def step_subject(run_id: str, number: int) -> str:
    """The subject of a run's step."""
    return f"{run_id}/step/{number}"


def as_json(value: Any, *, leave_out: Iterable[str] = ()) -> Any:
    """The value as plain JSON, the same for equal values; ``leave_out`` names fields of dataclasses."""
    if is_dataclass(value):
        return {
            each.name: as_json(getattr(value, each.name), leave_out=leave_out)
            for each in fields(value)
            if each.name not in leave_out
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {
            str(as_json(key)): as_json(item, leave_out=leave_out) for key, item in value.items()
        }
    if isinstance(value, set | frozenset):
        return sorted(as_json(item, leave_out=leave_out) for item in value)
    if isinstance(value, list | tuple):
        return [as_json(item, leave_out=leave_out) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def digest(value: Any) -> str:
    """A short fingerprint of plain JSON, for specs whose values are too many to store twice."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
