"""A rule in one sentence, for the page, a drill's log and whoever reads a test that failed."""

from __future__ import annotations

from datetime import timedelta

from sandbox.faults import Fault, Garbled
from sandbox.rules import Direction, Rule

_GARBLED = {
    Garbled.HTML: "the body is HTML",
    Garbled.TRUNCATED: "the JSON stops half-way",
    Garbled.EMPTY: "the body is empty",
    Garbled.ANOTHER_SHAPE: "the JSON has another shape",
}


def describe(rule: Rule) -> str:
    """What the rule does, in one sentence."""
    what = _delivery(rule.fault) if rule.direction is Direction.DELIVERY else _call(rule.fault)
    lasting = f"For {_number(rule.lasts)} s: " if rule.lasts is not None else ""
    sentence = f"{_which(rule)}: {', '.join(what)}."
    return lasting + (sentence if not lasting else sentence[0].lower() + sentence[1:])


def _which(rule: Rule) -> str:
    about = _about(rule)
    if rule.numbers:
        return f"The {_and([_nth(number) for number in rule.numbers])} {about}"
    since = "" if rule.first == 1 else f", from the {_nth(rule.first)} on"
    if rule.times is None:
        return f"Every {about}{since}"
    if rule.times == 1:
        return f"The next {about}" if not since else f"The {_nth(rule.first)} {about}"
    return f"{rule.times} times, {about}{since}"


def _about(rule: Rule) -> str:
    holding = f" that holds “{rule.holding}”" if rule.holding else ""
    everything, name = rule.name == "*", _or(rule.name.split("|"))
    match rule.direction:
        case Direction.CALL:
            return ("call" if everything else f"call of {name}") + holding
        case Direction.REQUEST:
            method = "request" if everything else name
            return f"{method} {rule.path}".rstrip() + holding
        case Direction.DELIVERY:
            noun = "event" if rule.kind == "events_api" else "delivery"
            return (noun if everything else f"{noun} {name}") + holding


def _call(fault: Fault) -> list[str]:
    said = _delay(fault)
    if fault.lines is not None:
        return [*said, *_stream(fault)]
    before, after = "without effect", "after the effect"
    when = after if fault.effect else before
    if fault.hang:
        return [*said, f"no answer ever comes, {when}"]
    if fault.drop:
        return [*said, f"the connection breaks {'after' if fault.effect else 'before'} the effect"]
    error = str((fault.answer or {}).get("error") or (fault.answer or {}).get("message") or "")
    if fault.status and (fault.status != 200 or not error):
        said.append(f"HTTP {fault.status} {when}")
    elif fault.answer is not None:
        said.append(f"another answer {when}")
    elif not fault.effect:
        said.append("an empty answer without effect")
    if error:
        said.append(f"it says “{error.rstrip('.')}”")
    said += [f"{name}: {value}" for name, value in fault.headers.items()]
    if fault.garbled is not None:
        said.append(_GARBLED[fault.garbled])
    return said or ["nothing"]


def _stream(fault: Fault) -> list[str]:
    said = ["at once" if not fault.lines else f"after {fault.lines} lines of the answer"]
    if fault.lines == 1:
        said = ["after the first line of the answer"]
    if fault.line:
        said.append(f"comes “{fault.line}”")
    if fault.drop:
        said.append("the connection breaks")
    elif fault.hang:
        said.append("nothing more comes")
    elif fault.ends:
        said.append("the answer ends")
    return said


def _delivery(fault: Fault) -> list[str]:
    said = _delay(fault)
    if fault.late:
        said.append(f"it comes {_span(fault.late)} late")
    if fault.overtaken:
        others = "the next one goes" if fault.overtaken == 1 else f"the next {fault.overtaken} go"
        said.append(f"{others} first")
    if not fault.times:
        return [*said, "it never comes"]
    if not fault.effect:
        return [*said, "it is lost on the way, and sent again"]
    if fault.times > 1:
        said.append("it comes twice" if fault.times == 2 else f"it comes {fault.times} times")
    if fault.drop:
        said.append("its acknowledgement is lost")
    if fault.retry_attempt is not None:
        said.append(f"what is sent again says retry_attempt {fault.retry_attempt}")
    return said or ["nothing"]


def _delay(fault: Fault) -> list[str]:
    return [f"{_number(fault.delay)} s later"] if fault.delay else []


def _span(span: timedelta) -> str:
    total = span.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if total >= size and total % size == 0:
            return f"{_number(total / size)} {unit}"
    return f"{_number(total)} s"


def _number(number: float) -> str:
    return f"{number:g}"


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{ending or 'th'}"


def _and(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _or(words: list[str]) -> str:
    return _and(words, "or")
