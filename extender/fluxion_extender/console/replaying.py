"""`fluence replay`: which pod would go where, without a cluster."""

import json
import sys
from argparse import Namespace
from typing import Any

from fluxion_extender.console.expansion import pods_of
from fluxion_extender.console.manifests import read_nodes, read_workloads
from fluxion_extender.console.serving import add_settings, settings_of
from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.groups.identity import Ref
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import Workload
from fluxion_extender.pods.requests import request_of
from fluxion_py.cli.arguments import Parser, add_output, example, file_name, wants_json
from fluxion_py.cli.tool import BUSY, DONE, NEVER
from fluxion_py.errors import InputError
from fluxion_py.hostlist import short_hostlist

NEVER_WORDS = ("can never start", "is refused: ")
"""What the reasons say of groups for which waiting is of no use."""


def add_replay(parser: Parser) -> None:
    """Add the options of `fluence replay`."""
    parser.add_argument("--nodes", type=file_name, required=True, metavar="FILE", help="the nodes")
    parser.add_argument(
        "--pods", type=file_name, required=True, metavar="FILE",
        help="pods, Jobs, JobSets, MPIJobs, ...; pods on a node count as they are",
    )  # fmt: skip
    add_settings(parser)
    parser.add_argument("--check", action="store_true", help="print sums only, no pod by name")
    add_output(parser)
    example(
        parser,
        "replay --nodes nodes.json --pods jobs.yaml",
        "replay --nodes nodes.json --pods jobs.yaml --check",
    )


def run_replay(arguments: Namespace) -> int:
    """Print where pods would go; 16 if some would have to wait, 19 if some could never start."""
    scheduler = Scheduler(settings_of(arguments))
    for node in read_nodes(arguments.nodes):
        scheduler.node_seen(node, 0)
    owners, pods = read_workloads(arguments.pods)
    pods = _all_pods(owners, pods)
    for pod in pods:
        _check(pod, arguments.pods)
        if not pod.spec.node_name:
            pod.spec.scheduler_name = arguments.scheduler_name
    scheduler.members.workloads.update(owners)
    for pod in pods:
        scheduler.members.pod_seen(pod, 0)
    scheduler.settle(0)
    waiting = [pod for pod in pods if not pod.spec.node_name]
    names = list(scheduler.mirror.nodes)
    found = [_ask(scheduler, pod, names) for pod in waiting]
    groups = _groups(found)
    if wants_json(arguments):
        document: dict[str, Any] = {"groups": groups}
        if not arguments.check:
            document["pods"] = found
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _write(groups, [] if arguments.check else found)
    if any(word in group["reason"] for group in groups for word in NEVER_WORDS):
        return NEVER
    return BUSY if any(group["placed"] < group["pods"] for group in groups) else DONE


def _all_pods(owners: dict[Ref, Workload], pods: list[Pod]) -> list[Pod]:
    """Return the pods that are there, and those that owners without any would have."""
    controllers = (pod.metadata.controller for pod in pods)
    owned = {each.uid for each in controllers if each is not None}
    found = list(pods)
    for owner in list(owners.values()):
        if owner.metadata.uid not in owned:
            found += pods_of(owner, owners)
    return found


def _check(pod: Pod, path: str) -> None:
    """Refuse a pod that an API server would refuse. Raises `InputError`."""
    try:
        request_of(pod)
    except InputError as error:
        raise InputError(f"pod {pod.key}: {error}", source=path, hint=error.hint) from None


def _ask(scheduler: Scheduler, pod: Pod, names: list[str]) -> dict[str, Any]:
    verdict = scheduler.filter(pod, names, 0)
    if verdict.group is not None:
        scheduler.planned(verdict.group)
    group = scheduler.members.group_of(pod.metadata.uid)
    return {
        "pod": pod.key,
        "group": group.name if group is not None else pod.metadata.name,
        "node": verdict.nodes[0] if verdict.nodes else None,
        "reason": verdict.reason,
    }


def _groups(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        groups.setdefault(each["group"], []).append(each)
    return [
        {
            "group": name,
            "pods": len(pods),
            "placed": sum(pod["node"] is not None for pod in pods),
            "where": short_hostlist(dict.fromkeys(p["node"] for p in pods if p["node"])),
            "reason": next((p["reason"] for p in pods if p["reason"]), ""),
        }
        for name, pods in groups.items()
    ]


def _write(groups: list[dict[str, Any]], pods: list[dict[str, Any]]) -> None:
    for pod in pods:
        sys.stdout.write(f"{pod['pod']} -> {pod['node'] or '(waits)'}\n")
    for group in groups:
        text = f"{group['group']}: {group['placed']} of {group['pods']} pods placed"
        if group["where"]:
            text += f" on {group['where']}"
        if group["reason"]:
            text += f"; {group['reason']}"
        sys.stdout.write(text + "\n")
