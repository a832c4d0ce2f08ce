"""The tests of `make test` see the installed wheel, never the checkout beside them."""

import os
import subprocess
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

import pytest

import fluxion_py
import fluxion_py._core.engine

ROOT = Path(__file__).resolve().parent.parent
WHEEL = pytest.mark.skipif(
    os.environ.get("FLUXION_WHEEL") != "1", reason="only in `make test` the package is a wheel"
)


@WHEEL
def test_the_package_is_that_of_site_packages() -> None:
    site = Path(sysconfig.get_path("platlib"))
    for module in (fluxion_py, fluxion_py._core.engine):
        assert module.__file__ is not None
        assert Path(module.__file__).is_relative_to(site)


@WHEEL
def test_the_wheel_holds_no_top_level_folder_of_the_checkout() -> None:
    site = Path(sysconfig.get_path("platlib"))
    for name in ("benches", "docs", "extender", "jobspec", "resources", "tests"):
        assert not (site / name).exists()


@WHEEL
def test_the_wheel_holds_no_sources_of_the_core_but_its_stubs() -> None:
    core = Path(sysconfig.get_path("platlib"), "fluxion_py", "_core")
    assert not [path for path in core.iterdir() if path.suffix in (".pyx", ".pxd", ".cpp")]
    assert (core / "engine.pyi").is_file()


def test_the_galleries_are_package_data() -> None:
    data = files("fluxion_py") / "data"
    assert (data / "resources" / "elk.yaml").is_file()
    assert (data / "jobspec" / "examples" / "slide.yaml").is_file()


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Start-up time: these are imported when they are needed (docs/design/0001)."""

    heavy = ("msgspec", "networkx", "numpy", "rich", "rustworkx", "xml.etree", "yaml")
    code = (
        f"import sys, fluxion_py, fluxion_py.cli; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
