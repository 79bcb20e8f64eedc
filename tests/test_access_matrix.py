"""Everything that a person can ask for, by everybody who may ask: the whole matrix, printed with ``-s``.

Each cell sends a request through its route and looks whether the handler ran.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_bolt import Ack, Respond

from bot.bootstrap import Bot
from bot.domain import access as access_rule
from bot.domain.access import RUNBOOK, Act, Rules, seen_refusal
from bot.domain.audit import AuditOutcome
from bot.domain.run_policy import Allowed, RunPolicy
from bot.errors import UserError
from bot.services.settings import AllowList
from bot.slack import access
from bot.slack.access import Anywhere, OnRunbook, Route
from bot.slack.commands import notify
from bot.slack.replies import DurableReply, RunbookReply
from bot.slack.request import Form, Kind, SlackRequest
from bot.slack.routes import ROUTES
from bot.store import resources
from bot.store.engine import Store
from bot.store.tables import tag
from sandbox.slack import SlackSandbox
from tests.support.desk import Desk
from tests.support.rows import CHANNEL, TEAM, stored

OUTSIDER, GUEST, FOREIGN, MEMBER = "outsider", "guest", "foreign team", "member"
PEOPLE = (
    OUTSIDER,
    GUEST,
    FOREIGN,
    MEMBER,
    "participant",
    "role holder",
    "operator",
    "approver",
    "admin",
)
"""All but the outsider and the member are in the incident's channel."""
NOT_OURS = (OUTSIDER, GUEST, FOREIGN)

#                 public       private
EXPECTED = {
    Act.HELP: ("yyyyyyyyy", "yyyyyyyyy"),
    Act.LIST: ("---yyyyyy", "---yyyyyy"),
    Act.DIAGNOSE: ("yyyyyyyyy", "-yy-yyyyy"),
    Act.DECLARE: ("---yyyyyy", "---yyyyyy"),
    Act.READ: ("yyyyyyyyy", "-yy-yyyyy"),
    Act.RECORD: ("yyyyyyyyy", "-yy-yyyyy"),
    Act.EDIT: ("---yyyyyy", "----yyyyy"),
    Act.CHANGE: ("---yyyyyy", "----yyyyy"),
    Act.ASSIGN: ("---yyyyyy", "----yyyyy"),
    Act.CLOSE: ("---yyyyyy", "----yyyyy"),
    Act.PUBLISH: ("---yyyyyy", "----yyyyy"),
    Act.PLAN: ("------yyy", "------yyy"),
    Act.APPROVE: ("-------yy", "-------yy"),
    Act.STOP: ("------yyy", "------yyy"),
}
"""Who may do what, by default, in the order of ``PEOPLE``."""

OWN = Allowed(
    users=frozenset({"U0MEMBER"}), roles=frozenset({"commander"}), key="runbooks.policies.x"
)
"""The policy of a runbook that names the member, and the incident's commander."""

#                                        public       private      no incident
RUNBOOKS = {
    ("default", Act.PLAN): ("------yyy", "------yyy", "------yyy"),
    ("default", Act.APPROVE): ("-------yy", "-------yy", "-------yy"),
    ("own list", Act.PLAN): ("---y-y-yy", "-----y-yy", "---y---yy"),
    ("own list", Act.APPROVE): ("-------yy", "-------yy", "-------yy"),
    ("own list, no approvers", Act.PLAN): ("---y-y--y", "-----y--y", "---y----y"),
    ("own list, no approvers", Act.APPROVE): ("---y-y--y", "-----y--y", "---y----y"),
}
"""Who may plan and approve a runbook, by its policy and the place, in the order of ``PEOPLE``."""

PLACES = ("public", "private", "no incident")
ELSEWHERE = "C0GENERAL"
RUNBOOK_NAME = "resync-routes"

#                                nobody  another secret  Slack  GitHub
WEB = {
    ("GET", "/livez"): (200, 200, 200, 200),
    ("GET", "/readyz"): (200, 200, 200, 200),
    ("GET", "/healthz"): (200, 200, 200, 200),
    ("POST", "/slack/events"): (401, 401, 403, 401),  # signed, and for no workspace
    ("GET", "/slack/events"): (405, 405, 405, 405),
    ("POST", "/github/webhook"): (401, 401, 401, 204),  # signed, and of no event
    ("GET", "/github/webhook"): (405, 405, 405, 405),
    ("GET", "/"): (404, 404, 404, 404),
}
"""What senders get from each path, by whose signature the request has."""


def user(person: str) -> str:
    """A person's id."""
    return f"U0{person.replace(' ', '').upper()}"


def only(person: str) -> AllowList:
    return AllowList(users=frozenset({user(person)}))


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    made.migrate()
    yield made
    made.close()


