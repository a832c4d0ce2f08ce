"""What the machine is: vertices, edges per subsystem, paths, and the invariants they keep."""
