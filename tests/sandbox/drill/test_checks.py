"""Each check passes on a good drill, and fails when what it checks is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox.drill import Stored
from sandbox.drill.checks import check, checks
from sandbox.drill.seen import Filed, Seen, Sight
from sandbox.drill.story import load
from sandbox.github_keep import PracticeIssue
from sandbox.hub.running import Row

TOLD = load("proxy-eviction")
STORY = replace(TOLD, items=[replace(TOLD.items[0], link=""), *TOLD.items[1:]])
"""One item gets an issue; the others are tracked already."""
STUDENTS, STUCK, ITEMS, GROUPS = STORY.students, STORY.stuck, STORY.items, STORY.groups
TIMES, CHANNEL = tuple(STORY.times), STORY.channel
PAGE = "http://127.0.0.1:1/practice/incidents/issues"
STAYED = [user for user in STUDENTS if user not in STUCK]


def sight(name: str = "", *, routed: int = 12, stuck: bool = False, gone: bool = False) -> Sight:
    """The hub with `routed` routes; the stuck two are stopping, gone or well."""
    there = STAYED if stuck or gone else list(STUDENTS)
    users = [*there, *(STUCK if stuck else ())]
    led = there[:routed]
    return Sight(
        rows=[
            Row(
                user=user,
                server="",
                hub="ready" if user in there else "pending stop",
                pod="Running" if user in there else "Terminating",
                route=user in led,
            )
            for user in users
        ],
        hub_well=True,
        proxy_well=True,
        visits={user: 200 if user in led else 500 for user in STUDENTS},
        pods={user: f"{user}-{name if user in STUCK else ''}" for user in users},
    )


def report(*, times: tuple[str, ...] = TIMES, zone: str = "PST") -> str:
    """A report with these times. Each item has its link of 2017 or that to its issue."""
    actions = "\n".join(
        f"### {group}\n"
        + "\n".join(
            f"1. {item.text} [Issue]({item.link or f'{PAGE}/1'})"
            for item in ITEMS
            if item.group == group
        )
        for group in GROUPS
    )
    told = "\n".join(f"### {time}\nIt happened." for time in times)
    head = f"{STORY.first}\n\nAll times in {zone}\n"
    return f"{head}\n{told}\n\n## Action items\n\n{actions}\n"


def issues(text: str, *, back: bool = True) -> list[PracticeIssue]:
    """The issue of the item that is tracked nowhere else, then the incident's issue (report)."""
    bodies = [(f"{PAGE}/2" if back else "", "incident-action-item")]
    return [
        PracticeIssue(
            number=number,
            title="",
            body=body,
            labels=(label,),
            state="open",
            url=f"{PAGE}/{number}",
            comments=(),
        )
        for number, (body, label) in enumerate([*bodies, (text, "incident")], start=1)
    ]


def published(text: str, *, back: bool = True) -> list[Filed]:
    """Equal issues before and after republishing."""
    return [Filed(issues=issues(text, back=back), reports={"r.md": f"{text}<!-- mark -->"})] * 2


GOOD = Seen(
    sights={
        "before": sight("before"),
        "outage": sight("outage", routed=0, stuck=True),
        "resynced": sight("resynced", stuck=True),
        "cleared": sight("cleared", gone=True),
        "end": sight("end"),
    },
    channels=[CHANNEL],
    cards=1,
    announcements=1,
    said={"1.0": "hub is well", "2.0": "🚨"},
    typed=frozenset({"1.0"}),
    named={"health": "1.0", "slip": "3.0"},
    stored=[
        Stored(ts="1.0", text="hub is well", before=("hub is wel",)),
        Stored(ts="2.0", text="🚨 older"),
        Stored(ts="3.0", text="ls", deleted=True),
    ],
    reminders=["tell people", "tell people"],
    published=published(report()),
    pages={f"{PAGE}/{number}": "<html>" for number in (1, 2)},
)


def with_sight(name: str, changed: Sight) -> Callable[[Seen], Seen]:
    return lambda seen: replace(seen, sights={**seen.sights, name: changed})


def with_report(text: str) -> Callable[[Seen], Seen]:
    return lambda seen: replace(seen, published=published(text))


WRONG: dict[str, Callable[[Seen], Seen]] = {
    "the story was played to its end": lambda seen: replace(seen, stopped="At 21:14, ana: no"),
    "before: every student works": with_sight("before", sight("before", routed=11)),
    "the proxy is evicted: no route, nobody works": with_sight("outage", sight("outage")),
    "both health pages say 200 all the same": with_sight(
        "outage", replace(sight("outage", routed=0, stuck=True), proxy_well=False)
    ),
    "resync-routes: every ready server has its route again": with_sight(
        "resynced", sight("resynced", routed=0, stuck=True)
    ),
    "force-delete-stuck-servers: none is stuck any more": with_sight(
        "cleared", sight("cleared", stuck=True)
    ),
    "after: every student works": with_sight("end", sight("end", gone=True)),
    "nobody's server was touched but the stuck ones": with_sight(
        "end", replace(sight("end"), pods=dict.fromkeys(STUDENTS, "another"))
    ),
    "one channel, one card, one announcement": lambda seen: replace(
        seen, channels=[CHANNEL, f"{CHANNEL}-2"]
    ),
    "every message is stored once": lambda seen: replace(
        seen, stored=[m for m in seen.stored if m.ts != "2.0"]
    ),
    "as it was written, edited and deleted": lambda seen: replace(
        seen, stored=[replace(m, before=()) for m in seen.stored]
    ),
    "reminders that came due are there, once each": lambda seen: replace(
        seen, reminders=[*seen.reminders, "tell people"]
    ),
    "the report has its title": with_report(report().replace("2017-02-24", "2017-02-23")),
    "every time of the published report is in the report": with_report(report(times=TIMES[:-1])),
    "every action item has a live link": lambda seen: replace(seen, pages={}),
    "incident and action items are linked both ways": lambda seen: replace(
        seen, published=published(report(), back=False)
    ),
    "publishing twice changes nothing": lambda seen: replace(
        seen, published=[seen.published[0], published(report(times=("21:14",)))[0]]
    ),
    "the folder has the report that GitHub has": lambda seen: replace(
        seen,
        published=[
            replace(filed, reports={"r.md": report(zone="PDT")}) for filed in seen.published
        ],
    ),
    "mayday met no error": lambda seen: replace(seen, errors=['{"level": "error"}']),
}


def test_a_good_evening_passes() -> None:
    assert [c for c in check(STORY, GOOD) if not c.passed] == []


def test_every_check_can_fail() -> None:
    assert list(WRONG) == list(checks(STORY))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_seen(name: str) -> None:
    failed = [c.name for c in check(STORY, WRONG[name](GOOD)) if not c.passed]
    assert name in failed


def test_a_story_that_never_began_fails_without_an_exception() -> None:
    seen = Seen(stopped="At 21:10:30", sights={}, said={}, named={}, pages={})
    passed = [c.name for c in check(STORY, seen) if c.passed]
    assert passed == ["mayday met no error"]
