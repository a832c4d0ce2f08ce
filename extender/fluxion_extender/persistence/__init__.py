"""What is written on Kubernetes objects, so that a restart loses nothing (B.6)."""
