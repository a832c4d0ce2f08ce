"""The benches are modules of the checkout: it comes last on the path, after the installed wheel."""

import sys

from tests.conftest import ROOT

sys.path.append(str(ROOT))
