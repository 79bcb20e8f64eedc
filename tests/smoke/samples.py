"""An incident that never happened, and what mayday shows of it: Slack has to accept these blocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.bootstrap.settings import settings as settings_of
from bot.config import Config
from bot.diagnose import Finding, Remedy, Severity
from bot.diagnose.found import CUT_OFF_FIRST, Found, UnwellServer
from bot.domain import audiences as served
from bot.domain.actions import ActionItem
from bot.domain.facts import Part, UnknownPart
from bot.domain.home import HomePage
from bot.domain.hubs import Diagnosis, Place
from bot.domain.incident import Incident, Policy
from bot.domain.merging import Conflict
from bot.domain.publication import Document, Publication, Target, TargetKind
from bot.domain.report_parts import item_values
from bot.domain.timeline import Entry, EntryKind, Latest, Line, PostedEntry
from bot.forms import preset
from bot.ports import Post
from bot.render import blocks as b
from bot.render import (
    card,
    conflicts,
    declare_form,
    edit_forms,
    edit_pages,
    forms,
    home,
    listing,
    notify,
    people_forms,
    report_forms,
    review,
    run_form,
)
from bot.render.blocks import MOST_OPTIONS
from bot.render.commands import after_the_incident, help_rows
from bot.render.declare_form import Opened, Prefill
from bot.render.diagnose import Audience, diagnosis_post
from bot.render.edit_pages import Page
from bot.render.long_text import INPUT_LIMIT
from bot.render.state import RunningSpec
from tests.support.books import RUNBOOKS

AUDIENCES = tuple(
    served.Audience(name=name, channels=("#general",)) for name in ("students", "faculty")
)
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
HUBS = ("datahub", "stat20")
MANY_HUBS = tuple(f"hub-{number:03}" for number in range(MOST_OPTIONS + 1))
"""Too many for a plain menu: Slack asks mayday for the options."""


def incident(config: Config, user: str) -> Incident:
    """The incident, declared by a user."""
    return Incident(
        id="smoke",
        team_id="T0",
        title="mayday's smoke test, not an incident",
        severity=config.incident.severities[0].name,
        status=config.incident.statuses[0],
        summary="Nothing is broken.",
        private=False,
        hubs=HUBS[:1],
        declared_by=user,
        declared_at=AT,
        channel_name="mayday-smoke",
    )


def policy(config: Config) -> Policy:
    """The severities, statuses and roles that are configured."""
    return settings_of(config).policy


def line(number: int, text: str) -> Line:
    """A note in the timeline."""
    entry = Entry(
        id=number,
        incident_id="smoke",
        at=AT,
        recorded_at=AT,
        kind=EntryKind.NOTE,
        author="",
        data={"text": text},
        source=f"smoke/{number}",
    )
    return Line(entry=entry)


def item() -> ActionItem:
    """An action item."""
    return ActionItem(
        id="smoke", incident_id="smoke", position=1, group="Tests", title="An item", created_at=AT
    )


def timeline(config: Config, user: str, *, lines: int = 1, length: int = 40) -> Post:
    """The timeline with a menu for each entry."""
    found = [line(number, "x" * length) for number in range(1, lines + 1)]
    return listing.timeline(
        incident(config, user), Latest(lines=found, count=lines), zone=ZoneInfo("UTC")
    )


def longest_diagnosis(user: str) -> Post:
    """A diagnosis in which everything is wrong, with as much of everything as mayday shows."""
    finding = Finding(
        rule="smoke",
        key="",
        severity=Severity.WARNING,
        text="x" * 2000,
        at=AT,
        evidence=("<&>" * 200,) * 4,
        remedy=Remedy(runbook="restart-proxy", label="Restart the proxy"),
    )
    servers = [
        UnwellServer(
            user=f"{number}-" + "&" * 300,
            server="<" * 300,
            hub="ready",
            condition=condition,
            why="*" * 400,
            pod="p" * 63,
            node=f"{number}-" + "n" * 200,
        )
        for number, condition in enumerate(CUT_OFF_FIRST)
    ]
    found = Found(
        place=Place(hub="h" * 100, cluster="c" * 100, namespace="n" * 63),
        read_at=AT,
        headline="&" * 3000,
        diagnosis=Diagnosis.BOTH_DOWN,
        ready=2000,
        routed=0,
        unrouted=2000,
        counts=dict.fromkeys(CUT_OFF_FIRST, 200),
        servers=tuple(servers),
        findings=(finding,) * 30,
        unknown=tuple(UnknownPart(part=part, why=f"{part}: " + ">" * 600) for part in Part),
    )
    return diagnosis_post(found, id="abc123abc123", by=user, audience=Audience.INCIDENT)


def posts(config: Config, user: str) -> Iterator[tuple[str, Post]]:
    """The messages of mayday with the most kinds of blocks, and the largest ones."""
    made = incident(config, user)
    settings = config.incident
    hubs = {"datahub": "https://hub.example.org"}
    said = {"text": "x" * 3000, "status": made.status}
    spec = card.card_spec(
        made,
        policy=policy(config),
        hubs=hubs,
        reactions=settings.reactions,
        zone=ZoneInfo("UTC"),
        entries=[PostedEntry(1, EntryKind.UPDATE, user, said, False, AT)],
        next_at=AT,
        running=[RunningSpec(runbook="resync-routes", hub="datahub", link="https://example.org")],
        links={"Report": "https://example.org"},
    )
    yield "the card", card.card(spec)
    yield "the longest diagnosis", longest_diagnosis(user)
    yield "the announcement", card.announcement(card.announcement_spec(made))
    yield "the menu", listing.menu(made, policy(config).lead)
    legend = card.legend(settings.reactions)
    yield "the help", listing.help_(help_rows(policy(config).roles), after_the_incident(), legend)
    most = listing.SHOWN_LINES
    length = listing.SHOWN_TEXT // most - 100
    yield "the longest timeline", timeline(config, user, lines=most, length=length)


def limits() -> Iterator[tuple[str, Post]]:
    """A message at each limit that mayday counts on."""
    options = [b.option(f"option {number}", f"{number:0150d}") for number in range(100)]
    one_button = b.button("x" * 75, action="smoke.limit", value="v" * 2000)
    for what, block in (
        ("a section of 3,000 characters", b.section("x" * 3000)),
        ("a header of 150 characters", b.header("x" * 150)),
        ("a menu of 100 options with values of 150", b.actions(b.select("smoke.limit", options))),
        ("a button of 75 characters with a value of 2,000", b.actions(one_button)),
    ):
        yield what, Post(text=what, blocks=(block,))
    fifty = tuple(b.section(f"block {number}") for number in range(50))
    yield "50 blocks", Post(text="50 blocks", blocks=fifty)
    yield "a text of 4,000 characters", Post(text="x" * 4000)


def views(config: Config, user: str) -> dict[str, b.Block]:
    """Every form of mayday, by its callback id."""
    made = incident(config, user)
    zone = ZoneInfo("UTC")
    found = [
        declare_form.declare(
            Prefill(title="mayday's smoke test", hubs=HUBS[:1], drill=True),
            Opened(),
            policy=policy(config),
            descriptions={s.name: s.description for s in config.incident.severities},
            hubs={"datahub": "one cluster", "stat20": "another"},
            like=(made,),
        ),
        forms.diagnose(made.id, hubs=MANY_HUBS, channel=""),
        forms.update(made, policy=policy(config), interval=timedelta(minutes=30)),
        people_forms.handover(made),
        people_forms.invite(made),
        forms.action_item(made.id, groups=config.incident.action_groups),
        forms.edit_entry(made.id, line(1, "A note"), zone=zone),
        forms.annotate_entry(made.id, line(1, "A note")),
        edit_forms.form(
            made.id,
            "section/summary",
            edit_forms.inputs("section/summary", heading="Summary"),
            {"text": "x" * 2 * INPUT_LIMIT, "heading": ""},
        ),
        report_forms.times(made, zone=zone, version=""),
        notify.form(made, AUDIENCES, AUDIENCES[0], "x" * served.TEXT_LIMIT),
        edit_forms.form(
            made.id,
            "item/smoke",
            edit_forms.inputs("item/smoke", categories=("detection",)),
            dict(item_values(item())) | {"due_on": "2026-11-22"},
        ),
        conflicts.form(
            made.id,
            "smoke",
            "A report",
            [Conflict(ours="x" * 2 * INPUT_LIMIT, theirs="y" * 9000)],
        ),
        review.review_form(
            made.id,
            "token",
            Publication(
                incident_id=made.id,
                documents=(
                    Document(
                        target=Target(kind=TargetKind.ISSUE), title="A report", text="x" * 9000
                    ),
                ),
            ),
            replaced=(),
            places=(review.Place(kind="issue", repository="a/b", visibility="private"),),
            can_be_approved=True,
        ),
        run_form.run(made.id, runbooks=RUNBOOKS, hubs=MANY_HUBS),
        forms.close(
            made,
            questions=preset("2024").questions,
            zone=zone,
            now=AT,
            gaps=("What did users notice?",),
            hubs=MANY_HUBS,
            wants_hubs=True,
        ),
    ]
    return {str(view["callback_id"]): view for view in found}


def pages(config: Config, user: str) -> b.Block:
    """The pages from which a report is edited, whose buttons open a form above them."""
    made = incident(config, user)
    content = edit_pages.report_page(made, {"summary": "Summary"}, zone=ZoneInfo("UTC"))
    return edit_pages.page(made, Page.REPORT, 0, content, counts={Page.TIMELINE: 1})


def longest_home(config: Config, user: str) -> b.Block:
    """The app's Home with as much of everything as mayday shows."""
    return home.home(
        HomePage(
            user=user,
            now=AT,
            today=AT.date(),
            incidents=[incident(config, user)] * home.SHOWN + [incident(config, "U0")] * home.SHOWN,
            items=[(item(), "mayday's smoke test")] * home.ITEMS,
            runbooks=[(book.name, book.title) for book in RUNBOOKS],
            may_declare=True,
            has_hubs=True,
            lead="commander",
        )
    )
