"""The settings of services, and the checks of Slack's tokens, from the configuration."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.config import Config
from bot.config_access import Allow
from bot.config_incident import Invite
from bot.config_report import ReportTarget
from bot.domain.access import Rules
from bot.domain.audiences import USERS, Audience
from bot.domain.incident import Policy
from bot.domain.inviting import InviteRule
from bot.domain.item_policy import ItemPolicy
from bot.domain.publication import Target, TargetKind
from bot.domain.reminders import ReminderRules
from bot.domain.report_form import ReportForm
from bot.errors import ConfigError
from bot.forms import Forms, TemplateProblem
from bot.render.form_trial import try_form
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
    incident, forms = config.incident, report_forms(config)
    return Settings(
        policy=Policy(
            severities=tuple(s.name for s in incident.severities),
            statuses=incident.statuses,
            roles=tuple(role.name for role in incident.roles),
            leading=next((role.name for role in incident.roles if role.leads), ""),
            speaking=next((role.name for role in incident.roles if role.speaks), ""),
            declarer_leads=incident.declarer_leads,
            descriptions={role.name: role.description for role in incident.roles},
        ),
        intervals={s.name: s.interval for s in incident.severities},
        reactions=incident.reactions,
        groups=_groups(config, forms.get(config.report.form)),
        channel_template=incident.channel_name,
        command=config.slack.command,
        announce_channel=config.slack.announce_channel,
        zone=config.report.zone,
        report_form=config.report.form,
        forms=forms,
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
        guard_patterns=config.report.guard.patterns,
        guard_public=frozenset(config.report.guard.public),
        targets=targets(config),
        items=_item_policy(config),
        files_drills=config.report.file_drills,
        declare_reaction=incident.declare_reaction,
        audiences=tuple(
            Audience(name=each.name, channels=each.channels, hubs=each.hubs, texts=each.texts)
            for each in config.communication.audiences
        )
        or (USERS,),
        reminders=_reminder_rules(config),
        invite=tuple(_invite_rule(rule) for rule in incident.invite),
        filing=Filing(
            labels=config.github.labels,
            item_labels=config.github.item_labels,
            assignees=config.github.assignees,
        ),
    )


def report_forms(config: Config) -> Forms:
    """Return the report forms, with the team's own.

    Raises:
        ConfigError: a form of the team can't be used, or a target's form does not exist; the text names the
            file and the line, or the form.
    """
    forms = Forms.read(config.report.forms)
    for form in forms.own.values():
        try:
            try_form(form)
        except TemplateProblem as exc:
            raise ConfigError(f"report.forms: {exc}") from None
    for target in config.report.targets:
        forms.get(target.form or config.report.form)
    return forms


def _groups(config: Config, form: ReportForm) -> tuple[str, ...]:
    """Return the groups of action items: the configured ones, or else those of the form."""
    incident = config.incident
    is_configured = "action_groups" in incident.model_fields_set
    return incident.action_groups if is_configured else form.groups or incident.action_groups


def targets(config: Config) -> tuple[Target, ...]:
    """The configured targets, or the folder and an issue in the configured repository."""
    ours = config.github.repository
    if not config.report.targets:
        folder = Target(kind=TargetKind.FOLDER)
        issue = Target(kind=TargetKind.ISSUE, repository=ours, is_private=True)
        return (issue, folder) if ours else (folder,)
    found: list[Target] = []
    for each in config.report.targets:
        target = _target(each, ours)
        # Only a further one has the repository's name in its key, so that a repository can be renamed.
        if any((target.kind, target.form) == (other.kind, other.form) for other in found):
            names = (target.repository.casefold(), target.form)
            target = replace(target, subject="/".join(name for name in names if name))
        found.append(target)
    return tuple(found)


def _target(configured: ReportTarget, ours: str) -> Target:
    kind = TargetKind(configured.to)
    return Target(
        kind=kind,
        subject=configured.form,
        repository="" if kind is TargetKind.FOLDER else configured.repository or ours,
        form=configured.form,
        base=configured.base,
        path=configured.path,
        index=configured.index,
        is_private=configured.private,
    )


def _reminder_rules(config: Config) -> ReminderRules:
    incident = config.incident
    hours = incident.business_hours
    return ReminderRules(
        lead={each.name: timedelta(minutes=each.lead_minutes) for each in incident.severities},
        stale=timedelta(hours=incident.stale_hours),
        rollback=timedelta(minutes=incident.rollback_minutes),
        rollback_runbook=incident.rollback_runbook,
        hours=hours.in_zone(config.report.zone) if hours else None,
    )


def _invite_rule(rule: Invite) -> InviteRule:
    return InviteRule(
        severities=frozenset(rule.severity),
        hubs=frozenset(rule.hubs),
        users=rule.users,
        groups=rule.groups,
        on_call=rule.on_call,
        role=rule.role,
        is_private=rule.private,
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
