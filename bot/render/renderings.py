"""Which version of its rendering each kind of resource has.

A resource whose values are unchanged is not touched when a release words it differently. Raise a
number here when what stands outside would be wrong in its old rendering (a button that no longer
works, a wrong statement): every resource of that kind is then updated once.
"""

from __future__ import annotations

from bot.domain.resources import ResourceKind

RENDERINGS = {
    ResourceKind.CHANNEL: 1,
    ResourceKind.INVITE: 1,
    ResourceKind.GROUP_INVITE: 1,
    ResourceKind.NOT_INVITED: 1,
    ResourceKind.ON_CALL: 1,
    ResourceKind.ON_CALL_SHOWN: 1,
    ResourceKind.CARD: 3,
    ResourceKind.PIN: 1,
    ResourceKind.TOPIC: 1,
    ResourceKind.CANVAS: 1,
    ResourceKind.BOOKMARK: 1,
    ResourceKind.ANNOUNCEMENT: 1,
    ResourceKind.ORIGIN_REPLY: 1,
    ResourceKind.ANNOUNCED_UPDATE: 1,
    ResourceKind.ENTRY: 1,
    ResourceKind.ALIKE: 1,
    ResourceKind.NOTIFIED: 1,
    ResourceKind.CATCH_UP: 1,
    ResourceKind.NEWS: 1,
    ResourceKind.FILED: 1,
    ResourceKind.REMINDER: 1,
    ResourceKind.INCIDENT_REMINDER: 1,
    ResourceKind.DIAGNOSIS: 1,
    ResourceKind.RUN: 1,
    ResourceKind.RUN_STEP: 1,
    ResourceKind.PLAN_CHANGED: 1,
    ResourceKind.NOTICE: 1,
    ResourceKind.CHANNEL_NOTICE: 1,
    ResourceKind.HANDOVER: 1,
    ResourceKind.REVIEW: 1,
    ResourceKind.CONFLICT: 1,
    ResourceKind.ITEM_NAG: 1,
    ResourceKind.REPORT_FILE: 1,
    ResourceKind.REPORT_ISSUE: 1,
    ResourceKind.ITEM_ISSUE: 1,
    ResourceKind.SUB_ISSUE: 1,
    ResourceKind.REPORT_BRANCH: 1,
    ResourceKind.REPORT_PULL: 1,
}
