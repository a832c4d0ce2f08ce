"""What a user asks of us by annotations (fluence-design.md B.13)."""

from collections.abc import Mapping
from dataclasses import dataclass

from fluxion_extender.quantities import amount
from fluxion_py.errors import InputError, short

PREFIX = "fluence.flux-framework.org/"
PREFIXES = (PREFIX, "fluxion.io/")
"""The first one is ours; the second is read as well."""

_ALIASES = {
    "alpha.jobset.sigs.k8s.io/exclusive-topology": "exclusive",
    "kueue.x-k8s.io/podset-required-topology": "colocate",
    "kueue.x-k8s.io/podset-preferred-topology": "prefer",
}
MAX_DURATION = 10 * 365 * 86400
MAX_TEXT = 64 * 1024
"""Characters of a jobspec in an annotation."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The wishes of one group; levels are named as the user does.

    `colocate`: every job in one vertex of that level; `exclusive`: and no other group that asks
    for it; `dedicated`: and nothing else of ours at all. `prefer`: levels from narrow to wide,
    tried in order. `spread`: (level, most pods per vertex). `pack`: (level, pods per vertex), the
    outer first. `per_job`: the level is for each child Job, not for the whole. `policy` is gang,
    independent or min-available; then `min_available` is how many make a start. `start_timeout`:
    seconds after which a group that has not started is given up, 0: never.
    """

    colocate: str | None = None
    exclusive: str | None = None
    dedicated: str | None = None
    prefer: tuple[str, ...] = ()
    spread: tuple[str, int] | None = None
    pack: tuple[tuple[str, int], ...] = ()
    per_job: bool | None = None
    one_per_node: bool | None = None
    duration: int = 0
    jobspec: str | None = None
    policy: str | None = None
    min_available: int | None = None
    on_timeout: str = "keep"
    start_timeout: int = 0

    @property
    def level(self) -> str | None:
        """The one level that all pods of a job must share."""
        return self.dedicated or self.exclusive or self.colocate


def collect(*sources: Mapping[str, str] | None) -> dict[str, str]:
    """Return our annotations by their short name; earlier sources win."""
    found: dict[str, str] = {}
    for source in sources:
        for name, value in (source or {}).items():
            short_name = _ALIASES.get(name)
            for prefix in PREFIXES:
                if name.startswith(prefix):
                    short_name = name[len(prefix) :]
            if short_name is not None:
                found.setdefault(short_name, value)
    return found


def parse_wishes(texts: Mapping[str, str]) -> Wishes:
    """Return the wishes of annotations by their short name. Raises `InputError`."""
    _choice("order", texts.get("order", "topology"), ("topology",))  # there is no other yet
    policy, least = _policy(texts.get("policy"))
    given = [name for name in ("colocate", "exclusive", "dedicated", "pack") if texts.get(name)]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} exclude each other", where=PREFIX + given[1])
    jobspec = texts.get("jobspec")
    if jobspec is not None and len(jobspec) > MAX_TEXT:
        raise InputError(f"a jobspec of {len(jobspec)} characters", hint=f"at most {MAX_TEXT}")
    spread = _pairs("spread", texts.get("spread"))
    if len(spread) > 1:
        raise InputError("several levels", where=f"{PREFIX}spread", hint="such as rack:2")
    return Wishes(
        colocate=texts.get("colocate") or None,
        exclusive=texts.get("exclusive") or None,
        dedicated=texts.get("dedicated") or None,
        prefer=tuple(filter(None, (part.strip() for part in texts.get("prefer", "").split(",")))),
        spread=spread[0] if spread else None,
        pack=_pairs("pack", texts.get("pack")),
        per_job=_flag("per-job", texts.get("per-job")),
        one_per_node=_flag("one-pod-per-node", texts.get("one-pod-per-node")),
        duration=_seconds("duration", texts.get("duration")),
        jobspec=jobspec,
        policy=policy,
        min_available=least,
        on_timeout=_choice("on-timeout", texts.get("on-timeout", "keep"), ("keep", "evict")),
        start_timeout=_seconds("start-timeout", texts.get("start-timeout")),
    )


def _flag(name: str, text: str | None) -> bool | None:
    if text is None:
        return None
    return _choice(name, text.lower(), ("true", "false")) == "true"


def _choice(name: str, text: str, among: tuple[str, ...]) -> str:
    if text not in among:
        raise InputError(f"{short(text)}", where=PREFIX + name, hint=" or ".join(among))
    return text


def _policy(text: str | None) -> tuple[str | None, int | None]:
    if text is None:
        return None, None
    name, colon, number = text.partition(":")
    if name == "min-available":
        if not number.strip().isdecimal() or not 0 < int(number) < 2**31:
            raise InputError(short(text), where=f"{PREFIX}policy", hint="min-available:4")
        return name, int(number)
    if colon:
        raise InputError(
            short(text), where=f"{PREFIX}policy", hint="gang, independent, min-available:K"
        )
    return _choice("policy", name, ("gang", "independent")), None


def _seconds(name: str, text: str | None) -> int:
    if text is None:
        return 0
    seconds = amount(text.strip().removesuffix("s") or "?", name)
    if not 0 < seconds <= MAX_DURATION:
        raise InputError(short(text), where=PREFIX + name, hint="seconds")
    return seconds


def _pairs(name: str, text: str | None) -> tuple[tuple[str, int], ...]:
    """Return (level, number) of a text such as "block:32,rack:16"."""
    found = []
    for part in filter(None, (part.strip() for part in (text or "").split(","))):
        level, _, number = part.rpartition(":")
        if not level or not number.isdecimal() or not 0 < int(number) < 2**31:
            raise InputError(short(part), where=PREFIX + name, hint="LEVEL:NUMBER, such as rack:16")
        found.append((level, int(number)))
    return tuple(found)
