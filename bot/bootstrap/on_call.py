"""The schedules of on-call people, from the configuration. No system is contacted before its first use."""

from __future__ import annotations

from bot.adapters.ical_schedule import ICalSchedule
from bot.adapters.pagerduty import PagerDutySchedule
from bot.bootstrap.outside import secret
from bot.config import Config
from bot.config_on_call import OnCall as OnCallSection
from bot.ports import OnCall
from bot.services.on_call import Schedule


def schedules(config: Config) -> dict[str, Schedule]:
    """Return every schedule by its name."""
    return {
        each.name: Schedule(
            name=each.name,
            source=_source(config, each),
            hubs=frozenset(each.hubs),
            people=each.people,
        )
        for each in config.on_call
    }


def _source(config: Config, section: OnCallSection) -> OnCall:
    timeout = config.practice.call_limit
    if section.ical is not None:
        return ICalSchedule(
            name=section.name,
            source=secret(section.ical),
            zone=config.report.zone,
            timeout=timeout,
        )
    return PagerDutySchedule(
        name=section.name,
        schedule=section.pagerduty,
        token=secret(config.pagerduty.token),
        api_url=config.pagerduty.api_url,
        timeout=timeout,
    )
