"""Two published reports, told through Slack alone: their sections, times, links and items are all there.

The words are others than in those reports.
"""

from __future__ import annotations

import re
from pathlib import Path

import frontmatter

from bot.reports import Rule, lint
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.evening import opened
from tests.support.told import Story, tell, written

INODES = "https://github.com/data-8/infrastructure/issues/6"
EVICTION = Story(
    title="Proxy eviction strands user",
    began="2017-02-23 21:10:57",
    times=("detected 21:14", "mitigated 21:34", "resolved 22:03"),
    notes=(
        f"2017-02-23 21:10:57 Kubernetes evicts the proxy ([a known issue]({INODES})).",
        "2017-02-23 21:11:04 A new proxy starts, without a route.\n\nThe hub looks every 300 s only.",
        "2017-02-23 21:11:52 Adding the routes times out, see "
        "https://github.com/tornadoweb/tornado/issues/1400.",
        "2017-02-23 21:14 Errors are reported in Slack and on Piazza.",
        "2017-02-23 21:34 Most are well. For others a forced delete + start helps.",
        "2017-02-23 22:03 The last one is well.",
    ),
    items=(
        "[Upstream JupyterHub] Make the proxy replaceable. "
        "[Issue](https://github.com/jupyterhub/jupyterhub/issues/848)",
        "[Upstream KubeSpawner] Send far fewer requests. "
        "[Issue](https://github.com/jupyterhub/kubespawner/issues/28)",
        "[Upstream KubeSpawner] Tune the client until (1) is done. "
        "[Issue](https://github.com/jupyterhub/kubespawner/issues/29)",
        "[DataHub configuration] Request resources for hub and proxy. "
        "[Issue](https://github.com/data-8/jupyterhub-k8s/issues/124)",
        "datahub: Look for the proxy more often. "
        "[PR](https://github.com/data-8/jupyterhub-k8s/pull/123)",
        f"datahub: Hurry with the [inodes issue]({INODES}), which began it.",
    ),
    close={
        "report_date": "2017-02-24",
        "summary": f"The proxy died of [a known issue]({INODES}). It took 40 minutes.",
        "conclusion": f"Three things met:\n\n1. The [inodes issue]({INODES})\n2. One proxy\n"
        "3. A spawner that asks too much\n\nWe fix all three.",
    },
)

ITEM = "https://github.com/berkeley-dsep-infra/datahub/issues/2953"
CORE = Story(
    title="Core nodes autoscaled, proxy crashes",
    began="2024-02-07",
    times=("resolved 2024-03-08",),
    hubs=(
        "add [Data 8](https://data8.datahub.berkeley.edu)",
        "remove datahub",
        "add Data 100 https://data100.datahub.berkeley.edu",
    ),
    notes=(
        "2022-01-20 Between 02:00 and 02.30 PM [PR 1](https://github.com/berkeley-dsep-infra/datahub/"
        "pull/3161) and [PR 2](https://github.com/berkeley-dsep-infra/datahub/pull/3164) are merged.",
        "2022-01-21 06:10 An instructor files [an issue](https://github.com/berkeley-dsep-infra/datahub/"
        "issues/3166).",
        "2022-01-21 07:45 A fix for one hub breaks another.",
        "2022-01-21 12:33 The last course reports that it works.",
        "February 2024 The pool is scaled from 1 to 0 nodes, several times.",
        "March 6 – 8, 2024: 2 proxies crash under load.",
    ),
    messages=(
        ("fire", "Six hubs were down from 2.30 AM; we knew it from users only."),
        ("fire", "One PR had many commits."),
        ("four_leaf_clover", "<@ana> was awake."),
        ("wrench", "Find out why no alert came for 5xx errors."),
    ),
    items=(
        f"process: [Test by hand]({ITEM}) before big merges [link to github issue]({ITEM})]",
        "process: Say when a new hub is made!",
        "docs: Write reports of outages",
        "tech: Log on all hubs",
    ),
    edits=(
        ("about", {"labels": "type: Hub Incident, support", "assignees": "@shaneknapp"}),
        (
            "front",
            {"name": "Core nodes (Feb-Mar 2024)", "about": "The core pool had a series of issues."},
        ),
        ("headings", {"timeline": "Timeline (if relevant), of two outages"}),
        ("extra/0", {"heading": "For readers", "text": "This has two outages in it."}),
        ("ticks", dict.fromkeys(("over", "filled", "cleaned", "linked"), "not ticked")),
    ),
    close={
        "report_date": "2024-03-08",
        "impact": "- On the afternoon of Feb 7th the proxy crashed every ~20m.\n"
        "- In late February the core pool went to 0 nodes.",
        "summary": "Our core nodes crashed under load, for 45 to 90+ minutes each time.\n\n"
        "Many of these are [tracked](https://github.com/berkeley-dsep-infra/datahub/issues/2791).\n\n"
        "[GKE](https://cloud.google.com/kubernetes-engine) scaled the pool to zero, too.",
    },
)


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ .*", text, re.MULTILINE)


