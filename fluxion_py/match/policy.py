"""Match policies: which of the vertices that fit are taken (matching.md 5)."""

from dataclasses import dataclass
from typing import Literal

from fluxion_py.errors import PolicyError
from fluxion_py.plugins import MATCH_POLICIES, plugged

Order = Literal["high", "low", "locality", "variation"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The four independent choices behind every policy name.

    `order`: prefer high or low ids, runs of consecutive ids (locality), or performance classes
    (variation). `node_centric`: the ids of enclosing nodes weigh more than the own id.
    `node_exclusive`: a matched node is given whole. `stop_on_first`: do not look further than
    needed (stop_on_1_matches of the reference).
    """

    order: Order
    node_centric: bool = False
    node_exclusive: bool = False
    stop_on_first: bool = False


POLICIES: dict[str, Policy] = {
    "high": Policy("high"),
    "low": Policy("low"),
    "hinode": Policy("high", node_centric=True),
    "lonode": Policy("low", node_centric=True),
    "hinodex": Policy("high", node_centric=True, node_exclusive=True),
    "lonodex": Policy("low", node_centric=True, node_exclusive=True),
    "first": Policy("high", node_centric=True, stop_on_first=True),
    "firstnodex": Policy("high", node_centric=True, node_exclusive=True, stop_on_first=True),
    "locality": Policy("locality"),
    "variation": Policy("variation"),
}

_OPTIONS = {
    "node_centric": "node_centric",
    "node_exclusive": "node_exclusive",
    "stop_on_1_matches": "stop_on_first",
}


def parse_policy(text: str) -> Policy:
    """Return the policy of a name, or of a custom string such as `policy=high node_centric=true`.

    Names are those of `POLICIES`, and of other packages (`fluxion_py.plugins`, row G-04).

    Raises `PolicyError` with the reference's wording for a custom string (matching.md 5).
    """
    if text in POLICIES:
        return POLICIES[text]
    other = plugged(MATCH_POLICIES, text, Policy)
    if other is not None:
        return other
    order: Order | None = None
    flags: dict[str, bool] = {}
    for option in text.split():
        key, _, value = option.partition("=")
        if key == "policy":
            if value not in ("high", "low"):
                raise PolicyError("policy key within custom policy accepts only low or high")
            order = "high" if value == "high" else "low"
        elif key in _OPTIONS:
            if value not in ("true", "false"):
                raise PolicyError(f"Policy option {key} requires true or false, got {value}")
            flags[_OPTIONS[key]] = value == "true"
        else:
            raise PolicyError(
                f"invalid policy option: {key}", hint=f"known policies: {', '.join(POLICIES)}"
            )
    if order is None:
        raise PolicyError("a custom policy needs policy=high or policy=low")
    return Policy(order, **flags)
