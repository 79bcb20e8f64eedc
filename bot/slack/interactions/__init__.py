"""Buttons, forms, shortcuts and menus: the tables of what answers each by its id, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.access import Act
from bot.render import (
    answers,
    card,
    conflicts,
    declare_form,
    edit_forms,
    edit_pages,
    forms,
    hub_menu,
    listing,
    obligations,
    people_forms,
    reader_buttons,
    reminders,
    report_forms,
    review,
    run_form,
    runs,
)
from bot.render import diagnose as diagnosis
from bot.render import items as item_words
from bot.render import notify as notify_words
from bot.slack.access import (
    Anywhere,
    InAnyChannel,
    OnIncident,
    OnRunbook,
    Route,
    of_button,
    of_button_or_channel,
    of_channel,
    of_channel_if_any,
    of_entry,
    of_form,
    of_form_if_any,
    of_form_or_none,
    of_item,
    of_run,
    of_value,
)
from bot.slack.commands import catchup, incidents, menu, notify, report, status, subscribe, timeline
from bot.slack.commands import close as close_command
from bot.slack.commands import declare as declare_command
from bot.slack.commands import details as details_command
from bot.slack.commands import diagnose as diagnose_command
from bot.slack.commands import end as end_command
from bot.slack.commands import handover as handover_command
from bot.slack.commands import invite as invite_command
from bot.slack.commands import run as run_command
from bot.slack.commands import time as time_command
from bot.slack.commands import update as update_command
from bot.slack.interactions import (
    action_item,
    buttons,
    close,
    conflict,
    declare,
    diagnose,
    edit,
    entry,
    hubs,
    items,
    people,
    review_report,
    runbook,
    send,
    update,
)
from bot.slack.reactions import REACTION_DECLARE

SHORTCUT_TIMELINE = "add_to_timeline"
SHORTCUT_ACTION = "file_action_item"
SHORTCUT_DECLARE = "declare"
SHORTCUT_DECLARE_FROM = "declare_from_message"

FORMS: Mapping[str, Route] = {
    declare_form.DECLARE: Anywhere(Act.DECLARE, declare.submitted),
    forms.DIAGNOSE: InAnyChannel(Act.DIAGNOSE, diagnose_command.submitted, of_form_or_none),
    forms.UPDATE: OnIncident(Act.CHANGE, update.submitted, of_form),
    people_forms.HANDOVER: OnIncident(Act.ASSIGN, people.handed_over, of_form),
    people_forms.INVITE: OnIncident(Act.ASSIGN, people.invited, of_form),
    forms.ACTION_ITEM: OnIncident(Act.RECORD, action_item.submitted, of_form),
    forms.EDIT_ENTRY: OnIncident(Act.EDIT, entry.submitted, of_form),
    edit_forms.EDIT_PART: OnIncident(Act.EDIT, edit.submitted, of_form),
    forms.ANNOTATE_ENTRY: OnIncident(Act.EDIT, entry.annotated, of_form),
    forms.RUN: OnRunbook(Act.PLAN, runbook.submitted, of_form_if_any),
    report_forms.TIMES: OnIncident(Act.EDIT, time_command.submitted, of_form),
    forms.CLOSE: OnIncident(Act.CLOSE, close.submitted, of_form),
    conflicts.FORM: OnIncident(Act.PUBLISH, conflict.submitted, of_form),
    review.PUBLISH: OnIncident(Act.PUBLISH, review_report.submitted, of_form),
    notify_words.FORM: OnIncident(Act.PUBLISH, notify.submitted, of_form),
}

BUTTONS: Mapping[str, Route] = {
    run_form.ACTION_CHOOSE: OnRunbook(Act.READ, runbook.choose, of_form_if_any),
    runs.ACTION_CONFIRM: OnRunbook(Act.APPROVE, runbook.confirm, of_run),
    runs.ACTION_CANCEL: OnRunbook(Act.STOP, runbook.cancel, of_run),
    runs.ACTION_STOP: OnRunbook(Act.STOP, runbook.stop, of_run),
    diagnosis.ACTION_DIAGNOSE: InAnyChannel(
        Act.DIAGNOSE, diagnose_command.button, of_channel_if_any
    ),
    diagnosis.ACTION_AGAIN: InAnyChannel(Act.DIAGNOSE, diagnose.again, of_channel_if_any),
    diagnosis.ACTION_DECLARE: Anywhere(Act.DECLARE, diagnose.declare),
    diagnosis.ACTION_POST: InAnyChannel(Act.DIAGNOSE, diagnose.post, of_channel_if_any),
    diagnosis.ACTION_EVIDENCE: InAnyChannel(Act.CHANGE, diagnose.evidence, of_channel_if_any),
    diagnosis.ACTION_ADD: OnIncident(Act.RECORD, diagnose.add, of_channel),
    diagnosis.ACTION_REMEDY: OnRunbook(Act.PLAN, diagnose.remedy),
    obligations.ACTION_PLAN: OnRunbook(Act.PLAN, runbook.take_back),
    card.ACTION_UPDATE: OnIncident(Act.CHANGE, update_command.handle),
    card.ACTION_RUN: OnRunbook(Act.PLAN, run_command.handle),
    card.ACTION_TIMELINE: OnIncident(Act.READ, timeline.handle, of_button_or_channel),
    notify_words.ACTION_AUDIENCE: OnIncident(Act.PUBLISH, notify.choose, of_form),
    **dict.fromkeys(notify_words.PAGES, OnRunbook(Act.PLAN, notify.page, notify.of_page)),
    reader_buttons.ACTION_SUBSCRIBE: OnIncident(Act.READ, subscribe.begin, of_button),
    reader_buttons.ACTION_UNSUBSCRIBE: Anywhere(Act.HELP, subscribe.end_by_button),
    reader_buttons.ACTION_CATCH_UP: OnIncident(Act.READ, catchup.handle, of_button_or_channel),
    card.ACTION_RESOLVE: OnIncident(Act.CHANGE, status.resolve, of_button_or_channel),
    card.ACTION_CLOSE: OnIncident(Act.CLOSE, close_command.handle, of_button_or_channel),
    card.ACTION_REOPEN: OnIncident(Act.CLOSE, close_command.reopen, of_button_or_channel),
    card.ACTION_CANCEL: OnIncident(Act.CLOSE, end_command.cancel, of_button),
    declare_form.ACTION_HUBS: Anywhere(Act.DECLARE, declare.hubs_chosen),
    declare_form.ACTION_JOIN: OnIncident(Act.READ, declare.join, of_button),
    declare_form.ACTION_ANYWAY: Anywhere(Act.DECLARE, declare.anyway),
    card.ACTION_REPORT: OnIncident(Act.READ, report.handle, of_button_or_channel),
    review.ACTION_REVIEW: OnIncident(Act.PUBLISH, review_report.handle, of_button),
    review.ACTION_NEXT: OnIncident(Act.PUBLISH, review_report.turn, of_form),
    review.ACTION_BACK: OnIncident(Act.PUBLISH, review_report.turn, of_form),
    review.ACTION_SHOW: OnIncident(Act.PUBLISH, review_report.show, of_form),
    review.ACTION_REPLACE: OnIncident(Act.PUBLISH, review_report.replace, of_form),
    conflicts.ACTION_OURS: OnIncident(Act.PUBLISH, conflict.ours, of_button),
    conflicts.ACTION_THEIRS: OnIncident(Act.PUBLISH, conflict.theirs, of_button),
    conflicts.ACTION_WRITE: OnIncident(Act.PUBLISH, conflict.write, of_button),
    card.ACTION_RETRY: OnIncident(Act.CHANGE, buttons.retry, of_button),
    card.ACTION_SNOOZE: OnIncident(Act.CHANGE, buttons.snooze),
    card.ACTION_HANDOVER: OnIncident(Act.ASSIGN, handover_command.handle),
    card.ACTION_INVITE: OnIncident(Act.ASSIGN, invite_command.handle),
    card.ACTION_DETAILS: OnIncident(Act.EDIT, details_command.open_form),
    answers.ACTION_TAKE_BACK: OnIncident(Act.EDIT, details_command.undo, of_value),
    reminders.ACTION_DONE: OnIncident(Act.CHANGE, buttons.done),
    reminders.ACTION_ROLL_BACK: OnRunbook(Act.PLAN, buttons.roll_back),
    card.ACTION_COMMAND: OnIncident(Act.ASSIGN, buttons.take_command),
    answers.ACTION_SEND: Anywhere(Act.HELP, send.handle),
    listing.ACTION_DECLARE: Anywhere(Act.DECLARE, declare_command.handle),
    listing.ACTION_LIST: Anywhere(Act.LIST, incidents.handle),
    listing.ACTION_NEWER: Anywhere(Act.LIST, incidents.turn),
    listing.ACTION_OLDER: Anywhere(Act.LIST, incidents.turn),
    listing.ACTION_HELP: Anywhere(Act.HELP, menu.help_),
    listing.ACTION_ENTRY: OnIncident(Act.EDIT, entry.menu, of_entry),
    edit_pages.ACTION_OPEN: OnIncident(Act.EDIT, edit.open_, of_button_or_channel),
    **{name: OnIncident(Act.EDIT, edit.turn, of_form) for name in edit_pages.TURNS},
    edit_pages.ACTION_PART: OnIncident(Act.EDIT, edit.part, of_form),
    edit_pages.ACTION_ENTRY: OnIncident(Act.EDIT, edit.entry, of_form),
    edit_pages.ACTION_ITEM: OnIncident(Act.EDIT, edit.item, of_form),
    edit_pages.ACTION_ADD: OnIncident(Act.EDIT, edit.add_item, of_form),
    edit_pages.ACTION_UNDO: OnIncident(Act.EDIT, edit.undo, of_form),
    item_words.ACTION_MENU: OnIncident(Act.EDIT, items.act, of_item),
    item_words.ACTION_DONE: OnIncident(Act.EDIT, items.act, of_item),
    item_words.ACTION_DROP: OnIncident(Act.EDIT, items.act, of_item),
    item_words.ACTION_EDIT: OnIncident(Act.EDIT, items.act, of_item),
    answers.ACTION_EDIT: OnIncident(Act.EDIT, entry.menu, of_entry),
    answers.ACTION_UNDO: OnIncident(Act.RECORD, entry.undo, of_entry),
}

SHORTCUTS: Mapping[str, Route] = {
    SHORTCUT_TIMELINE: OnIncident(Act.RECORD, entry.shortcut),
    SHORTCUT_ACTION: OnIncident(Act.RECORD, action_item.shortcut),
    SHORTCUT_DECLARE: Anywhere(Act.DECLARE, declare_command.handle),
    SHORTCUT_DECLARE_FROM: Anywhere(Act.DECLARE, declare.from_message),
}

REACTIONS: Mapping[str, Route] = {
    REACTION_DECLARE: Anywhere(Act.DECLARE, declare.reacted),
}

OPTIONS: Mapping[str, Route] = {
    hub_menu.HUB: Anywhere(Act.HELP, hubs.suggest),
    hub_menu.HUBS: Anywhere(Act.HELP, hubs.suggest),
}
