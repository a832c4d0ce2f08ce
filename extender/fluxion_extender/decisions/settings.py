"""How the service decides; everything has a default."""

from dataclasses import dataclass

from fluxion_extender.cluster.levels import DEFAULT_LEVELS, Level

GATE = "fluence.flux-framework.org/gang"
"""The scheduling gate that we take off (fluence-design.md B.2, gate option)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds are whole. `levels` are from the outermost inwards."""

    scheduler_name: str = "fluence"
    levels: tuple[Level, ...] = DEFAULT_LEVELS
    match_policy: str = "low"
    queue_policy: str = "easy"
    default_duration: int = 0
    assemble_timeout: int = 60
    bind_timeout: int = 30
    veto_ttl: int = 60
    reason_interval: int = 30
    suspicion: int = 30
    bind_siblings: bool = True
    preemption: bool = False
