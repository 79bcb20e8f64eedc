"""The settings of services, and the checks of Slack's tokens, from the configuration."""

from __future__ import annotations

from bot.config import Config
from bot.config_access import Allow
from bot.domain.access import Rules
from bot.domain.incident import Policy
from bot.domain.item_policy import ItemPolicy
from bot.errors import ConfigError
from bot.services.settings import AllowList, Filing, HubPlace, Settings

NO_BOT_TOKEN = "slack.bot_token is missing: set it to the bot token (xoxb-…)."  # noqa: S105
NO_APP_TOKEN = (
    "slack.app_token is missing: set it to the app token (xapp-…), or use slack.mode: http."  # noqa: S105
)
NO_SIGNING_SECRET = (
    "slack.signing_secret is missing: slack.mode http needs it to verify Slack's requests."  # noqa: S105
)


def check_tokens(config: Config) -> None:
    """Return if Slack's tokens are complete. This runs before anything is opened.

    Raises:
        ConfigError: a token is missing.
    """
    if config.slack.bot_token is None:
        raise ConfigError(NO_BOT_TOKEN)
    if config.slack.mode == "socket" and config.slack.app_token is None:
        raise ConfigError(NO_APP_TOKEN)
    if config.slack.mode == "http" and config.slack.signing_secret is None:
        raise ConfigError(NO_SIGNING_SECRET)


def settings(config: Config) -> Settings:
    """Return what the services read of the configuration."""
    incident = config.incident
    return Settings(
        policy=Policy(
            severities=tuple(s.name for s in incident.severities),
            statuses=incident.statuses,
            roles=incident.roles,
        ),
        intervals={s.name: s.interval for s in incident.severities},
        reactions=incident.reactions,
        groups=incident.action_groups,
        channel_template=incident.channel_name,
        command=config.slack.command,
        announce_channel=config.slack.announce_channel,
        zone=config.report.zone,
        report_form=config.report.form.value,
        hubs={
            hub.name: HubPlace(
                name=hub.name, url=hub.url, cluster=hub.cluster, namespace=hub.namespace
            )
            for hub in config.hubs
        },
        rules=Rules(
            guests=frozenset(config.access.guests),
            restricted={act: frozenset(groups) for act, groups in config.access.restrict.items()},
        ),
        operators=_listed(config.runbooks.allow),
        approvers=_listed(config.access.approvers),
        admins=_listed(config.access.admins),
        open_to_all=config.practice.open_to_all,
        keep_deleted=config.record.keep_deleted,
        date_order=config.report.date_order,
        items=_item_policy(config),
        filing=Filing(
            labels=config.github.labels,
            item_labels=config.github.item_labels,
            assignees=config.github.assignees,
        ),
    )


def _item_policy(config: Config) -> ItemPolicy:
    nag = config.action_items.nag
    return ItemPolicy(
        categories=config.action_items.categories,
        close_requires=config.incident.close_requires,
        can_file=bool(config.github.repository),
        reminds_owner=nag.owner,
        every=nag.every,
        escalate_after=nag.escalate_after,
        escalate_to=nag.escalate_to,
        digest_channel=nag.digest_channel,
        digest_day=nag.weekday,
    )


def _listed(allow: Allow) -> AllowList:
    return AllowList(users=frozenset(allow.users), groups=frozenset(allow.groups))
