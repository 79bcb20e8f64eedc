"""Rows about the token: who the bot is, its scopes, and Slack's clock."""

from __future__ import annotations

from datetime import timedelta

from bot.slack.scopes import missing_scopes, required_scopes
from tests.smoke.result import Row, expect
from tests.smoke.world import Smoke


def identity(smoke: Smoke) -> str:
    me = smoke.me
    expect(
        me.user_id and me.bot_id and me.team_id and me.url.startswith("http"),
        f"auth.test gave user {me.user_id!r}, bot {me.bot_id!r}, team {me.team_id!r}, URL {me.url!r}",
        "Use the Bot User OAuth Token of the app, xoxb-…: mayday recognises its messages by these.",
    )
    return f"workspace {me.team}, bot user {me.user_id}"


def app(smoke: Smoke) -> str:
    shown = smoke.call("bots.info", bot=smoke.me.bot_id)["bot"].get("app_id")
    expect(
        shown and smoke.me.app_id == shown,
        f"bots.info shows the app {shown!r}, mayday knows {smoke.me.app_id!r}",
        "mayday can't refuse what is sent for another app: run this again, and report it if it stays.",
    )
    return f"app {shown}"


def scopes(smoke: Smoke) -> str:
    granted = smoke.me.scopes
    expect(
        granted,
        "Slack's answer has no header x-oauth-scopes",
        "Check a proxy between mayday and Slack: `mayday check` can't tell which scopes are missing.",
    )
    missing = missing_scopes(granted)
    expect(
        not missing,
        f"missing: {', '.join(missing)}",
        "Add them to the app, for example by pasting bot/slack/manifest.yaml, and reinstall it.",
    )
    more = sorted(granted - required_scopes())
    return f"{len(granted)} scopes" + (f"; not needed: {', '.join(more)}" if more else "")


def clock(smoke: Smoke) -> str:
    _ = smoke.me
    skew = smoke.chat.skew()
    expect(
        skew is not None,
        "Slack's answer has no Date header",
        "Check a proxy between mayday and Slack: mayday dates by Slack's clock.",
    )
    assert skew is not None
    expect(
        abs(skew) <= timedelta(minutes=1),
        f"this machine's clock differs from Slack's by {skew.total_seconds():.0f} s",
        "Synchronize the clock, for example with NTP.",
    )
    return f"this machine differs from Slack by {skew.total_seconds():.0f} s"


ROWS = (
    Row(what="Slack accepts the bot token", run=identity, covers=("auth.test",)),
    Row(what="the bot's app is known", run=app, covers=("bots.info",)),
    Row(what="the token has every scope", run=scopes),
    Row(what="answers have Slack's time", run=clock),
)
