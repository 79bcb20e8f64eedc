"""A real Kubernetes control plane on loopback, from the envtest binaries.

``KUBEBUILDER_ASSETS`` names the directory: ``etcd`` and ``kube-apiserver`` must be there,
``kube-controller-manager`` is optional. Tests simulate kubelet and scheduler.
"""

from __future__ import annotations

import csv
import os
import secrets
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.cluster.processes import Process, Processes
from sandbox.cluster.waiting import wait_for

VARIABLE = "KUBEBUILDER_ASSETS"
USERS = 40
"""Users besides the admin. The API server reads tokens only at startup."""

CONTROLLERS = "deployment,replicaset,statefulset,disruption,garbagecollector,namespace"
NO_CACHE = "configmaps#0"
"""Watches of these bypass the cache, so etcd compaction takes effect at once."""


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A ready control plane; ``tokens`` are keyed by user name."""

    server: str
    etcd: str
    certificates: Path
    versions: str
    has_controllers: bool
    tokens: dict[str, str]

    @property
    def certificate(self) -> Path:
        """The certificate to trust; the simulated kubelet uses it too."""
        return self.certificates / "apiserver.crt"

    @property
    def key(self) -> Path:
        return self.certificates / "apiserver.key"


def why_not() -> str:
    """The reason why no control plane can start, in one sentence; empty if one can."""
    told = os.environ.get(VARIABLE, "")
    if not told:
        return (
            f"{VARIABLE} is not set: set it to a directory with etcd, kube-apiserver and "
            "kube-controller-manager (see tests/contracts/README.md)"
        )
    missing = [name for name in ("etcd", "kube-apiserver") if not (Path(told) / name).exists()]
    return f"{VARIABLE} has no {' and no '.join(missing)}" if missing else ""


@contextmanager
def control_plane(directory: Path) -> Iterator[ControlPlane]:
    """Start everything, wait until ready, and stop everything at exit.

    Raises:
        TimeoutError: it did not become ready; the logs are in ``directory``.
    """
    processes = Processes()
    try:
        yield _start(Path(os.environ[VARIABLE]).resolve(), directory, processes)
    finally:
        processes.stop()


def _start(assets: Path, directory: Path, processes: Processes) -> ControlPlane:
    client, peer, port = (_free_port() for _ in range(3))
    etcd, server = f"http://127.0.0.1:{client}", f"https://127.0.0.1:{port}"
    key = _signing_key(directory / "service-accounts.key")
    tokens = {name: secrets.token_urlsafe(16) for name in ("admin", *map(_user, range(USERS)))}
    _write_tokens(directory / "tokens.csv", tokens)

    def run(program: str, *options: str) -> Process:
        return processes.start(
            [str(assets / program), *options],
            {"PATH": os.environ["PATH"], "HOME": str(directory)},
            directory=directory,
            log=directory / f"{program}.log",
            on_exit=lambda: None,
        )

    run(
        "etcd",
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls={etcd}",
        f"--advertise-client-urls={etcd}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
    )
    api = run(
        "kube-apiserver",
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        *_without_tls(assets / "kube-apiserver", "--insecure-port"),
        f"--cert-dir={directory / 'certificates'}",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-account-issuer=https://kubernetes.default",
        f"--token-auth-file={directory / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
        f"--watch-cache-sizes={NO_CACHE}",
        "--etcd-compaction-interval=0",
        "--kubelet-preferred-address-types=InternalIP",
    )
    wait_for(
        lambda: api.ended.is_set() or _is_ready(server, tokens["admin"]),
        f"kube-apiserver, whose log is in {directory}",
        seconds=90,
    )
    if api.ended.is_set():
        raise TimeoutError(f"kube-apiserver ended with {api.exit_code}: see its log in {directory}")
    has_controllers = (assets / "kube-controller-manager").exists()
    if has_controllers:
        run(
            "kube-controller-manager",
            f"--kubeconfig={_kubeconfig(directory / 'manager.json', server, tokens['admin'])}",
            f"--service-account-private-key-file={key}",
            "--leader-elect=false",
            f"--controllers={CONTROLLERS}",
            *_without_tls(assets / "kube-controller-manager", "--port"),
            "--secure-port=0",
        )
    programs = ["kube-apiserver", *["kube-controller-manager"] * has_controllers, "etcd"]
    return ControlPlane(
        server=server,
        etcd=etcd,
        certificates=directory / "certificates",
        versions=", ".join(f"{name} {_version(assets / name)}" for name in programs),
        has_controllers=has_controllers,
        tokens=tokens,
    )


def _user(number: int) -> str:
    return f"user-{number}"


def _write_tokens(path: Path, tokens: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for name, token in tokens.items():
            groups = "system:masters" if name == "admin" else "people"
            writer.writerow([token, name, name, groups])


def _signing_key(path: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return path


def _kubeconfig(path: Path, server: str, token: str) -> Path:
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
        f"clusters: [{{name: c, cluster: {{server: '{server}', insecure-skip-tls-verify: true}}}}]\n"
        f"users: [{{name: u, user: {{token: '{token}'}}}}]\n"
        "contexts: [{name: here, context: {cluster: c, user: u}}]\n",
        encoding="utf-8",
    )
    return path


def _is_ready(server: str, token: str) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    ask = urllib.request.Request(
        f"{server}/api/v1/namespaces/default", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(ask, timeout=2, context=context):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _version(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return said.stdout.splitlines()[0].strip().split()[-1]


def _without_tls(program: Path, option: str) -> list[str]:
    """Old versions listen without TLS by default; new ones reject the option."""
    said = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    return [f"{option}=0"] if f" {option} " in said.stdout else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
