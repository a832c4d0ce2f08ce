"""`fluence render`: the jobspec that is made of a manifest."""

import json
import sys
from argparse import Namespace
from typing import Any

from fluxion_extender.cluster.levels import HOSTNAME, Level, find_level
from fluxion_extender.console.expansion import pods_of
from fluxion_extender.console.manifests import read_workloads
from fluxion_extender.console.serving import add_settings
from fluxion_extender.groups.identity import identify
from fluxion_extender.groups.jobspec import class_jobspec
from fluxion_extender.groups.shape import PodClass, Shape, shape_of
from fluxion_extender.groups.user_jobspec import cluster_jobspec
from fluxion_extender.objects.pod import Pod
from fluxion_py.cli.arguments import Parser, add_output, example, file_name, wants_json
from fluxion_py.cli.tool import DONE
from fluxion_py.errors import InputError


def add_render(parser: Parser) -> None:
    """Add the options of `fluence render`."""
    parser.add_argument("manifest", type=file_name, help="pods, Jobs, JobSets, MPIJobs, ...")
    add_settings(parser)
    add_output(parser)
    example(parser, "render lmp-64.yaml", "render lmp-64.yaml -o json")


def run_render(arguments: Namespace) -> int:
    """Print one jobspec for every group of the manifest, one after the other."""
    owners, pods = read_workloads(arguments.manifest)
    for owner in list(owners.values()):
        pods += pods_of(owner, owners)
    groups: dict[str, list[Pod]] = {}
    for pod in pods:
        groups.setdefault(identify(pod, owners.get).key, []).append(pod)
    documents = []
    for members in groups.values():
        identity = identify(members[0], owners.get)
        shape = shape_of(identity, members, owners.get)
        if shape.missing:
            raise InputError(f"group {identity.name}: {shape.missing}", source=arguments.manifest)
        documents.append(_document(shape, arguments.levels))
    if wants_json(arguments):
        json.dump(documents, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        import yaml

        yaml.safe_dump_all(documents, sys.stdout, sort_keys=False)
    return DONE


def _document(shape: Shape, levels: tuple[Level, ...]) -> dict[str, Any]:
    """Return the jobspec of a group; several classes are entries beside each other."""
    found: dict[str, Any] = {}
    for kind in shape.classes:
        constraints = _selector(kind)
        if shape.wishes.jobspec is not None:
            spec = cluster_jobspec(shape, kind, constraints)
        else:
            spec = class_jobspec(shape, kind, lambda name: _level(name, levels), constraints)
        document = spec.to_dict()
        if not found:
            found = document
        else:
            found["resources"] += document["resources"]
    return found


def _level(name: str, levels: tuple[Level, ...]) -> str:
    """Return the type of a level; offline any name may be one."""
    return find_level(name, levels) or name.rpartition("/")[2]


def _selector(kind: PodClass) -> dict[str, Any] | None:
    """Return the node selector as a constraint; taints and affinity are the cluster's affair."""
    selector = kind.spec.node_selector or {}
    names = [f"{key}={value}" for key, value in selector.items() if key != HOSTNAME]
    hosts = [value for key, value in selector.items() if key == HOSTNAME]
    parts: list[dict[str, Any]] = [{"properties": names}] if names else []
    parts += [{"hostlist": hosts}] if hosts else []
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"and": parts}
