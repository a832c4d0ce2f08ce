"""Groups of pods that start together: which pods, of what shapes, with which wishes."""
