"""The outage of DataHub on 23 February 2017, as a story with the incident bot they did not have.

Facts, times and links are those of Berkeley's published report; the words and the people are ours. What
they did by hand then, runbooks do here; what the hub did on its own has to be asked for here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from sandbox.drill.people import (
    COMMANDER,
    COMMUNICATIONS,
    DEVELOPER,
    DIRECTOR,
    HUB,
    MAYDAY,
    NODE,
    SCRIBE,
    STUCK,
    STUDENT,
)
from sandbox.drill.play import Player, Step

ZONE = ZoneInfo("America/Los_Angeles")
DAY = date(2017, 2, 23)
TITLE = "Proxy evicted"
CHANNEL = "inc-2017-02-24-proxy-evicted"
"""The day is that of declaring, in UTC."""

REPORT_TITLE = "Proxy eviction cuts students off"
REPORT_DATE = date(2017, 2, 24)
TIMES = ("21:10:57", "21:11:04", "21:11:52", "21:14", "21:34", "22:03")
"""Every time in the timeline of the report of 2017, in PST."""

INODES = "https://github.com/data-8/infrastructure/issues/6"
TORNADO = "https://github.com/tornadoweb/tornado/issues/1400"


@dataclass(frozen=True)
class Item:
    """An action item of 2017: its heading, what is to be done, and where that was followed."""

    group: str
    text: str
    link: str


ITEMS = (
    Item(
        "Upstream JupyterHub",
        "Put an interface in front of the proxy, so that one without a single point of "
        "failure can take its place",
        "https://github.com/jupyterhub/jupyterhub/issues/848",
    ),
    Item(
        "Upstream KubeSpawner",
        "Rebuild how KubeSpawner follows its pods, so that a hub of DataHub's size needs far "
        "fewer requests",
        "https://github.com/jupyterhub/kubespawner/issues/28",
    ),
    Item(
        "Upstream KubeSpawner",
        "Until then, give KubeSpawner's HTTP client limits that suit the load",
        "https://github.com/jupyterhub/kubespawner/issues/29",
    ),
    Item(
        "DataHub configuration",
        "Reserve memory and CPU for hub and proxy, so that others are evicted before them",
        "https://github.com/data-8/jupyterhub-k8s/issues/124",
    ),
    Item(
        "DataHub configuration",
        "Have the hub look at the proxy's routes more often",
        "https://github.com/data-8/jupyterhub-k8s/pull/123",
    ),
    Item(
        "DataHub configuration",
        "Bring the fix for the exhausted inodes forward, since they set all of this off",
        INODES,
    ),
)
GROUPS = tuple(dict.fromkeys(item.group for item in ITEMS))

EVICTED = (
    "Kubernetes evicts the proxy's pod, and students cannot connect any more. Behind it are the "
    f"inodes that run out on our nodes, for which a fix is under way ({INODES})."
)
EMPTY = (
    "The next proxy is up and takes connections, but it starts without a single route, so nobody is "
    "led to their server and everybody meets errors. The hub looks at the proxy every 300 s and "
    "fills in what is missing; at which moment it did so is not on record."
)
STALLED = (
    "Filling them in stalls. The hub asks Kubernetes and the proxy for more at once than tornado's "
    f"HTTP client lets through, and requests time out while they wait in its queue ({TORNADO}). "
    "Some succeed and those students can work; for others hub and cluster now disagree about "
    "whether their server runs, and they see error 500."
)
SUMMARY = (
    "In the evening of 23 February students of DataHub met error 500. The proxy had been evicted and "
    "came back without routes, and until the hub had written them again nobody was led to their "
    "server. A few servers stayed stuck and had to be deleted by force and started again. It took "
    "about 40 minutes to put right."
)
CONCLUSION = f"""None of it alone would have been an outage. Three causes met:

1. Containers fail at random where a node runs out of inodes ({INODES}), and this time it was the proxy's.
2. Everybody's way in leads through one proxy, which needs minutes to learn its routes again.
3. KubeSpawner sends far too many requests for this many users, and nobody had tuned its timeouts and \
limits, since nothing had ever depended on them.

For each of the three there is a quick adjustment in place, and a redesign within one to two months."""

P = ParamSpec("P")


def at(
    clock: str,
    who: str,
    action: Callable[Concatenate[Player, str, P], str],
    *arguments: P.args,
    **named: P.kwargs,
) -> Step:
    """A step at ``21:14`` or ``21:14:20`` of the story's evening, in its own zone."""
    when = datetime.combine(DAY, time.fromisoformat(clock), tzinfo=ZONE)
    return Step(when=when, who=who, action=action, arguments=arguments, named=named)