def is_clean(text: str) -> bool:
    """Whether nothing of Slack's notation is left, and each link is whole."""
    ids = re.search(r"\b[UCSTB][A-Z0-9]{8,}\b", re.sub(r"https?://\S+", "", text))
    return not ids and not re.search(r"<[@#]|<!(?!--)|\]\(\s*\)|\]\(<", text)


def test_the_proxy_eviction_of_2017(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    with running(slack, sqlite_url, tmp_path, report={"form": "2017"}) as bot:
        tell(Scene(slack=slack, store=bot.store, clock=clock), EVICTION)
        text = opened(written(tmp_path))
    assert headings(text) == [
        "# 2017-02-24 - Proxy eviction strands user",
        "## Summary",
        "## Timeline",
        *("### 21:10:57", "### 21:11:04", "### 21:11:52", "### 21:14", "### 21:34", "### 22:03"),
        "## Conclusion",
        "## Action items",
        *("### Upstream JupyterHub", "### Upstream KubeSpawner", "### DataHub configuration"),
    ]
    assert "\nAll times in PST, starting on 2017-02-23\n" in text
    assert "- Resolved: 22:03 (after 52m)\n" in text
    assert "\nA new proxy starts, without a route.\n\nThe hub looks every 300 s only.\n" in text
    assert "see <https://github.com/tornadoweb/tornado/issues/1400>.\n" in text
    assert f"\n1. The [inodes issue]({INODES})\n2. One proxy\n3. A spawner" in text
    assert text.partition("### DataHub configuration\n\n")[2].partition("\n\n<!--")[0] == (
        "1. Request resources for hub and proxy. "
        "[Issue](https://github.com/data-8/jupyterhub-k8s/issues/124)\n"
        "2. Look for the proxy more often. [PR](https://github.com/data-8/jupyterhub-k8s/pull/123)\n"
        f"3. Hurry with the [inodes issue]({INODES}), which began it."
    )
    assert is_clean(text)
    assert lint(text) == ()


def test_the_core_nodes_of_2024(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    with running(slack, sqlite_url, tmp_path, report={"form": "2024"}) as bot:
        tell(Scene(slack=slack, store=bot.store, clock=clock), CORE)
        text = written(tmp_path)
    assert frontmatter.loads(text).metadata == {
        "name": "Core nodes (Feb-Mar 2024)",
        "about": "The core pool had a series of issues.",
        "title": "[Incident] Core nodes autoscaled, proxy crashes",
        "labels": ["type: Hub Incident", "support"],
        "assignees": "@shaneknapp",
    }
    assert headings(text) == [
        "# Summary",
        "## Hub information",
        "## Timeline (if relevant), of two outages",
        "### 2022-01-20 14:00 – 14:30",
        *("### 2022-01-21 06:10", "### 07:45", "### 12:33"),
        *("### February 2024", "### 2024-03-06 – 2024-03-08"),
        "## For readers",
        "# After-action report",
        "## What went wrong",
        "## Where we got lucky",
        "## Action items",
        "### Process/Policy improvements",
        "### Documentation improvements",
        "### Technical improvements",
        "# Actions",
    ]
    assert (
        "\nAll times in PST\n\n- Start of impact: 2024-02-07\n- Resolved: 2024-03-08 (after about 30d)\n"
        in text
    )
    assert (
        "## Hub information\n\n- [Data 8](https://data8.datahub.berkeley.edu)\n"
        "- [Data 100](https://data100.datahub.berkeley.edu)\n" in text
    )
    assert "\nUser Impact:\n\n- On the afternoon of Feb 7th" in text
    assert "- Six hubs were down from 2.30 AM; we knew it from users only. — [" in text
    assert re.search(r"\n- \S.* was awake\. — \[", text)
    assert (
        "### Process/Policy improvements\n\n"
        f"1. [Test by hand]({ITEM}) before big merges\n2. Say when a new hub is made!\n" in text
    )
    assert "1. Log on all hubs\n2. Find out why no alert came for 5xx errors.\n" in text
    assert re.findall(r"- \[(.)\]", text) == [" "] * 4
    assert is_clean(text)
    # As in the original, the timeline is of another year.
    assert {one.rule for one in lint(text)} == {Rule.ISSUE, Rule.DATE}
