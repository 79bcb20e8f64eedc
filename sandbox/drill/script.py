"""The outage of DataHub on 23 February 2017, as a story with the incident bot they did not have.

Facts, times and links are those of Berkeley's published report; the words and the people are ours. What
they did by hand then, runbooks do here, and what the hub did by itself has to be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.drill.deeds import (
    Close,
    Declare,
    Delete,
    Edit,
    EvictProxy,
    HangStops,
    Join,
    Look,
    PublishAgain,
    React,
    Remind,
    Reply,
    Run,
    Say,
    StartServers,
    Type,
    WaitInVain,
    at,
)
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

TITLE = "Proxy evicted"
CHANNEL = "inc-2017-02-24-proxy-evicted"
"""The day is that of declaring, in UTC."""

REPORT_TITLE = "Proxy eviction cuts students off"
REPORT_DATE = date(2017, 2, 24)
TIMES = ("21:10:57", "21:11:04", "21:11:52", "21:14", "21:34", "22:03")
"""Every time in the timeline of the report of 2017, in PST."""

INODES = "https://github.com/data-8/infrastructure/issues/6"
TORNADO = "https://github.com/tornadoweb/tornado/issues/1400"


@dataclass(frozen=True, kw_only=True)
class Item:
    """An action item of 2017: its heading, what is to be done, and where that was followed."""

    group: str
    text: str
    link: str


ITEMS = (
    Item(
        group="Upstream JupyterHub",
        text="Put an interface in front of the proxy, so that one without a single point of "
        "failure can take its place",
        link="https://github.com/jupyterhub/jupyterhub/issues/848",
    ),
    Item(
        group="Upstream KubeSpawner",
        text="Rebuild how KubeSpawner follows its pods, so that a hub of DataHub's size needs far "
        "fewer requests",
        link="https://github.com/jupyterhub/kubespawner/issues/28",
    ),
    Item(
        group="Upstream KubeSpawner",
        text="Until then, give KubeSpawner's HTTP client limits that suit the load",
        link="https://github.com/jupyterhub/kubespawner/issues/29",
    ),
    Item(
        group="DataHub configuration",
        text="Reserve memory and CPU for hub and proxy, so that others are evicted before them",
        link="https://github.com/data-8/jupyterhub-k8s/issues/124",
    ),
    Item(
        group="DataHub configuration",
        text="Have the hub look at the proxy's routes more often",
        link="https://github.com/data-8/jupyterhub-k8s/pull/123",
    ),
    Item(
        group="DataHub configuration",
        text="Bring the fix for the exhausted inodes forward, since they set all of this off",
        link=INODES,
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
    "server. A few servers stayed stuck and had to be deleted by force and started anew. It took "
    "about 40 minutes to put right."
)
CONCLUSION = f"""None of it alone would have been an outage. Three causes met:

1. Containers fail at random where a node runs out of inodes ({INODES}), and this time it was the proxy's.
2. Everybody's way in leads through one proxy, which needs minutes to learn its routes again.
3. KubeSpawner sends far too many requests for this many users, and nobody had tuned its timeouts and \
limits, since nothing had ever depended on them.

