"""Whether a KubeSchedulerConfiguration is one with which the service can work."""

from collections.abc import Iterator
from pathlib import Path

from fluxion_extender.console.configuration import VERBS
from fluxion_py.errors import InputError

LARGEST = 1 << 20


def faults_of(path: str, scheduler_name: str) -> list[str]:
    """Return what would go wrong with this file. Raises `InputError` if it is none."""
    import yaml

    data = Path(path).read_bytes()
    if len(data) > LARGEST:
        raise InputError(f"{path}: {len(data)} bytes; such a file has less than {LARGEST}")
    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(document, dict) or document.get("kind") != "KubeSchedulerConfiguration":
        raise InputError(f"{path}: no KubeSchedulerConfiguration")
    return list(_faults(document, scheduler_name))


def _faults(document: dict[str, object], scheduler_name: str) -> Iterator[str]:
    profiles = _members(document.get("profiles"))
    named = [profile for profile in profiles if profile.get("schedulerName") == scheduler_name]
    if not named:
        yield f"no profile {scheduler_name}"
    sampled = document.get("percentageOfNodesToScore")
    if any(profile.get("percentageOfNodesToScore", sampled) != 100 for profile in named):
        yield "percentageOfNodesToScore is not 100: the planned node may not be offered"
    extenders = _members(document.get("extenders"))
    binding = [extender for extender in extenders if extender.get("bindVerb")]
    if len(binding) != 1:
        yield f"{len(binding)} extenders with a bindVerb; one is wanted"
        return
    ours = binding[0]
    absent = [f"{verb}Verb" for verb in VERBS if not ours.get(f"{verb}Verb")]
    if absent:
        yield f"the extender lacks {', '.join(absent)}"
    if ours.get("nodeCacheCapable") is not True:
        yield "nodeCacheCapable is not true: whole nodes would be sent"
    if ours.get("ignorable"):
        yield "ignorable is true: without an answer pods would be placed unchecked"


def _members(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
