"""Matching: the door `Matcher`, its options, its jobs and its state, and why a request was refused.

Flows in: a `ResourceGraph` and jobspecs. Flows out: allocations. The search itself is `_core`.
"""
