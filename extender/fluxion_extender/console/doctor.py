"""`fluence doctor`: whether the service can work in this cluster, and what it would not see."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

from fluxion_extender.cluster.levels import DEFAULT_LEVELS, Level, parse_levels
from fluxion_extender.console.cluster_view import ClusterView
from fluxion_extender.console.configuration import SCHEDULER
from fluxion_extender.console.rights import RIGHTS
from fluxion_extender.console.scheduler_file import faults_of
from fluxion_extender.kube.connection import Connection
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_py.cli.arguments import Parser, add_output, example, file_name, wants_json
from fluxion_py.cli.table_text import format_table
from fluxion_py.cli.tool import BAD_INPUT, DONE

OK, WARN, FAIL = "ok", "warn", "fail"
OLDEST = (1, 29)
"""Patch releases of 1.26 to 1.28 before December 2023 left refused pods alone for five minutes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `state` is ok, warn or fail."""

    check: str
    state: str
    found: str


def add_doctor(parser: Parser) -> None:
    """Add the options of `fluence doctor`."""
    parser.add_argument(
        "--kubeconfig",
        type=file_name,
        metavar="FILE",
        help="(default: $KUBECONFIG, ~/.kube/config, the service account of a pod)",
    )
    parser.add_argument("--context", metavar="NAME", help="the context of the kubeconfig")
    parser.add_argument("--levels", metavar="LABEL,...", help="as for `fluence serve`")
    parser.add_argument(
        "--scheduler-name", metavar="NAME", default=SCHEDULER, help=f"(default: {SCHEDULER})"
    )
    parser.add_argument(
        "--namespace",
        metavar="NAME",
        default=os.environ.get("POD_NAMESPACE", "fluence-system"),
        help="where the service has its lease (default: $POD_NAMESPACE or fluence-system)",
    )
    parser.add_argument(
        "--config", type=file_name, metavar="FILE", help="check this KubeSchedulerConfiguration"
    )
    add_output(parser)
    example(parser, "doctor", "doctor --levels topology.kubernetes.io/zone --config scheduler.yaml")


def run_doctor(arguments: Namespace) -> int:
    """Print the findings; fail if one of them keeps the service from working."""
    levels = parse_levels(arguments.levels) if arguments.levels else DEFAULT_LEVELS
    findings = list(_examine(arguments, levels))
    if wants_json(arguments):
        sys.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2) + "\n")
    else:
        rows = [(finding.check, finding.state, finding.found) for finding in findings]
        sys.stdout.write(format_table(("CHECK", "STATE", "FOUND"), rows))
    return BAD_INPUT if any(finding.state == FAIL for finding in findings) else DONE


def _examine(arguments: Namespace, levels: Sequence[Level]) -> Iterator[Finding]:
    if arguments.config:
        yield _check_configuration(arguments.config, arguments.scheduler_name)
    with closing(Connection(arguments.kubeconfig, arguments.context)) as connection:
        yield from _examine_cluster(ClusterView(connection), arguments, levels)


def _examine_cluster(
    cluster: ClusterView, arguments: Namespace, levels: Sequence[Level]
) -> Iterator[Finding]:
    yield _check_version(cluster.version())
    missing = [
        f"{verb} {right.name}"
        for right in RIGHTS
        for verb in right.verbs
        if not cluster.may(verb, right, arguments.namespace)
    ]
    yield _check_rights(missing)
    if any(f"list {name}" in missing for name in ("nodes", "pods")):
        return
    nodes = cluster.nodes()
    yield _check_nodes(nodes)
    yield _check_levels(nodes, levels)
    yield _check_pods(cluster.pods(), arguments.scheduler_name)


def _check_configuration(path: str, scheduler_name: str) -> Finding:
    faults = faults_of(path, scheduler_name)
    return Finding("scheduler file", FAIL if faults else OK, "; ".join(faults) or path)


def _check_version(version: tuple[int, int]) -> Finding:
    major, minor = version
    if version < OLDEST:
        least = "{}.{}".format(*OLDEST)
        text = f"v{major}.{minor}; before {least} refused pods may wait for minutes"
        return Finding("API server", WARN, text)
    return Finding("API server", OK, f"v{major}.{minor}")


def _check_rights(missing: Sequence[str]) -> Finding:
    if missing:
        return Finding("rights", FAIL, f"not allowed: {', '.join(missing)}; see deploy/rbac.yaml")
    return Finding("rights", OK, ", ".join(right.name for right in RIGHTS))


def _check_nodes(nodes: Sequence[Node]) -> Finding:
    usable = sum(1 for node in nodes if node.ready and not node.spec.unschedulable)
    counts = f"{len(nodes)}, of which {usable} ready and not cordoned"
    return Finding("nodes", OK if usable else WARN, counts)


def _check_levels(nodes: Sequence[Node], levels: Sequence[Level]) -> Finding:
    """Count the nodes that have a label of each level; one that some lack is worth a look."""
    counts = {
        level.type: sum(
            1 for node in nodes if any(node.metadata.label(label) for label in level.labels)
        )
        for level in levels
    }
    there = {name: count for name, count in counts.items() if count}
    if not there:
        looked = ", ".join(level.type for level in levels)
        return Finding("topology labels", WARN, f"none of {looked}: see --levels")
    state = OK if all(count == len(nodes) for count in there.values()) else WARN
    texts = [f"{name} on {count}/{len(nodes)}" for name, count in there.items()]
    return Finding("topology labels", state, ", ".join(texts))


def _check_pods(pods: Sequence[Pod], scheduler_name: str) -> Finding:
    bound = [pod for pod in pods if pod.spec.node_name and not pod.finished]
    ours = sum(1 for pod in bound if pod.spec.scheduler_name == scheduler_name)
    waiting = sum(
        1 for pod in pods if not pod.spec.node_name and pod.spec.scheduler_name == scheduler_name
    )
    text = (
        f"{len(bound) - ours} of other schedulers will be counted; "
        f"{ours} of {scheduler_name} bound, {waiting} waiting"
    )
    return Finding("pods", OK, text)
