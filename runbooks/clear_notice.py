"""Take the notice on the hub's page back."""

from bot.runbook import (
    ClearNotice,
    Draft,
    HubFacts,
    Part,
    Purpose,
    Unknown,
    UnknownPart,
    runbook,
)

SUMMARY = "Clear the notice on the page of hub {hub}: “{before}”"
NONE = "The page of hub {hub} shows no notice."
NOT_CONFIGURED = "Hub {hub} has no announcement service in mayday.yaml: set hubs[].notices.url."


@runbook(
    "Clear the notice on the hub's page",
    purpose=Purpose.TELL,
    wants={Part.NOTICE},
    is_safe=True,
)
def clear_notice(facts: HubFacts) -> Draft:
    """Clears the notice on the hub's page, when what it is about is over."""
    if Part.NOTICE not in facts.asked:
        why = NOT_CONFIGURED.format(hub=facts.place.hub)
        return Draft(undecided=(UnknownPart(part=Part.NOTICE, why=why),))
    if isinstance(facts.signs.notice, Unknown):
        return Draft(undecided=(UnknownPart(part=Part.NOTICE, why=facts.signs.notice.why),))
    before = facts.signs.notice.value
    if not before:
        return Draft(nothing_to_do=NONE.format(hub=facts.place.hub))
    return Draft(
        summary=SUMMARY.format(hub=facts.place.hub, before=before),
        steps=(ClearNotice(before=before),),
    )
