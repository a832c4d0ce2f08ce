"""`python -m fluxion_extender` is `fluence`."""

import sys

from fluxion_extender.console import main

if __name__ == "__main__":
    sys.exit(main())