def desk_with(rows: Store, *, private: bool, **values: Any) -> Desk:
    """A desk with one incident and everybody of ``PEOPLE``."""
    stored(rows, private=private, roles={"commander": user("role holder")})
    lists = {"operators": "operator", "approvers": "approver", "admins": "admin"}
    desk = Desk(rows, **{**{name: only(person) for name, person in lists.items()}, **values})
    desk.slack.bots = {user(OUTSIDER)}
    desk.slack.guests = {user(GUEST)}
    desk.slack.teams = {user(FOREIGN): "T0ELSEWHERE"}
    desk.slack.absent = {CHANNEL: {user(OUTSIDER), user(MEMBER)}}
    return desk


def is_let(
    desk: Desk,
    kind: Kind,
    name: str,
    route: Route,
    person: str,
    incident: str,
    channel: str = CHANNEL,
) -> bool:
    """Whether a person's request reaches the handler, or for a runbook its work.

    Without an incident, it is sent from ``channel``, or by a form that was opened there.
    """
    ran: list[bool] = []

    def work() -> None:
        ran.append(True)

    def handler(*_args: Any) -> DurableReply | None:
        if route.act in RUNBOOK:
            return RunbookReply(work=work, runbook=RUNBOOK_NAME)
        work()
        return None

    found: Any = replace(route, handler=handler)
    if not isinstance(route, Anywhere) and route.find in (
        access.of_run,
        access.of_entry,
        access.of_item,
        notify.of_page,
    ):
        found = replace(
            found, find=lambda context, _: context.incidents.get(incident) if incident else None
        )
    request = SlackRequest(
        kind=kind,
        name=name,
        team_id=TEAM,
        user=user(person),
        channel="" if kind is Kind.FORM else channel,
        idempotency_key="1",
        value=incident,
        form=Form(metadata=incident or channel),
    )
    try:
        reply = access.answer(desk.context, request, found)
        if isinstance(reply, DurableReply):
            reply.work()
    except UserError:
        assert not ran
    return bool(ran)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("policy", ["default", "own list", "own list, no approvers"])
def test_a_runbooks_policy_says_who_may_plan_and_run_it(
    rows: Store, policy: str, place: str
) -> None:
    values: dict[str, Any] = {}
    if policy != "default":
        values["policies"] = {RUNBOOK_NAME: RunPolicy(allowed=OWN)}
    if "no approvers" in policy:
        values["approvers"] = AllowList()
    desk = desk_with(rows, private=place == "private", **values)
    incident, channel = ("", ELSEWHERE) if place == "no incident" else ("abc123abc123", CHANNEL)
    wrong: list[str] = []
    for kind, table in ROUTES.items():
        for name, route in table.items():
            if not isinstance(route, OnRunbook) or route.act not in RUNBOOK:
                continue
            cells = "".join(
                "y" if is_let(desk, kind, name, route, person, incident, channel) else "-"
                for person in PEOPLE
            )
            act = Act.PLAN if route.act is Act.STOP else route.act
            expected = RUNBOOKS[policy, act][PLACES.index(place)]
            if cells != expected:
                wrong.append(f"{kind} {name}: {cells} instead of {expected}")
    assert not wrong


@pytest.mark.parametrize("incident", ["abc123abc123", ""], ids=["incident", "no incident"])
def test_nobody_runs_anything_in_a_shared_channel(rows: Store, incident: str) -> None:
    """What runs already can be stopped, by the same people as before."""
    desk = desk_with(rows, private=False, open_to_all=True)
    channel = CHANNEL if incident else ELSEWHERE
    desk.slack.shared = {channel}
    for kind, table in ROUTES.items():
        for name, route in table.items():
            if isinstance(route, OnRunbook) and route.act in RUNBOOK:
                let = [is_let(desk, kind, name, route, p, incident, channel) for p in PEOPLE]
                assert let == [route.act is Act.STOP and p not in NOT_OURS for p in PEOPLE]


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_every_route_asks_the_one_rule(rows: Store, private: bool) -> None:
    desk = desk_with(rows, private=private)
    incident = "abc123abc123"
    tried = held = 0
    wrong: list[str] = []
    lines = [f"\n{'private' if private else 'public':44}" + " ".join(f"{p:>12}" for p in PEOPLE)]
    for kind, table in ROUTES.items():
        for name, route in table.items():
            cells = ""
            for person in PEOPLE:
                cells += "y" if is_let(desk, kind, name, route, person, incident) else "-"
            expected = EXPECTED[route.act][private]
            if (
                kind is Kind.FORM
                and not private
                and route.act in (Act.READ, Act.RECORD, Act.DIAGNOSE)
            ):
                # A form has no channel, so the person has to be seen; guests are in the channel.
                expected = "-" + expected[1:]
            tried += len(PEOPLE)
            held += sum(a == b for a, b in zip(cells, expected, strict=True))
            if cells != expected:
                wrong.append(f"{kind} {name}: {cells} instead of {expected}")
            what = f"{kind} {name or 'menu'} ({route.act})"
            lines.append(f"{what:44}" + " ".join(f"{c:>12}" for c in cells))
    lines.append(f"{tried} cells tried, {held} held\n")
    sys.stdout.write("\n".join(lines))  # in one piece, without the log between its lines
    assert not wrong


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_everybody_whose_reaction_slack_delivers_may_react(rows: Store, private: bool) -> None:
    """Slack lets people react only to what they see, so a reaction needs no question."""
    desk = desk_with(rows, private=private)
    for number, person in enumerate(PEOPLE):
        react(desk, person, number)
    with rows.read() as tx:
        found = {row["user"] for row in tx.execute(tag.select()).mappings()}
    assert found == {user(person) for person in PEOPLE}
    lines = [each.line for each in desk.audit.latest(limit=99)]
    decided = [line for line in lines if line.act == Act.RECORD.value]
    assert [line.actor for line in decided] == [user(person) for person in PEOPLE]
    assert {line.outcome for line in decided} == {AuditOutcome.ALLOWED}


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_everybody_whose_join_slack_delivers_is_shown_the_incidents_state(
    rows: Store, private: bool
) -> None:
    desk = desk_with(rows, private=private)
    for number, person in enumerate(PEOPLE):
        event = {
            "type": "member_joined_channel",
            "user": user(person),
            "channel": CHANNEL,
            "event_ts": f"1487895901.00000{number}",
        }
        desk.dispatcher.take_event(
            {"type": "event_callback", "event_id": f"Ev{number}", "team_id": TEAM, "event": event}
        )
    with rows.read() as tx:
        found = resources.of_incident(tx, "abc123abc123").values()
    assert {row.spec["user"] for row in found} == {user(person) for person in PEOPLE}
    decided = [each.line for each in desk.audit.latest(limit=99)]
    assert [(line.act, line.actor) for line in decided] == [
        (Act.READ.value, user(person)) for person in PEOPLE
    ]
    assert {line.outcome for line in decided} == {AuditOutcome.ALLOWED}


