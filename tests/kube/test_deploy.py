"""The files of extender/deploy: the rights in them suffice, and none is there for nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fluxion_extender.console import main
from fluxion_extender.console.configuration import add_config, configuration_text
from fluxion_extender.console.rights import RIGHTS
from fluxion_py.cli.arguments import parse
from tests.conftest import ROOT
from tests.kube.rig.binaries import find_binaries
from tests.kube.rig.control_plane import SERVICE_USER, ControlPlane
from tests.kube.rig.gangs import JOBS, PODS, PREFIX, bare_gang, wait_bound, wait_refused
from tests.kube.rig.kubelet import Kubelet
from tests.kube.rig.objects import job, node, pod
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

BASE = ROOT / "extender" / "deploy" / "base"
NAMESPACE = "fluence-system"
RBAC = "/apis/rbac.authorization.k8s.io/v1"

Triple = tuple[str, str, str]
"""API group, resource (with its part), verb."""


def documents(name: str) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all((BASE / name).read_text()) if one]


def granted(kind: str) -> set[Triple]:
    """Return what the roles of a kind in rbac.yaml allow."""
    return {
        (group, resource, verb)
        for role in documents("rbac.yaml")
        if role["kind"] == kind
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_roles_grant_what_the_doctor_asks_for() -> None:
    for kind, namespaced in (("ClusterRole", False), ("Role", True)):
        wanted = {
            (right.group, right.resource, verb)
            for right in RIGHTS
            if right.namespaced == namespaced
            for verb in right.verbs
        }
        assert granted(kind) == wanted


def test_the_scheduler_file_is_that_of_fluence_config() -> None:
    arguments = parse("fluence config", "test", add_config, [])
    assert arguments is not None
    assert (BASE / "scheduler.yaml").read_text() == configuration_text(arguments)


def test_every_file_is_listed_and_every_container_is_locked() -> None:
    listed = documents("kustomization.yaml")[0]
    named = {*listed["resources"], "kustomization.yaml", "scheduler.yaml"}
    assert {path.name for path in BASE.iterdir()} == named
    spec = documents("deployment.yaml")[0]["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    for container in spec["containers"]:
        locked = container["securityContext"]
        assert locked["readOnlyRootFilesystem"] is True
        assert locked["allowPrivilegeEscalation"] is False
        assert locked["capabilities"] == {"drop": ["ALL"]}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane that enforces the roles, and writes down what the service asks of it."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no control plane: `make kube`")
    plane = ControlPlane(binaries, tmp_path, "RBAC", audited=SERVICE_USER)
    kubelet = Kubelet(plane.api)
    try:
        plane.start()
        kubelet.start()
        grant(plane)
        yield plane
    finally:
        plane.stop()
        kubelet.stop()


def grant(plane: ControlPlane) -> None:
    """Apply rbac.yaml, for the user that stands in for the service account."""
    plane.api.create("/api/v1/namespaces", documents("namespace.yaml")[0])
    paths = {
        "ClusterRole": f"{RBAC}/clusterroles",
        "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
        "Role": f"{RBAC}/namespaces/{NAMESPACE}/roles",
        "RoleBinding": f"{RBAC}/namespaces/{NAMESPACE}/rolebindings",
    }
    for one in documents("rbac.yaml"):
        if "subjects" in one:
            group = "rbac.authorization.k8s.io"
            one["subjects"] = [{"kind": "User", "name": SERVICE_USER, "apiGroup": group}]
        plane.api.create(paths[one["kind"]], one)


def asked(plane: ControlPlane) -> tuple[set[Triple], set[Triple]]:
    """Return what the service was allowed, and what it was forbidden, by the audit log."""
    allowed: set[Triple] = set()
    forbidden: set[Triple] = set()
    for line in plane.audit_log.read_text().splitlines():
        event = json.loads(line)
        what = event.get("objectRef")
        if what is None or what["resource"] == "selfsubjectaccessreviews":
            continue
        resource = "/".join(filter(None, (what["resource"], what.get("subresource"))))
        triple = (what.get("apiGroup", ""), resource, event["verb"])
        (forbidden if event["responseStatus"]["code"] == 403 else allowed).add(triple)
    return allowed, forbidden


def test_the_rights_suffice(guarded: ControlPlane) -> None:
    """A job, a gang without owner, a single pod, one that waits; nothing is forbidden."""
    plane = guarded
    options = ("--lease", f"{NAMESPACE}/fluence")
    service = FluenceProcess(plane.folder, plane.service_kubeconfig, options)
    try:
        service.start_ready()
        start_with_extender(plane, service.url)
        plane.add_nodes(node(f"n{number}") for number in range(4))
        plane.api.create(JOBS, job("job", 4, cpu="5"))
        wait_bound(plane, "job", 4)
        for one in bare_gang("gang", 3, cpu="2"):
            plane.api.create(PODS, one)
        wait_bound(plane, "gang", 3)
        plane.api.create(PODS, pod("single", "100m", labels={"gang": "single"}))
        wait_bound(plane, "single", 1)
        for one in bare_gang("large", 9, cpu="8"):
            plane.api.create(PODS, one)
        wait_refused(plane, "large", 9)
        marks = {f"{PREFIX}group": "wrong", f"{PREFIX}duration": "soon"}
        plane.api.create(PODS, pod("wrong", labels={"gang": "wrong"}, annotations=marks))
        wait_refused(plane, "wrong", 1)
        allowed, forbidden = asked(plane)
        assert forbidden == set(), service.tail()
        assert ("", "pods/binding", "create") in allowed
        words = ("--kubeconfig", str(plane.service_kubeconfig), "--namespace", NAMESPACE)
        assert main(["doctor", *words]) == 0
        unused = granted("ClusterRole") - allowed
        assert {triple for triple in unused if triple[0] in ("", "batch", "apps")} <= UNUSED
    finally:
        plane.scheduler.stop()
        service.stop()


UNUSED: set[Triple] = {
    ("", "pods", "get"),
    ("", "pods", "delete"),
    ("", "pods", "patch"),
    ("", "configmaps", "get"),
}
"""Rights that this story may have no use for: who has bound a pod, evictions, nudges, jobspecs."""
