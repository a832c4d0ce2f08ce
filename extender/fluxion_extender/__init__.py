"""The Kubernetes scheduler extender of fluxion-py; see extender/README.md for its state."""
