"""Say in one line what is missing for the set-up; run by the Makefile with the chosen Python."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path


def missing() -> str | None:
    """Return what is missing and how to get it, or None."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is run by any Python, to say so
        return f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; set PYTHON=..."
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        return "this Python makes no virtual environments; on Debian: apt-get install python3-venv"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python.h is missing; on Debian: apt-get install python3-dev"
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        return "no C++ compiler; on Debian: apt-get install g++"
    return None


if __name__ == "__main__":
    found = missing()
    sys.exit(f"error: {found}" if found else 0)
