"""``/incident run``: plans a runbook by its name, or opens the form to choose one."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.mrkdwn import plain
from bot.domain.typography import QUOTES
from bot.errors import UserError
from bot.render import answers, forms
from bot.services.run import NO_HUBS
from bot.slack.context import HandlerContext
from bot.slack.matching import closest, same_word
from bot.slack.planning import request_plan
from bot.slack.replies import EphemeralReply, OpenModal, RunbookReply
from bot.slack.request import SlackRequest

NO_SUCH_RUNBOOK = "There is no runbook “{word}”.{hint} The runbooks are {runbooks}."
WHICH_HUB = f"Name the hub: {COMMAND} run {{runbook}} {{hub}} (or {{others}})."
WHOLE_HUB = "{runbook} works on a whole hub. Leave out {users}."


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> RunbookReply | OpenModal:
    """Plan the runbook that was typed; without text, open the form.

    Raises:
        UserError: there is no such runbook, the hub is not clear, or users do not apply.
    """
    words = request.text.replace(",", " ").split()
    runbooks, hubs = context.runs.runbooks, context.runs.hubs
    if not hubs:
        raise UserError(NO_HUBS)
    if not words:
        listed = [(runbook.name, runbook.title, runbook.help) for runbook in runbooks.values()]
        return OpenModal(
            view=forms.run(incident.id if incident else request.channel, runbooks=listed, hubs=hubs)
        )
    name, *rest = [same_word(words[0], runbooks), *(same_word(word, hubs) for word in words[1:])]
    if name not in runbooks:
        hint = answers.did_you_mean(closest(name, runbooks))
        raise UserError(NO_SUCH_RUNBOOK.format(word=name, hint=hint, runbooks=", ".join(runbooks)))
    named = [word for word in rest if word in hubs]
    if not named and len(hubs) > 1:
        raise UserError(WHICH_HUB.format(runbook=name, hub=hubs[0], others=", ".join(hubs[1:])))
    hub = named[0] if named else hubs[0]
    typed = (plain(word).lstrip("@").strip(QUOTES) for word in rest if word not in hubs)
    users = frozenset(filter(None, typed))
    if users and not runbooks[name].takes_users:
        raise UserError(WHOLE_HUB.format(runbook=name, users=", ".join(sorted(users))))

    def work() -> EphemeralReply | None:
        arguments = runbooks[name].arguments({"users": users} if users else {})
        return request_plan(context, request, incident, runbook=name, hub=hub, arguments=arguments)

    return RunbookReply(work=work, runbook=name)
