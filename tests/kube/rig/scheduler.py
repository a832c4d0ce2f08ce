"""Configurations of kube-scheduler: that of `fluence config`, and one without extender."""

import json
from pathlib import Path

from fluxion_extender.console.configuration import add_config, run_config
from fluxion_py.cli.arguments import parse
from tests.kube.rig.control_plane import ControlPlane


def start_with_extender(plane: ControlPlane, url: str, *options: str) -> None:
    """Start kube-scheduler as `fluence config` says; further options of it may follow."""
    path = plane.folder / "scheduler.yaml"
    words = ["--url", url, "--kubeconfig", str(plane.kubeconfig), "-o", str(path), *options]
    arguments = parse("fluence config", "test", add_config, words)
    assert arguments is not None
    assert run_config(arguments) == 0
    plane.start_scheduler(path)


def start_alone(plane: ControlPlane, percentage: int, name: str = "default-scheduler") -> None:
    """Start kube-scheduler without extender; `percentage` 0 is its own choice of nodes."""
    plane.start_scheduler(plain_configuration(plane, percentage, name))


def plain_configuration(plane: ControlPlane, percentage: int, name: str) -> Path:
    """Write the configuration of a kube-scheduler that asks nobody; return the file."""
    configuration = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {"kubeconfig": str(plane.kubeconfig), "qps": 1000, "burst": 1000},
        "percentageOfNodesToScore": percentage,
        "profiles": [{"schedulerName": name}],
    }
    path = plane.folder / "plain-scheduler.json"
    path.write_text(json.dumps(configuration))
    return path
