"""What is written on Kubernetes objects, so that a restart loses nothing (fluence-design.md B.6)."""