def test_a_reaction_is_decided_by_the_same_rule(
    rows: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.domain.access.OPEN", frozenset({Act.HELP}))
    desk = desk_with(rows, private=False)
    with pytest.raises(LookupError):  # who they are would have to be asked
        seen_refusal(Act.RECORD, Rules())
    react(desk, MEMBER, 1)
    with rows.read() as tx:
        assert not tx.execute(tag.select()).all()


def react(desk: Desk, person: str, number: int) -> None:
    """Deliver that a person pinned a message."""
    event = {
        "type": "reaction_added",
        "user": user(person),
        "reaction": "pushpin",
        "item": {"type": "message", "channel": CHANNEL, "ts": "1487895900.000100"},
        "event_ts": f"1487895901.00000{number}",
    }
    desk.dispatcher.take_event(
        {"type": "event_callback", "event_id": f"Ev{number}", "team_id": TEAM, "event": event}
    )


@pytest.mark.parametrize("line", ["help", "note the proxy is back", "status fixing"])
def test_what_is_allowed_is_in_the_audit_log_before_it_is_acknowledged(
    rows: Store, line: str
) -> None:
    desk = desk_with(rows, private=False)
    known: list[AuditOutcome] = []

    def ack(**_content: Any) -> None:
        known.extend(each.line.outcome for each in desk.audit.latest(limit=99))

    body = {
        "command": "/incident",
        "text": line,
        "user_id": user(MEMBER),
        "channel_id": CHANNEL,
        "team_id": TEAM,
        "trigger_id": "1.1",
        "response_url": "https://hooks.slack.com/x",
    }
    desk.dispatcher.serve(body, cast("Ack", ack), cast("Respond", SimpleNamespace(response_url="")))
    assert known[0] is AuditOutcome.ALLOWED


def test_each_path_of_the_web_answers_whom_it_may(bot: Bot, slack: SlackSandbox) -> None:
    """Also: no other path answers anybody."""
    assert bot.http is not None
    assert bot.config.github.webhook_secret is not None
    secrets = {
        "anybody": "",
        "another secret": "another",
        "slack": slack.signing_secret,
        "github": bot.config.github.webhook_secret.get_secret_value(),
    }
    lines = [f"\n{'path':20}" + " ".join(f"{sender:>15}" for sender in secrets)]
    got: dict[tuple[str, str], tuple[int, ...]] = {}
    for method, path in WEB:
        answers = []
        for secret in secrets.values():
            stamp = str(int(time.time()))
            headers = {"Content-Type": "application/json"}
            if secret:
                signed = f"v0:{stamp}:{{}}".encode()
                made = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
                headers |= {
                    "X-Slack-Request-Timestamp": stamp,
                    "X-Slack-Signature": f"v0={made}",
                    "X-Hub-Signature-256": "sha256="
                    + hmac.new(secret.encode(), b"{}", hashlib.sha256).hexdigest(),
                }
            connection = http.client.HTTPConnection("127.0.0.1", bot.http.port, timeout=10)
            connection.request(method, path, body=b"{}", headers=headers)
            answers.append(connection.getresponse().status)
            connection.close()
        got[method, path] = tuple(answers)
        lines.append(f"{method + ' ' + path:20}" + " ".join(f"{a:>15}" for a in answers))
    sys.stdout.write("\n".join(lines) + "\n")
    assert got == WEB
    assert {path for _, path in WEB} - {"/"} == set(access_rule.WEB)
