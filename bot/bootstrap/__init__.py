"""Builds the bot from its configuration: the only place that creates, registers and wires components."""

from bot.bootstrap.bot import Bot
from bot.bootstrap.links import missing_pages
from bot.bootstrap.on_call import schedules
from bot.bootstrap.outside import (
    domain_clock,
    forges,
    report_repository,
    require_all_bound,
    require_bound,
    sites,
    web_client,
)
from bot.bootstrap.policies import with_policies
from bot.bootstrap.settings import check_tokens, report_forms, settings, targets
from bot.durable import look_at_workflows

__all__ = [
    "Bot",
    "check_tokens",
    "domain_clock",
    "forges",
    "look_at_workflows",
    "missing_pages",
    "report_forms",
    "report_repository",
    "require_all_bound",
    "require_bound",
    "schedules",
    "settings",
    "sites",
    "targets",
    "web_client",
    "with_policies",
]
