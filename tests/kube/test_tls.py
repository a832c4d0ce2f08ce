"""kube-scheduler asks over TLS, with and without a certificate of its own."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kube.rig import books
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.gangs import PODS, bare_gang, bound_count, members, wait_bound
from tests.kube.rig.objects import node
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with an authority (ca), its certificates for 127.0.0.1 (server) and of a client."""
    make(tmp_path, "ca", "-subj", "/CN=authority")
    signed = ("-CA", "ca.crt", "-CAkey", "ca.key")
    name = ("-addext", "subjectAltName=IP:127.0.0.1")
    make(tmp_path, "server", "-subj", "/CN=fluence", *signed, *name)
    make(tmp_path, "client", "-subj", "/CN=kube-scheduler", *signed)
    return tmp_path


def make(folder: Path, name: str, *options: str) -> None:
    """Make a key and a certificate."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    files = ["-keyout", f"{name}.key", "-out", f"{name}.crt"]
    subprocess.run([*command, *files, *options], cwd=folder, check=True, capture_output=True)


@contextmanager
def serving(plane: ControlPlane, keys: Path, *options: str) -> Iterator[FluenceProcess]:
    """Run the service with its certificate; this process has that of a client."""
    context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
    context.load_cert_chain(keys / "client.crt", keys / "client.key")
    words = ("--tls-cert", str(keys / "server.crt"), "--tls-key", str(keys / "server.key"))
    service = FluenceProcess(plane.folder, plane.kubeconfig, (*words, *options), context)
    try:
        service.start_ready()
        yield service
    finally:
        plane.scheduler.stop()
        service.stop()


def test_kube_scheduler_trusts_the_authority_of_the_service(
    plane: ControlPlane, keys: Path
) -> None:
    plane.add_nodes(node(f"n{number}") for number in range(3))
    with serving(plane, keys) as service:
        start_with_extender(plane, service.url, "--ca-file", str(keys / "ca.crt"))
        for one in bare_gang("gang", 3, "5"):
            plane.api.create(PODS, one)
        wait_bound(plane, "gang", 3)


def test_with_a_client_authority_only_its_clients_are_answered(
    plane: ControlPlane, keys: Path
) -> None:
    """Without a certificate kube-scheduler is turned away, and says so; with one it is served."""
    plane.add_nodes(node(f"n{number}") for number in range(3))
    authority = ("--ca-file", str(keys / "ca.crt"))
    with serving(plane, keys, "--client-ca", str(keys / "ca.crt")) as service:
        start_with_extender(plane, service.url, *authority)
        for one in bare_gang("gang", 3, "5"):
            plane.api.create(PODS, one)
        wait_until(lambda: any(map(books.refusal, members(plane, "gang"))), "it is turned away")
        assert bound_count(plane, "gang") == 0
        plane.scheduler.stop()
        own = ("--cert-file", str(keys / "client.crt"), "--key-file", str(keys / "client.key"))
        start_with_extender(plane, service.url, *authority, *own)
        wait_bound(plane, "gang", 3)
