"""Buttons, forms, shortcuts and menus: the tables of what answers each by its id, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from bot.render import card, forms, listing, runs
from bot.slack.access import Anywhere, MayRun, OnIncident, Route, of_button, of_form, of_run
from bot.slack.commands import close as close_command
from bot.slack.commands import declare as declare_command
from bot.slack.commands import incidents, menu, report, status, timeline
from bot.slack.commands import run as run_command
from bot.slack.commands import update as update_command
from bot.slack.interactions import (
    action_item,
    buttons,
    close,
    declare,
    entry,
    hubs,
    runbook,
    update,
)

SHORTCUT_TIMELINE = "add_to_timeline"
SHORTCUT_ACTION = "file_action_item"
SHORTCUT_DECLARE = "declare"

FORMS: Mapping[str, Route] = {
    forms.DECLARE: Anywhere(declare.submitted),
    forms.UPDATE: OnIncident(update.submitted, of_form),
    forms.ACTION_ITEM: OnIncident(action_item.submitted, of_form),
    forms.EDIT_ENTRY: OnIncident(entry.submitted, of_form),
    forms.RUN: MayRun(runbook.submitted, of_form),
    forms.CLOSE: OnIncident(close.submitted, of_form),
}

BUTTONS: Mapping[str, Route] = {
    runs.ACTION_CONFIRM: MayRun(runbook.confirm, of_run),
    runs.ACTION_CANCEL: MayRun(runbook.cancel, of_run),
    card.ACTION_UPDATE: OnIncident(update_command.handle),
    card.ACTION_RUN: MayRun(run_command.handle),
    card.ACTION_TIMELINE: OnIncident(timeline.handle),
    card.ACTION_RESOLVE: OnIncident(status.resolve),
    card.ACTION_CLOSE: OnIncident(close_command.handle),
    card.ACTION_REOPEN: OnIncident(close_command.reopen),
    card.ACTION_REPORT: OnIncident(report.handle),
    card.ACTION_RETRY: OnIncident(buttons.retry, of_button),
    card.ACTION_SNOOZE: OnIncident(buttons.snooze),
    card.ACTION_COMMAND: OnIncident(buttons.take_command),
    listing.ACTION_DECLARE: Anywhere(declare_command.handle),
    listing.ACTION_LIST: Anywhere(incidents.handle),
    listing.ACTION_HELP: Anywhere(menu.help_),
    listing.ACTION_ENTRY: OnIncident(entry.menu),
}

SHORTCUTS: Mapping[str, Route] = {
    SHORTCUT_TIMELINE: OnIncident(entry.shortcut),
    SHORTCUT_ACTION: OnIncident(action_item.shortcut),
    SHORTCUT_DECLARE: Anywhere(declare_command.handle),
}

OPTIONS: Mapping[str, Route] = {
    forms.HUB: Anywhere(hubs.suggest),
    forms.HUBS: Anywhere(hubs.suggest),
}
