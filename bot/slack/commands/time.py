"""``/incident time``: sets one of the incident's five times, or opens the form with all of them."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.milestone_times import OTHER_WORDS, read
from bot.domain.milestones import Milestone
from bot.domain.typography import same_key
from bot.errors import UserError
from bot.render import answers, report_forms
from bot.services.contents import times_version
from bot.slack.context import HandlerContext
from bot.slack.edit_publishing import done
from bot.slack.matching import closest, split_word
from bot.slack.replies import EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest

NO_SUCH_TIME = "There is no time “{word}”.{hint} The times are {times}."
NO_TIME = "Write the time after the word: {command} time {word} 21:10."


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """Set the time that was typed, or unset it with a dash; without words, open the form.

    Raises:
        UserError: there is no such time of an incident, or it cannot be read.
    """
    word, text = split_word(request.text)
    if not word:
        version = times_version(incident.milestones)
        return OpenModal(
            view=report_forms.times(incident, zone=context.settings.zone, version=version)
        )
    name = _named(word)
    if not text.strip():
        raise UserError(NO_TIME.format(command=context.settings.command, word=name.value))
    told = read({name: text}, incident.milestones, context.reader)
    change = request.change(incident)
    before, after = context.changes.times(change, told)
    said = answers.times_set(before, after, told, zone=context.settings.zone)
    return say(said + done(context, incident, change))


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Set the times of the form that its person changed.

    Raises:
        UserError: one of them cannot be read, or the times have changed since the form was opened.
    """
    zone, form = context.settings.zone, request.form
    shown = report_forms.shown_times(incident.milestones, zone)
    typed = {name: form.text(name.value).strip() for name in Milestone if form.has(name.value)}
    changed = {name: text for name, text in typed.items() if text != shown[name]}
    told = read(changed, incident.milestones, context.reader)
    change = request.change(incident)
    before, after = context.changes.times(change, told, version=form.subject)
    said = answers.times_set(before, after, told, zone=zone)
    return say(said + done(context, incident, change))


def _named(word: str) -> Milestone:
    key = same_key(word).rstrip(":")
    names = {name.value: name for name in Milestone} | dict(OTHER_WORDS)
    if key not in names:
        hint = answers.did_you_mean(closest(key, names))
        times = ", ".join(Milestone)
        raise UserError(NO_SUCH_TIME.format(word=word, hint=hint, times=times))
    return names[key]
