"""Hypothesis as this folder uses it: equal on every run, no clock, nothing stored."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "queues",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("queues")
