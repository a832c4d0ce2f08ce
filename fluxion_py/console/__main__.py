"""`python -m fluxion_py.console` is `fluxion`."""

import sys

from fluxion_py.console import main

sys.exit(main())
