"""The app's Home: read for one person, and published when they open it or act in it.

Slack says who may see what. Where it doesn't say, nothing is shown. A Home that can't be published is
published when the person opens it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from bot.domain.access import Act
from bot.domain.actions import ActionItem
from bot.domain.home import HomePage
from bot.domain.incident import LEFT, Incident
from bot.domain.leading import leader
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock
from bot.render import home as words
from bot.runbook import Runbook
from bot.services.authorize import Asker, Authorize
from bot.services.incidents import Incidents
from bot.services.items import Items
from bot.services.settings import Settings
from bot.store import incident_pages
from bot.store import incidents as rows
from bot.store.engine import Store

MOST_ASKED = 20
"""About how many incidents Slack is asked for one Home."""
AT_ONCE = 4
DIRECT = "D"
"""The beginning of a direct message's id: like one, a Home is with one person of this workspace."""

log = structlog.get_logger()


class Homes:
    """Reads and publishes Homes. ``setup`` returns what the workspace lacks, and whether it always matters.

    ``begin`` runs work in the background.
    """

    def __init__(
        self,
        store: Store,
        chat: Chat,
        now: Clock,
        settings: Settings,
        authorize: Authorize,
        incidents: Incidents,
        items: Items,
        *,
        runbooks: Mapping[str, Runbook],
        setup: Callable[[], Sequence[tuple[str, bool]]] = tuple,
        begin: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._store = store
        self._chat = chat
        self._now = now
        self._settings = settings
        self._authorize = authorize
        self._incidents = incidents
        self._items = items
        self._runbooks = runbooks
        self._setup = setup
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="home")
        self.begin = begin or self._pool.submit

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def publish(self, user: str, said: str = "") -> None:
        """Show a person their Home as of now, with the answer to what they did in it."""
        try:
            self._chat.publish_home(user, words.home(self.of(user), said=said))
        except (UserError, RetryLater) as exc:
            log.warning("home.not_published", user=user, error=str(exc))

    def of(self, user: str) -> HomePage:
        """A person's Home.

        Raises:
            UserError, RetryLater: Slack did not say who they are, or which incidents are private.
        """
        now, team = self._now(), self._chat.identity().team_id
        asker = Asker(user=user, channel=DIRECT)
        may_list = self._authorize.may(asker, Act.LIST)
        self._incidents.latch()
        with self._store.read() as tx:
            unclosed = [one for one in rows.unclosed(tx) if one.team_id == team][::-1]
            is_new = incident_pages.is_new(tx, team)
        shown = self._seen(user, unclosed, may_list=may_list)
        return HomePage(
            user=user,
            now=now,
            today=self._items.today,
            incidents=shown,
            items=self._own_items(user, team, shown, may_list=may_list),
            runbooks=self._allowed(asker) if self._settings.hubs else (),
            setup=[text for text, always in self._setup() if may_list and (always or is_new)],
            may_declare=self._authorize.may(asker, Act.DECLARE),
            has_hubs=bool(self._settings.hubs) and may_list,
            lead=self._settings.policy.lead,
            leaders={one.id: leader(one, self._settings.policy) for one in shown},
        )

    def _seen(self, user: str, found: Sequence[Incident], *, may_list: bool) -> list[Incident]:
        """The incidents that the person may see: for members the public ones; of others Slack is asked."""
        shown, asked = [], 0
        for one in found:
            is_public = not one.private and one.channel_state != LEFT
            if may_list and is_public:
                shown.append(one)
            elif asked < MOST_ASKED:
                asked += 1
                shown += [one] if self._may_see(user, one) else []
        return shown

    def _may_see(self, user: str, incident: Incident) -> bool:
        try:
            return self._authorize.sees(user, incident)
        except (UserError, RetryLater):
            return False

    def _own_items(
        self, user: str, team: str, shown: Sequence[Incident], *, may_list: bool
    ) -> list[tuple[ActionItem, str]]:
        found: list[tuple[ActionItem, str]] = []
        if may_list:
            listed, _problems = self._items.of_team(team, view="mine", user=user)
            found += [(each.item, each.incident_title) for each in listed]
        for one in shown:
            if one.private or not may_list:
                own = self._items.of_incident(one.id, view="mine", user=user)
                found += [(item, one.title) for item in own]
        return found

    def _allowed(self, asker: Asker) -> list[tuple[str, str]]:
        """The runbooks that the person may run, by policy; each list of people is asked for once."""
        known: dict[object, bool] = {}
        found = []
        for book in self._runbooks.values():
            allowed = book.policy.allowed
            if allowed not in known:
                known[allowed] = self._authorize.may(asker, Act.PLAN, allowed=allowed)
            if known[allowed]:
                found.append((book.name, book.title))
        return found
