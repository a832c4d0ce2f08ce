"""The endpoints for people answer as their OpenAPI document says, whatever is asked."""

import os
import subprocess
import sys

from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.objects import node
from tests.kube.rig.service import FluenceProcess

EXAMPLES = os.environ.get("FLUXION_KUBE_EXAMPLES", "50")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"


def test_schemathesis_finds_nothing(plane: ControlPlane, service: FluenceProcess) -> None:
    """Its own command, on the document that the service serves."""
    plane.add_nodes(node(f"n{number}") for number in range(4))
    service.start_ready()
    command = [
        *(os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run"),
        f"http://127.0.0.1:{service.port}/openapi.json",
        *("--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", "1", "--no-color"),
    ]
    found = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=plane.folder, timeout=600
    )
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert service.alive()
