"""fluxion_py."""
