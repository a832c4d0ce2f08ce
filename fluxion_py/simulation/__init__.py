"""Traces through the real queue and matcher with a virtual clock, and reports of what came out."""
