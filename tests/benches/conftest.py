"""The benches are modules of the checkout, not of the wheel: here they get a name."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec

from tests.conftest import ROOT


def _name_folder(name: str) -> None:
    """Let a folder of the checkout be imported, and nothing else of the checkout."""
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(ROOT / name)]
    sys.modules.setdefault(name, module_from_spec(spec))


_name_folder("benches")
