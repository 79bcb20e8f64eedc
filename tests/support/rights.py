"""Rights that steps need on the hub and cluster of :mod:`tests.support.hubs`."""

from bot.domain.rights import Permission, Right, Scope

WRITE_ROUTES = Scope(name="proxy")
START_SERVERS = Scope(name="start:servers", earlier="servers")
STOP_SERVERS = Scope(name="delete:servers")
GET_PODS = Permission(verb="get", resource="pods")
DELETE_PODS = Permission(verb="delete", resource="pods")
PATCH_PROXY = Permission(verb="patch", group="apps", resource="deployments", name="proxy")

PERMISSIONS = (GET_PODS, DELETE_PODS, PATCH_PROXY)
RIGHTS: tuple[Right, ...] = (WRITE_ROUTES, STOP_SERVERS, *PERMISSIONS)
