"""The sandbox hub's configuration: JupyterHub runs this file, with the settings beside its pods."""

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jupyterhub import orm, roles  # type: ignore[import-untyped]

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub puts it in

settings: dict[str, Any] = json.loads(Path(os.environ["SANDBOX_HUB_SETTINGS"]).read_text())


c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True

c.JupyterHub.bind_url = settings["public_url"]
c.JupyterHub.hub_bind_url = settings["hub_url"]
c.JupyterHub.hub_connect_url = settings["hub_url"]
c.JupyterHub.db_url = f"sqlite:///{settings['directory']}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{settings['directory']}/cookie_secret"

# Users keep their servers when the hub or the proxy restarts, as on a real cluster.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False

# Report a redirect loop after one round instead of four: 1 s instead of 15 s.
c.JupyterHub.tornado_settings = {"user_redirect_limit": 1}

# Lost routes stay lost until a resync: in the outage of 2017 it took many minutes.
# By default the hub restores them when it collects activity, every five minutes.
c.JupyterHub.last_activity_interval = 24 * 3600
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = settings["proxy_api_url"]
c.ConfigurableHTTPProxy.auth_token = settings["proxy_token"]

c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.KubeSpawner.namespace = settings["namespace"]
c.KubeSpawner.image = "singleuser"
c.KubeSpawner.extra_labels = {"release": settings["release"]}
c.KubeSpawner.node_selector = {"hub.jupyter.org/node-purpose": "user"}
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.storage_capacity = "1Gi"
c.KubeSpawner.enable_user_namespaces = False
# Both sites allow a spawn ten minutes; a stuck one lasts as long.
c.KubeSpawner.start_timeout = 600
# A stale record has to last long enough for mayday to find it.
c.KubeSpawner.poll_interval = 24 * 3600

# The crowd's servers have run since before the hub first started.
with orm.new_session_factory(c.JupyterHub.db_url)() as db:
    if not db.query(orm.User).first():
        port = settings["crowd"]["port"]
        member = roles.create_role(db, next(iter(roles.get_default_roles())))
        for name, pod in settings["crowd"]["pods"].items():
            server = orm.Server(ip="127.0.0.1", port=port, base_url=f"/user/{name}/")
            state = {"pod_name": pod, "kubespawner_version": version("jupyterhub-kubespawner")}
            times = {"started": orm.utcnow(), "last_activity": orm.utcnow()}
            user = orm.User(name=name, last_activity=orm.utcnow(), roles=[member])
            db.add(orm.Spawner(user=user, name="", server=server, state=state, **times))
        db.commit()

c.JupyterHub.services = [
    {"name": name, "api_token": service["token"]} for name, service in settings["services"].items()
]
c.JupyterHub.load_roles = [
    {"name": f"service-{name}", "services": [name], "scopes": service["scopes"]}
    for name, service in settings["services"].items()
]
