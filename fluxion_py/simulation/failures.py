"""Runs that fail: how often, and what becomes of the job."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike, fspath
from typing import Any

from fluxion_py.errors import InputError, short

MAX_RUNS = 1000
"""Runs after which a job is given up, whatever the policy says."""

ACTIONS = ("Count", "Ignore", "FailJob")
DISRUPTION, BUG = "disruption", "bug"
BUG_EXIT_CODE = 1

_RATE = re.compile(r"(disruption|bug)=([0-9]{1,3}(?:\.[0-9]{1,9})?)%\Z")
_MOST = {DISRUPTION: 50.0, BUG: 100.0}
_MAX_BYTES = 2**20


@dataclass(frozen=True)
class Failures:
    """How often runs fail, and what follows.

    A `disruption` (a part, 0 to 0.5) ends a run somewhere on its way and is no fault of the job. A
    `bug` (a part of the jobs) ends every run of its job. What follows is as for Kubernetes: "Count"
    runs the job again unless that was more than `backoff_limit` times, "Ignore" runs it again,
    "FailJob" gives it up. A job that runs again waits in its old place and begins from the start.
    """

    disruption: float = 0.0
    bug: float = 0.0
    on_disruption: str = "Count"
    on_bug: str = "Count"
    backoff_limit: int = 6

    @classmethod
    def parse(cls, text: str, policy: str | PathLike[str] | None = None) -> "Failures":
        """Return those of a text such as "disruption=1%,bug=0.1%".

        `policy` is a file with a Kubernetes Job or a part of one: the first rule of
        `podFailurePolicy` that fits decides. Raises `InputError`, `OSError`.
        """
        rates: dict[str, float] = {}
        for part in text.split(","):
            found = _RATE.match(part.strip())
            if found is None or float(found[2]) > _MOST[found[1]]:
                raise InputError(
                    f"{short(part)} is no rate of failures",
                    hint="write disruption=1%,bug=0.1%; up to 50% and 100%",
                )
            rates[found[1]] = float(found[2]) / 100
        known = {} if policy is None else _read_policy(policy)
        return cls(rates.get(DISRUPTION, 0.0), rates.get(BUG, 0.0), **known)

    def to_dict(self) -> dict[str, Any]:
        """Return data from which `Failures(**data)` is the same."""
        return asdict(self)

    def of_run(self, seed: int, job: int, run: int) -> tuple[str, float] | None:
        """Return what a run of a job meets, and after which part of its time; None if nothing.

        Always the same for the same seed, job and number of the run.
        """
        if self.bug and random.Random(f"{seed}/{job}").random() < self.bug:
            return BUG, random.Random(f"{seed}/{job}/{run}").random()
        if self.disruption:
            drawn = random.Random(f"{seed}/{job}/{run}")
            if drawn.random() < self.disruption:
                return DISRUPTION, drawn.random()
        return None

    def runs_again(self, kind: str, counted: int, runs: int) -> tuple[bool, int]:
        """Say whether a job runs again after a failure, and how many failures count now."""
        action = self.on_disruption if kind == DISRUPTION else self.on_bug
        counted += action == "Count"
        again = action != "FailJob" and counted <= self.backoff_limit and runs < MAX_RUNS
        return again, counted


def _read_policy(path: str | PathLike[str]) -> dict[str, Any]:
    import yaml

    source = fspath(path)
    with open(path, "rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InputError(f"larger than {_MAX_BYTES} bytes", source=source)
    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise InputError("this is no YAML", source=source) from None
    spec = _mapping(_mapping(document).get("spec", document))
    rules = _mapping(spec.get("podFailurePolicy", spec)).get("rules")
    if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
        raise InputError(
            "there are no rules of a podFailurePolicy", source=source, hint="rules: [{action: ...}]"
        )
    for rule in rules:
        if rule.get("action") not in ACTIONS:
            raise InputError(
                f"unknown action {short(rule.get('action'))}",
                source=source,
                hint=", ".join(ACTIONS),
            )
    limit = spec.get("backoffLimit", 6)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise InputError(f"backoffLimit {short(limit)} is no number from 0", source=source)
    return {
        "on_disruption": _action(rules, DISRUPTION),
        "on_bug": _action(rules, BUG),
        "backoff_limit": limit,
    }


def _action(rules: Sequence[Mapping[str, Any]], kind: str) -> str:
    """Return the action of the first rule that fits; Kubernetes counts where none does."""
    fits = _is_disrupted if kind == DISRUPTION else _exited
    return next((str(rule["action"]) for rule in rules if fits(rule)), "Count")


def _is_disrupted(rule: Mapping[str, Any]) -> bool:
    conditions = rule.get("onPodConditions")
    return isinstance(conditions, list) and any(
        _mapping(entry).get("type") == "DisruptionTarget" for entry in conditions
    )


def _exited(rule: Mapping[str, Any]) -> bool:
    codes = _mapping(rule.get("onExitCodes"))
    values = codes.get("values")
    inside = isinstance(values, list) and BUG_EXIT_CODE in values
    return bool(codes) and (inside if codes.get("operator", "In") == "In" else not inside)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
