"""The oracles are modules of the checkout: it comes last on the path, after the installed wheel."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
