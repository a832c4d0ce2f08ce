"""Where the binaries of the control plane are: `make kube` builds them."""

import subprocess
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent / "binaries" / "build.sh"


def find_binaries() -> Path | None:
    """Return the folder of the four binaries; None if they are not built."""
    found = subprocess.run([BUILD, "--where"], capture_output=True, text=True, check=False)
    return Path(found.stdout.strip()) if found.returncode == 0 else None
