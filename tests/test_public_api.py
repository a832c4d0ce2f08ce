"""The names that users import: few, documented, quick to import, typed."""

import importlib
import inspect
import json
import subprocess
import sys
from importlib.resources import files

import pytest

import fluxion_py

HEAVY = ("yaml", "msgspec", "networkx", "rustworkx", "rich", "numpy", "xml")


def test_there_are_at_most_25_names() -> None:
    """The public library fits on a card."""
    assert len(fluxion_py.__all__) <= 25
    assert fluxion_py.__all__ == sorted(fluxion_py.__all__, key=str)


@pytest.mark.parametrize("name", fluxion_py.__all__)
def test_every_name_exists_and_has_a_docstring(name: str) -> None:
    """Also every public method and property of it has one."""
    thing = getattr(fluxion_py, name)
    assert inspect.getdoc(thing)
    for member, value in vars(thing).items():
        if not member.startswith("_") and (callable(value) or isinstance(value, property)):
            assert inspect.getdoc(value), f"{name}.{member}"


def test_unknown_names_are_attribute_errors() -> None:
    """`hasattr` and the interpreter's hints work."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = fluxion_py.Nothing
    assert set(fluxion_py.__all__) <= set(dir(fluxion_py))


def heavy_after(names: list[str]) -> list[str]:
    """Return the other distributions that are loaded when names of the package were looked at."""
    script = (
        f"import json, sys, fluxion_py; [getattr(fluxion_py, n) for n in {names!r}];"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_import_loads_nothing_heavy() -> None:
    """Neither the package nor its names pull in other distributions, but for one.

    An `Instance` takes jobspecs as texts and keeps them so: it reads them with msgspec.
    """
    assert heavy_after([name for name in fluxion_py.__all__ if name != "Instance"]) == []
    assert heavy_after(["Instance"]) == ["msgspec"]


def test_a_bare_import_loads_no_module_of_ours() -> None:
    """Names come at first use."""
    script = (
        "import sys, fluxion_py; print([m for m in sys.modules if m.startswith('fluxion_py.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_package_says_that_it_is_typed() -> None:
    """PEP 561."""
    assert files("fluxion_py").joinpath("py.typed").is_file()


def test_errors_are_one_family() -> None:
    """Everything raised on purpose can be caught at once."""
    errors = importlib.import_module("fluxion_py.errors")
    for name in ("Busy", "Unsatisfiable", "JobspecError", "GraphError", "UnknownJobError"):
        assert issubclass(getattr(errors, name), fluxion_py.FluxionError)
