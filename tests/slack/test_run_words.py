"""What a person types after ``/incident run``: forgiving in how it is typed, strict in what it is for."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import pytest

from bot.errors import UserError
from bot.runbook import Draft, Field, HubFacts, NodeName, Person, Purpose, Runbook, Servers, runbook
from bot.slack.run_words import AskedRun, read_words
from tests.support.books import RUNBOOKS

HUBS = ["datahub", "stat-20"]


@runbook("Cordon a node", purpose=Purpose.NODES)
def cordon_node(
    facts: HubFacts,
    node: NodeName,
    expires_after: timedelta = timedelta(hours=4),
    why: str | None = None,
    how: Literal["softly", "at once"] = "softly",
    taint: bool = False,
    count: Annotated[int, Field(ge=1, le=5)] = 1,
) -> Draft:
    """Cordons a node."""
    return Draft()


@runbook("Start a server", purpose=Purpose.SERVERS)
def start_server(facts: HubFacts, user: Person, server: str = "") -> Draft:
    """Starts a server."""
    return Draft()


@runbook("Move", purpose=Purpose.NODES)
def move(facts: HubFacts, node: NodeName, users: Servers = None) -> Draft:
    """Moves users to a node."""
    return Draft()


BOOKS = {book.name: book for book in (*RUNBOOKS, cordon_node, start_server, move)}
CLEAR = "force-delete-stuck-servers"


def asked(text: str, hubs: list[str] | None = None) -> tuple[str, str, dict[str, Any]]:
    found: AskedRun = read_words(text, BOOKS, HUBS if hubs is None else hubs)
    return found.runbook, found.hub, dict(found.arguments)


@pytest.mark.parametrize(
    ("text", "runbook", "arguments"),
    [
        (f"{CLEAR} datahub", CLEAR, {}),
        (f"{CLEAR} datahub ana, ben/lab", CLEAR, {"users": ["ana", "ben/lab"]}),
        (f"{CLEAR} ana datahub", CLEAR, {"users": ["ana"]}),
        (f"{CLEAR} hub=datahub users=ana,ben", CLEAR, {"users": ["ana", "ben"]}),
        (f"“{CLEAR}” DataHub @ana", CLEAR, {"users": ["ana"]}),
        ("Cordon–Node datahub core-1", "cordon-node", {"node": "core-1"}),
        ("cordon-node datahub node=core-1", "cordon-node", {"node": "core-1"}),
        (
            "cordon-node datahub core-1 expires-after=“1h 30m” HOW='At Once' taint=yes count=3",
            "cordon-node",
            {
                "node": "core-1",
                "expires_after": 5400.0,
                "how": "at once",
                "taint": True,
                "count": 3,
            },
        ),
        (
            "cordon-node why=“it’s full – really” datahub core-1",
            "cordon-node",
            {"node": "core-1", "why": "it’s full – really"},
        ),
        ("cordon-node datahub core-1 why=", "cordon-node", {"node": "core-1"}),
        ("start-server datahub ana server=lab", "start-server", {"user": "ana", "server": "lab"}),
        ("move datahub node=core-1 users=ana", "move", {"node": "core-1", "users": ["ana"]}),
    ],
)
def test_what_was_typed(text: str, runbook: str, arguments: dict[str, Any]) -> None:
    assert asked(text) == (runbook, "datahub", arguments)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("restart-prxy datahub", "There is no runbook “restart-prxy”. The runbooks are"),
        ("core-1", "There is no runbook “core-1”."),
        ("node=core-1", "There is no runbook “”."),
        (f"{CLEAR} ana", "Name the hub: "),
        (f"{CLEAR} hub=moonhub", "Name the hub: "),
        (f"{CLEAR} datahub stat-20", "A plan is for one hub, but datahub, stat-20 are several"),
        (f"{CLEAR} datahub hub=stat-20", "A plan is for one hub"),
        (f"{CLEAR} datahub ana users=ben", "takes users once: leave out ana or users=…"),
        (f"{CLEAR} datahub users=", "was given an empty name. Write whose servers it is for"),
        (f"{CLEAR} datahub users=“”", "was given an empty name"),
        (f"{CLEAR} datahub users=', ,'", "write at least one name, or leave it out for all"),
        (f"{CLEAR} datahub @", "was given an empty name"),
        (f"{CLEAR} datahub “”", "was given an empty name"),
        ("resync-routes datahub ana", "resync-routes works on a whole hub. Leave out ana."),
        ("resync-routes datahub deep=yes", "takes no parameters. Leave out deep."),
        ("cordon-node datahub", "cordon-node needs node: give node=…"),
        ("cordon-node datahub core-1 core-2", "takes one node, but core-1, core-2 are several"),
        ("cordon-node datahub core-1 nod=core-2", "There is no parameter “nod”. The parameters of"),
        (
            "cordon-node datahub core-1 expires_after=soon",
            "“soon” isn't a valid expires after: write a",
        ),
        ("cordon-node datahub core-1 how=never", "isn't a valid how: use one of softly, at once."),
        ("cordon-node datahub core-1 taint=maybe", "isn't a valid taint: write yes or no."),
        ("cordon-node datahub core-1 count=many", "isn't a valid count: write a whole number."),
        ("cordon-node datahub core-1 count=9", "isn't a valid count: it can be at most 5."),
        (
            "move datahub core-1",
            "can't tell what core-1 is for. Write its parameters as name=value",
        ),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        asked(text)
    assert says in str(refused.value)


def test_the_only_hub_need_not_be_named() -> None:
    assert asked("resync-routes", ["datahub"]) == ("resync-routes", "datahub", {})
    with pytest.raises(UserError, match=r"works on a whole hub\. Leave out datahbu"):
        asked("resync-routes datahbu", ["datahub"])


def test_nothing_is_asked_for_where_there_is_no_hub() -> None:
    with pytest.raises(UserError, match="No hub is configured"):
        asked("resync-routes", [])


def test_a_runbook_may_have_a_parameter_named_hub() -> None:
    @runbook("Copy", purpose=Purpose.LOOK)
    def copy(facts: HubFacts, hub: str) -> Draft:
        """Copies to another hub."""
        return Draft()

    books: dict[str, Runbook] = {"copy": copy}
    found = read_words("copy datahub hub=stat-20", books, HUBS)
    assert (found.hub, found.arguments) == ("datahub", {"hub": "stat-20"})
