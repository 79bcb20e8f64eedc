"""The runbooks that mayday offers, in the order of its menu. A new one is written here by hand."""

from bot.runbook import Runbook
from runbooks.force_delete_stuck_servers import FORCE_DELETE_STUCK_SERVERS
from runbooks.restart_proxy import RESTART_PROXY
from runbooks.resync_routes import RESYNC_ROUTES

RUNBOOKS: tuple[Runbook, ...] = (RESYNC_ROUTES, RESTART_PROXY, FORCE_DELETE_STUCK_SERVERS)
