"""Rows about people: profiles and user groups."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.errors import UserError
from tests.smoke import samples
from tests.smoke.result import NotTried, Row, expect
from tests.smoke.world import Smoke

FIELDS = ("team_id", "tz", "is_restricted", "is_ultra_restricted", "is_bot", "deleted")
NO_GROUPS = "plan_upgrade_required"
NO_GROUP = "Set SMOKE_GROUP to the id of a user group, S…, to compare its members."


def own_profile(smoke: Smoke) -> str:
    profile = smoke.chat.profile(smoke.me.user_id)
    expect(profile.is_bot, "is_bot is false for the bot", "mayday invites no bots: report this.")
    expect(profile.team_id == smoke.me.team_id, f"team_id is {profile.team_id}", "Report this.")
    return f"{profile.name}, a bot of this workspace"


def profile(smoke: Smoke) -> str:
    found = smoke.chat.profile(smoke.person())
    raw = smoke.api.last("users.info")["user"]
    missing = [name for name in FIELDS if name not in raw]
    expect(
        not missing,
        f"without {', '.join(missing)}",
        "mayday tells guests and foreigners by these: report this.",
    )
    ZoneInfo(found.zone)
    home = (
        "this workspace" if found.team_id == smoke.me.team_id else f"another one, {found.team_id}"
    )
    kind = "a guest" if found.is_guest else "a member"
    return f"{kind} of {home}, zone {found.zone}"


def email(smoke: Smoke) -> str:
    found = smoke.chat.find_person("nobody@mayday.invalid")
    expect(found is None, f"{found} has an address of nobody's", "Report this.")
    return "users_not_found for an address of nobody's"


def group(smoke: Smoke) -> str:
    if not smoke.group:
        code = smoke.refusal("usergroups.users.list", usergroup="S00000000")
        return f"{code} for a group that doesn't exist. {NO_GROUP}"
    return f"{len(smoke.chat.group_members(smoke.group))} members"


def handles(smoke: Smoke) -> str:
    try:
        found = smoke.chat.group_names()
    except UserError as exc:
        if exc.code != NO_GROUPS:
            raise
        return f"{exc.code}: this workspace has no user groups"
    unnamed = sorted(group for group, name in found.items() if not name)
    expect(
        not unnamed, f"without a handle: {', '.join(unnamed)}", "Reports name groups: report it."
    )
    expect(
        not smoke.group or smoke.group in found,
        f"{smoke.group} isn't among {len(found)} groups",
        "Set SMOKE_GROUP to the id of a group of this workspace.",
    )
    shown = f", {smoke.group} is @{found[smoke.group]}" if smoke.group else ""
    return f"{len(found)} groups{shown}"


def members(smoke: Smoke) -> str:
    if not smoke.group:
        raise NotTried(NO_GROUP)
    person, found = smoke.person(), smoke.chat.group_members(smoke.group)
    expect(
        person in found,
        f"{person} isn't among {len(found)} members",
        "Add the person to the group, or set SMOKE_GROUP to another one.",
    )
    return f"{person} is one of {len(found)}"


def home(smoke: Smoke) -> str:
    view = samples.longest_home(smoke.config, smoke.person())
    smoke.chat.publish_home(smoke.person(), view)
    return f"{len(view['blocks'])} blocks; open the app to see them"


ROWS = (
    Row(what="the bot's own profile", run=own_profile, covers=("users.info",)),
    Row(what="an e-mail address of nobody's", run=email, covers=("users.lookupByEmail",)),
    Row(what="user groups can be read", run=group, covers=("usergroups.users.list",)),
    Row(what="user groups have handles", run=handles, covers=("usergroups.list",)),
)

WITH_A_PERSON = (
    Row(what="a person's profile", run=profile, covers=("users.info",)),
    Row(what="a group has the person", run=members, covers=("usergroups.users.list",)),
    Row(what="a person's Home", run=home, covers=("views.publish",)),
)
