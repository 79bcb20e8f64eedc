"""What a person wants to know of a step besides what it does: its place, the command for the same by hand,
how success will be known, and how it can be taken back."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import fields
from urllib.parse import quote

from bot.domain.hubs import Place
from bot.render.steps import words_of
from bot.render.text import code, cut, escaped
from bot.runbook.plan import Plan
from bot.runbook.steps.step import Step

COMMANDS = 3
COMMANDS_SIZE = 800
SENTENCES = 3
SENTENCE_SIZE = 200
"""The most commands and sentences in Slack, and their characters. A terminal has all."""

SUCCESS = "*How success is known:*"
UNDO = "*Can it be taken back?*"
BY_HAND = "*The same by hand:*"
MORE_COMMANDS = (
    "and {count} more: on a terminal, `mayday runbooks plan {runbook} --hub {hub}` with the same parameters "
    "prints all."
)
VARIABLES = "`$HUB_API` is the address of the API of hub {hub}, `$TOKEN` a token for it."
CONTEXT = (
    "If your kubeconfig has another name for the context of this cluster, use that for `{cluster}`."
)
NO_COMMAND = "no single command does this"
UNKNOWN = "?"

_KUBECTL = re.compile(r"\bkubectl (?!--context)")


def target(step: Step, place: Place) -> str:
    """Where a step acts: cluster / namespace / hub / object."""
    return f"{place.cluster} / {place.namespace} / {place.hub} / {step.target}"


def command(step: Step, place: Place) -> str:
    """The command that does the same; empty if no single one does. Every value in it is quoted.

    ``kubectl`` gets the name of the cluster as its context, so that it never acts on the current one.
    """
    template = words_of(step.verb).by_hand
    quoted = _url if template.startswith("curl") else shlex.quote
    return _filled(_KUBECTL.sub("kubectl --context {cluster} ", template), step, place, quoted)


def success(step: Step, place: Place) -> str:
    """How it will be known that the step had its effect."""
    return _filled(words_of(step.verb).success, step, place, str)


def undo(step: Step, place: Place) -> str:
    """How the step can be taken back, or that it can't."""
    return _filled(words_of(step.verb).undo, step, place, str)


def promises(plan: Plan) -> list[str]:
    """How success is known and what can be taken back, each as text for Slack."""
    sections = []
    for title, sentence in ((SUCCESS, success), (UNDO, undo)):
        said = _sentences(sentence(step, plan.place) for step in plan.steps)
        shown = [escaped(text, SENTENCE_SIZE) for text in said[:SENTENCES]]
        if len(said) == 1:
            sections.append(f"{title} {shown[0]}")
        elif said:
            more = [f"and {len(said) - SENTENCES} more"] if len(said) > SENTENCES else []
            sections.append("\n".join((title, *(f"• {text}" for text in (*shown, *more)))))
    return sections


def step_lines(plan: Plan, step: Step) -> list[str]:
    """The lines for a terminal below a step: where it acts, and the command for the same by hand."""
    typed = command(step, plan.place) or NO_COMMAND
    return [f"     at: {target(step, plan.place)}", f"     by hand: {typed}"]


def plan_lines(plan: Plan) -> list[str]:
    """The lines for a terminal below the steps: how success is known, what can be taken back, and what stands
    in the commands."""
    typed = [command(step, plan.place) for step in plan.steps]
    notes = []
    if any("$HUB_API" in text for text in typed):
        notes.append(VARIABLES.format(hub=plan.place.hub).replace("`", ""))
    if any(text.startswith("kubectl") for text in typed):
        notes.append(CONTEXT.format(cluster=shlex.quote(plan.place.cluster)).replace("`", ""))
    promised = [
        f"{title.strip('*')} {text}"
        for title, sentence in ((SUCCESS, success), (UNDO, undo))
        for text in _sentences(sentence(step, plan.place) for step in plan.steps)
    ]
    return [*promised, *notes]


def commands(plan: Plan) -> list[str]:
    """The first commands for the same by hand, as text for Slack; none if there are none."""
    said = [text for step in plan.steps if (text := command(step, plan.place))]
    shown: list[str] = []
    for text in said[:COMMANDS]:
        if sum(map(len, shown)) + len(text) <= COMMANDS_SIZE:
            shown.append(text)
    if not shown:
        return []
    lines = "\n".join(code(text) for text in shown)
    more = len(said) - len(shown)
    notes = []
    if more:
        hub = code(plan.place.hub)
        notes.append(MORE_COMMANDS.format(count=more, runbook=code(plan.runbook), hub=hub))
    if any("$HUB_API" in text for text in shown):
        notes.append(VARIABLES.format(hub=escaped(plan.place.hub, 90)))
    if any(text.startswith("kubectl") for text in shown):
        notes.append(CONTEXT.format(cluster=code(shlex.quote(plan.place.cluster))))
    return ["\n".join((BY_HAND, f"```\n{lines}\n```", *notes))]


def _sentences(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _filled(template: str, step: Step, place: Place, quoted: Callable[[str], str]) -> str:
    """The template with the values of the place, the step and its details, made harmless for a line."""
    own = {each.name: getattr(step, each.name) for each in fields(step)}
    values = {name: str(value) for name, value in own.items() if isinstance(value, str | int)}
    where = {"cluster": place.cluster, "namespace": place.namespace, "hub": place.hub}
    values = {**values, **step.details, **where, "target": step.target}
    harmless = {name: quoted(_one_line(str(value))) for name, value in values.items()}
    # A detail that an earlier version did not keep is a question mark, not an error.
    return template.format_map(defaultdict(lambda: UNKNOWN, harmless))


def _one_line(text: str) -> str:
    return cut("".join(char if char.isprintable() else "?" for char in text), 300)


def _url(text: str) -> str:
    return quote(text, safe="")