For each of the three there is a quick adjustment in place, and a redesign within one to two months."""

STORY = (
    # Before. Twelve students are at work.
    at("21:10:30", DIRECTOR, Look(name="before")),
    # The outage.
    at("21:10:57", NODE, EvictProxy()),
    at("21:11:52", HUB, HangStops(users=STUCK)),
    at("21:12:30", DIRECTOR, Look(name="outage")),
    # People notice, and somebody declares.
    at(
        "21:13:40",
        COMMUNICATIONS,
        Say(where="hub-ops", text="Five threads on Piazza within two minutes: DataHub is down?"),
    ),
    at(
        "21:14:00",
        COMMANDER,
        Declare(
            title=TITLE,
            severity="sev1",
            summary="Students of DataHub see error 500 since about 21:11.",
        ),
    ),
    at("21:14:10", COMMUNICATIONS, Join()),
    at("21:14:11", SCRIBE, Join()),
    at("21:14:12", DEVELOPER, Join()),
    at(
        "21:14:20",
        COMMUNICATIONS,
        Say(
            name="reports",
            text="Reports reach us here and on Piazza: error 500 for most, for some it comes and "
            "goes, and a few seem to be stuck for good.",
        ),
    ),
    at("21:14:30", COMMANDER, React(to="reports", emoji="pushpin")),
    at("21:14:40", COMMANDER, Type(line="/incident role commander", answer="commander")),
    at("21:15:00", COMMANDER, Type(line="/incident role communications @ben", answer="communic")),
    at("21:15:10", COMMANDER, Type(line="/incident role scribe @chidi", answer="scribe")),
    # They find out what it is.
    at(
        "21:15:20",
        DEVELOPER,
        Say(name="health", text="Hub and poxy both say that they are well, every check is green."),
    ),
    at(
        "21:15:30",
        DEVELOPER,
        Edit(
            what="health",
            text="Hub and proxy both say that they are well, every check is green. But the proxy "
            "is a new pod, and its route table is empty.",
        ),
    ),
    at("21:15:40", COMMANDER, Reply(to="health", text="Since when is that pod there?")),
    at("21:15:50", DEVELOPER, Reply(to="health", text="21:11:04; the old one was evicted at :57.")),
    at("21:16:00", SCRIBE, Say(name="slip", text="kubectl get pods | grep proxy")),
    at("21:16:10", SCRIBE, Delete(what="slip")),
    at(
        "21:16:20",
        SCRIBE,
        Type(line=f"/incident note at 2017-02-23 21:10:57 {EVICTED}", answer="Noted at"),
    ),
    at("21:16:30", SCRIBE, Type(line=f"/incident note at 21:11:04 {EMPTY}", answer="Noted at")),
    at("21:16:40", SCRIBE, Type(line=f"/incident note at 21:11:52 {STALLED}", answer="Noted at")),
    # They mend what can be mended at once.
    at("21:17:00", COMMANDER, Type(line="/incident status fixing", answer="*fixing*")),
    at("21:17:10", SCRIBE, Type(line="/incident run resync-routes", answer="not on the list")),
    at("21:17:20", COMMANDER, Run(runbook="resync-routes")),
    at("21:19:00", DIRECTOR, Look(name="resynced")),
    at("21:32:10", MAYDAY, Remind()),
    at(
        "21:32:40",
        COMMUNICATIONS,
        Type(
            line="/incident update DataHub works again for nearly everybody. We are looking after "
            "those who still see an error.",
            answer="*Update*",
        ),
    ),
    # The rest of them.
    at(
        "21:34:00",
        SCRIBE,
        Say(
            name="nearly",
            text="Most students are fine. For the others it helps to delete their server by force "
            "and to start it: then the hub has to find out what is really there.",
        ),
    ),
    at("21:34:10", COMMANDER, React(to="nearly", emoji="pushpin")),
    at("21:34:30", HUB, WaitInVain(users=STUCK)),
    at("21:35:00", COMMANDER, Run(runbook="force-delete-stuck-servers")),
    at("21:37:00", DIRECTOR, Look(name="cleared")),
    at("21:38:00", COMMANDER, Type(line="/incident status monitoring", answer="*monitoring*")),
    at("21:53:10", MAYDAY, Remind()),
    at(
        "21:54:00",
        COMMUNICATIONS,
        Type(
            line="/incident update Two students have yet to start their servers anew; everybody "
            "else works.",
            answer="*Update*",
        ),
    ),
    at("22:01:00", STUDENT, StartServers(users=STUCK)),
    at("22:02:00", DIRECTOR, Look(name="end")),
    at(
        "22:03:00",
        COMMANDER,
        Type(
            line="/incident resolve The last student who told us of a 500 is back at work, and "
            "DataHub is whole again.",
            answer="*Resolved*",
        ),
    ),
    # What is to be learnt from it.
    *(
        at(
            f"22:{10 + number:02}:00",
            COMMANDER,
            Type(
                line=f"/incident action {item.group}: {item.text} {item.link}",
                answer=item.text[:40],
            ),
        )
        for number, item in enumerate(ITEMS)
    ),
    at(
        "22:30:00",
        COMMANDER,
        Close(
            title=REPORT_TITLE,
            report_date=REPORT_DATE,
            summary=SUMMARY,
            conclusion=CONCLUSION,
        ),
    ),
    at("22:35:00", COMMANDER, PublishAgain()),
)
