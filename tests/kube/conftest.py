"""A control plane for the session, clean at the start of each test; logs of what failed."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.kube.rig.binaries import find_binaries
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.echo import EchoExtender
from tests.kube.rig.kubelet import Kubelet
from tests.kube.rig.service import FluenceProcess

MISSING = "no control plane: `make kube` builds one, K8S_BIN names the folder of another"
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def session_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """etcd, API server, controllers and kubelets; who wants a scheduler starts it."""
    binaries = find_binaries()
    if binaries is None:
        assert not os.environ.get("FLUXION_KUBE_REQUIRED"), MISSING
        pytest.skip(MISSING)
    plane = ControlPlane(binaries, tmp_path_factory.mktemp("plane"))
    kubelet = Kubelet(plane.api)
    try:
        plane.start()
        kubelet.start()
        yield plane
    finally:
        plane.stop()
        kubelet.stop()


@pytest.fixture
def plane(session_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """The control plane without nodes, pods, jobs and scheduler."""
    yield session_plane
    if request.node.stash.get(FAILED, False):
        for process in session_plane.processes():
            request.node.add_report_section("teardown", process.name, process.tail())
    session_plane.scheduler.stop()
    session_plane.clean()


@pytest.fixture
def echo(plane: ControlPlane) -> Iterator[EchoExtender]:
    """An extender that records its calls."""
    extender = EchoExtender(plane.api)
    yield extender
    plane.scheduler.stop()
    extender.close()


@pytest.fixture
def service(plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[FluenceProcess]:
    """`fluence serve`, not started yet."""
    process = FluenceProcess(plane.folder, plane.kubeconfig)
    yield process
    if request.node.stash.get(FAILED, False):
        request.node.add_report_section("teardown", process.name, process.tail())
    plane.scheduler.stop()
    process.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether a test failed, for its fixtures."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report
