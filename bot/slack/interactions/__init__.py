"""Buttons, forms, shortcuts and menus: the tables of what answers each by its id, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.access import Act
from bot.render import card, forms, listing, runs
from bot.slack.access import (
    Anywhere,
    OnIncident,
    Route,
    of_button,
    of_button_or_channel,
    of_entry,
    of_form,
    of_run,
)
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
    forms.DECLARE: Anywhere(Act.DECLARE, declare.submitted),
    forms.UPDATE: OnIncident(Act.CHANGE, update.submitted, of_form),
    forms.ACTION_ITEM: OnIncident(Act.RECORD, action_item.submitted, of_form),
    forms.EDIT_ENTRY: OnIncident(Act.EDIT, entry.submitted, of_form),
    forms.ANNOTATE_ENTRY: OnIncident(Act.EDIT, entry.annotated, of_form),
    forms.RUN: OnIncident(Act.PLAN, runbook.submitted, of_form),
    forms.CLOSE: OnIncident(Act.CLOSE, close.submitted, of_form),
}

BUTTONS: Mapping[str, Route] = {
    runs.ACTION_CONFIRM: OnIncident(Act.APPROVE, runbook.confirm, of_run),
    runs.ACTION_CANCEL: OnIncident(Act.PLAN, runbook.cancel, of_run),
    runs.ACTION_STOP: OnIncident(Act.PLAN, runbook.stop, of_run),
    card.ACTION_UPDATE: OnIncident(Act.CHANGE, update_command.handle),
    card.ACTION_RUN: OnIncident(Act.PLAN, run_command.handle),
    card.ACTION_TIMELINE: OnIncident(Act.READ, timeline.handle),
    card.ACTION_RESOLVE: OnIncident(Act.CHANGE, status.resolve, of_button_or_channel),
    card.ACTION_CLOSE: OnIncident(Act.CLOSE, close_command.handle, of_button_or_channel),
    card.ACTION_REOPEN: OnIncident(Act.CLOSE, close_command.reopen, of_button_or_channel),
    card.ACTION_REPORT: OnIncident(Act.READ, report.handle, of_button_or_channel),
    card.ACTION_RETRY: OnIncident(Act.CHANGE, buttons.retry, of_button),
    card.ACTION_SNOOZE: OnIncident(Act.CHANGE, buttons.snooze),
    card.ACTION_COMMAND: OnIncident(Act.ASSIGN, buttons.take_command),
    listing.ACTION_DECLARE: Anywhere(Act.DECLARE, declare_command.handle),
    listing.ACTION_LIST: Anywhere(Act.LIST, incidents.handle),
    listing.ACTION_HELP: Anywhere(Act.HELP, menu.help_),
    listing.ACTION_ENTRY: OnIncident(Act.EDIT, entry.menu, of_entry),
}

SHORTCUTS: Mapping[str, Route] = {
    SHORTCUT_TIMELINE: OnIncident(Act.RECORD, entry.shortcut),
    SHORTCUT_ACTION: OnIncident(Act.RECORD, action_item.shortcut),
    SHORTCUT_DECLARE: Anywhere(Act.DECLARE, declare_command.handle),
}

OPTIONS: Mapping[str, Route] = {
    forms.HUB: Anywhere(Act.HELP, hubs.suggest),
    forms.HUBS: Anywhere(Act.HELP, hubs.suggest),
}
