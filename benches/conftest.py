"""The oracles are modules of the checkout, not of the wheel: here their folder gets a name."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent

_spec = ModuleSpec("tests", None, is_package=True)
_spec.submodule_search_locations = [str(_ROOT / "tests")]
sys.modules.setdefault("tests", module_from_spec(_spec))