STORY = (
    # Before. Twelve students are at work.
    at("21:10:30", DIRECTOR, Player.look, "before"),
    # The outage.
    at("21:10:57", NODE, Player.evict_proxy),
    at("21:11:52", HUB, Player.hang_stops, STUCK),
    at("21:12:30", DIRECTOR, Player.look, "outage"),
    # People notice, and somebody declares.
    at(
        "21:13:40",
        COMMUNICATIONS,
        Player.say,
        "Five threads on Piazza within two minutes: DataHub is down?",
        where="hub-ops",
    ),
    at(
        "21:14:00",
        COMMANDER,
        Player.declare,
        TITLE,
        "sev1",
        "Students of DataHub see error 500 since about 21:11.",
    ),
    at("21:14:10", COMMUNICATIONS, Player.join),
    at("21:14:11", SCRIBE, Player.join),
    at("21:14:12", DEVELOPER, Player.join),
    at(
        "21:14:20",
        COMMUNICATIONS,
        Player.say,
        "Reports reach us here and on Piazza: error 500 for most, for some it comes and "
        "goes, and a few seem to be stuck for good.",
        name="reports",
    ),
    at("21:14:30", COMMANDER, Player.react, "reports", "pushpin"),
    at("21:14:40", COMMANDER, Player.type, "/incident role commander", "commander"),
    at("21:15:00", COMMANDER, Player.type, "/incident role communications @ben", "communic"),
    at("21:15:10", COMMANDER, Player.type, "/incident role scribe @chidi", "scribe"),
    # They find out what it is.
    at(
        "21:15:20",
        DEVELOPER,
        Player.say,
        "Hub and poxy both say that they are well, every check is green.",
        name="health",
    ),
    at(
        "21:15:30",
        DEVELOPER,
        Player.edit,
        "health",
        "Hub and proxy both say that they are well, every check is green. But the proxy "
        "is a new pod, and its route table is empty.",
    ),
    at("21:15:40", COMMANDER, Player.reply, "health", "Since when is that pod there?"),
    at("21:15:50", DEVELOPER, Player.reply, "health", "21:11:04; the old one was evicted at :57."),
    at("21:16:00", SCRIBE, Player.say, "kubectl get pods | grep proxy", name="slip"),
    at("21:16:10", SCRIBE, Player.delete, "slip"),
    at(
        "21:16:20",
        SCRIBE,
        Player.type,
        f"/incident note at 2017-02-23 21:10:57 {EVICTED}",
        "Noted at",
    ),
    at("21:16:30", SCRIBE, Player.type, f"/incident note at 21:11:04 {EMPTY}", "Noted at"),
    at("21:16:40", SCRIBE, Player.type, f"/incident note at 21:11:52 {STALLED}", "Noted at"),
    # They repair what can be repaired at once.
    at("21:17:00", COMMANDER, Player.type, "/incident status fixing", "*fixing*"),
    at("21:17:10", SCRIBE, Player.type, "/incident run resync-routes", "not on the list"),
    at("21:17:20", COMMANDER, Player.run, "resync-routes"),
    at("21:19:00", DIRECTOR, Player.look, "resynced"),
    at("21:32:10", MAYDAY, Player.remind),
    at(
        "21:32:40",
        COMMUNICATIONS,
        Player.type,
        "/incident update DataHub works again for nearly everybody. We are looking after "
        "those who still see an error.",
        "*Update*",
    ),
    # The rest of them.
    at(
        "21:34:00",
        SCRIBE,
        Player.say,
        "Most students are fine. For the others it helps to delete their server by force "
        "and to start it: then the hub has to find out what is really there.",
        name="nearly",
    ),
    at("21:34:10", COMMANDER, Player.react, "nearly", "pushpin"),
    at("21:34:30", HUB, Player.wait_in_vain, STUCK),
    at("21:35:00", COMMANDER, Player.run, "force-delete-stuck-servers"),
    at("21:37:00", DIRECTOR, Player.look, "cleared"),
    at("21:38:00", COMMANDER, Player.type, "/incident status monitoring", "*monitoring*"),
    at("21:53:10", MAYDAY, Player.remind),
    at(
        "21:54:00",
        COMMUNICATIONS,
        Player.type,
        "/incident update Two students have yet to start their servers again; everybody else works.",
        "*Update*",
    ),
    at("22:01:00", STUDENT, Player.start_servers, STUCK),
    at("22:02:00", DIRECTOR, Player.look, "end"),
    at(
        "22:03:00",
        COMMANDER,
        Player.type,
        "/incident resolve The last student who told us of a 500 is back at work, and "
        "DataHub is whole again.",
        "*Resolved*",
    ),
    # What is to be learnt from it.
    *(
        at(
            f"22:{10 + number:02}:00",
            COMMANDER,
            Player.type,
            f"/incident action {item.group}: {item.text} {item.link}",
            item.text[:40],
        )
        for number, item in enumerate(ITEMS)
    ),
    at(
        "22:30:00",
        COMMANDER,
        Player.close,
        title=REPORT_TITLE,
        report_date=REPORT_DATE.isoformat(),
        summary=SUMMARY,
        conclusion=CONCLUSION,
    ),
    at("22:35:00", COMMANDER, Player.publish_again),
)
