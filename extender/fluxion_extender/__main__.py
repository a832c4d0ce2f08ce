"""`python -m fluxion_extender`: the place where the service will start."""

import sys

if __name__ == "__main__":
    sys.exit(
        "fluxion_extender: not there yet; it will be an HTTP scheduler extender for kube-scheduler"
    )
