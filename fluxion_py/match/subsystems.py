"""Named sets of subsystems: the first of a set is walked, the others are aids (matching.md 6)."""

from fluxion_py.errors import PolicyError

SUBSYSTEM_SETS: dict[str, tuple[str, ...]] = {
    "CA": ("containment",),
    "IBA": ("ibnet",),
    "IBBA": ("ibnetbw",),
    "PFS1BA": ("pfs1bw",),
    "PA": ("power",),
    "C+IBA": ("containment", "ibnet"),
    "C+IBBA": ("containment", "ibnetbw"),
    "C+PFS1BA": ("containment", "pfs1bw"),
    "C+PA": ("containment", "power"),
    "IB+IBBA": ("ibnet", "ibnetbw"),
    "C+P+IBA": ("containment", "power", "ibnet"),
    "VA": ("virtual1",),
    "V+PFS1BA": ("virtual1", "pfs1bw"),
    "ALL": ("containment", "ibnet", "ibnetbw", "pfs1bw", "power", "virtual1"),
}
"""Subsystems by the name of their set; the first is the dominant one."""


def parse_subsystems(text: str) -> tuple[str, ...]:
    """Return the subsystems of a set named in upper or lower case; raises `PolicyError`."""
    if text.upper() not in SUBSYSTEM_SETS or text not in (text.upper(), text.lower()):
        raise PolicyError(
            f"unknown subsystem set {text!r}", hint=f"one of {', '.join(SUBSYSTEM_SETS)}"
        )
    return SUBSYSTEM_SETS[text.upper()]
