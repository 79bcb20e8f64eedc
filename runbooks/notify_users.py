"""Show a notice on the hub's page, so that users know that somebody is at it."""

from typing import Annotated, Literal

from bot.runbook import (
    Draft,
    Field,
    HubFacts,
    Part,
    Purpose,
    ShowNotice,
    Unknown,
    UnknownPart,
    runbook,
)

About = Literal["servers unreachable", "logins fail", "starts fail", "restart soon", "own words"]
TEXTS = {
    "servers unreachable": "Some servers can't be reached at the moment. Your work is safe. "
    "We are working on it.",
    "logins fail": "Logging in doesn't work at the moment. Servers that run keep running. "
    "We are working on it.",
    "starts fail": "Servers start slowly or not at all at the moment. Please don't try again and again. "
    "We are working on it.",
    "restart soon": "The hub will restart shortly. Please save your work; your server keeps running.",
    "own words": "",
}
SUMMARY = "Show this notice on the page of hub {hub}: “{text}”"
REPLACES = "It replaces the present notice: “{before}”"
SHOWN = "The page of hub {hub} shows this notice already: “{text}”"
NOT_CONFIGURED = "Hub {hub} has no announcement service in mayday.yaml: set hubs[].notices.url."
NO_WORDS = "Write what users should read."


@runbook(
    "Notify users on the hub's page",
    purpose=Purpose.TELL,
    wants={Part.NOTICE},
    is_safe=True,
)
def notify_users(
    facts: HubFacts,
    about: Annotated[About, Field(description="What the notice is about.")] = "servers unreachable",
    words: Annotated[str, Field(max_length=500, description="Added to the text.")] = "",
) -> Draft:
    """Shows a notice on the hub's page, from a template and your own words."""
    if Part.NOTICE not in facts.asked:
        why = NOT_CONFIGURED.format(hub=facts.place.hub)
        return Draft(undecided=(UnknownPart(part=Part.NOTICE, why=why),))
    if isinstance(facts.signs.notice, Unknown):
        return Draft(undecided=(UnknownPart(part=Part.NOTICE, why=facts.signs.notice.why),))
    before = facts.signs.notice.value
    step = ShowNotice(text=f"{TEXTS[about]} {words}".strip(), before=before)
    text = step.wanted
    if not text:
        return Draft(undecided=(UnknownPart(part=Part.NOTICE, why=NO_WORDS),))
    if text == before:
        return Draft(nothing_to_do=SHOWN.format(hub=facts.place.hub, text=text))
    return Draft(
        summary=SUMMARY.format(hub=facts.place.hub, text=text),
        steps=(step,),
        cautions=(REPLACES.format(before=before),) if before else (),
    )
