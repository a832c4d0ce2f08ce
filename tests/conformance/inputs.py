"""Which generated input files a case needs, by the names that its commands use."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.conformance.cases import Case
from tests.conformance.generate import Group, encode_r, scheduling_graph, submit

LONG_AGO = 1_600_000_000
"""A start time for "now" in R; the command line applies no expiration (t3027-021)."""

MADE_BY = {
    "match1.json": "t3040-003",
    "match2.json": "t3040-005",
    "match3.json": "t3040-007",
    "shorthand.json": "t3041-003",
}
"""Files that are the first document printed by another case."""


def generated_text(case: Case, name: str) -> str | None:
    """Return the content of a generated file, or None if the name is not one of them."""
    make = _FILES.get((case.script, name))
    if make is not None:
        return json.dumps(make())
    if name == "<generated>":
        return json.dumps(_machine(case.data["generated_resource"]))
    if name == "<jobspec>":
        return json.dumps(_slots(case.data["generated_jobspec"]))
    return None


def input_r(case: Case) -> dict[str, Any]:
    """Return the R that a case loads, directly or as its scheduling graph."""
    resource = case.data["generated_resource"]
    return _r(resource) if isinstance(resource, dict) else _MACHINES[case.script]()


def _machine(resource: Mapping[str, Any]) -> dict[str, Any]:
    r = _r(resource)
    return scheduling_graph(r) if resource["loaded_as"] == "jgf" else r


def _r(resource: Mapping[str, Any]) -> dict[str, Any]:
    groups = [Group(g["ranks"], g["cores"], g["hosts"]) for g in resource["R_v1"]]
    if "starttime" in resource:
        return encode_r(*groups, starttime=LONG_AGO, expiration=LONG_AGO + 20)
    return encode_r(*groups)


def _slots(jobspec: Mapping[str, Any]) -> dict[str, Any]:
    return submit(jobspec["slots"], jobspec["cores_per_slot"])


def _properties(*names: str) -> dict[str, Any]:
    return {"properties": list(names)}


def _hetero() -> dict[str, Any]:
    return encode_r(
        Group("0", "0-1", "foo2", "0-1", {"arm-v9@core": "0"}),
        Group("1", "0", "foo3", "", {"arm-v8@core": "1"}),
        Group("2-3", "0-1", "foo[1,4]", "0-1", {"arm-v9@core": "2-3", "amd-mi60@gpu": "2-3"}),
    )


def _ten() -> dict[str, Any]:
    return encode_r(Group("0-9", "0-7", "compute[1-10]", "0-1"))


def _twenty() -> dict[str, Any]:
    return encode_r(Group("0-19", "0-15", "compute[1-20]", "0-3"))


def _with_scheduling(r: dict[str, Any]) -> dict[str, Any]:
    return r | {"scheduling": scheduling_graph(r)}


def _broken(rank: object = "0", hosts: str = "fluke1") -> dict[str, Any]:
    r = encode_r(Group("0", "0-1", hosts))
    r["execution"]["R_lite"][0]["rank"] = rank
    return r


def _on_host(*more: dict[str, Any]) -> dict[str, Any]:
    host = {"hostlist": ["hetchy201"]}
    return {"and": [host, *more]} if more else host


def _exclusive_nodes() -> dict[str, Any]:
    jobspec = submit(1, 8, 2, nodes=10)
    jobspec["resources"][0]["exclusive"] = True
    return jobspec


def _imbalanced() -> dict[str, Any]:
    """One core of one node, of which only one of two chassis has any (t3015-024)."""
    return submit(nodes=1)


_MACHINES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "t3034": _hetero,
    "t3039": _ten,
    "t3040": _ten,
    "t3041": _twenty,
}

_FILES: Mapping[tuple[str, str], Callable[[], dict[str, Any]]] = {
    ("t3012", "out7.json"): lambda: encode_r(Group("0-1", "0-3", "fluke,fluke")),
    ("t3015", "jobspec.json"): _imbalanced,
    ("t3027", "out18.json"): lambda: _broken(hosts="fluke9223372036854775808"),
    ("t3027", "out19.json"): lambda: _broken(rank=0),
    ("t3027", "out20.json"): lambda: _broken(rank="0^2"),
    ("t3027", "out21.json"): lambda: encode_r(
        Group("0-1", "0-1", "fluke[0-1]"), starttime=LONG_AGO, expiration=LONG_AGO + 20
    ),
    ("t3034", "hetero.json"): _hetero,
    ("t3034", "job.arm-v9.json"): lambda: submit(requires=_properties("arm-v9@core")),
    ("t3034", "job.arm-v9+amd-mi60.json"): lambda: submit(
        requires=_properties("arm-v8@core", "amd-mi60@gpu")
    ),
    ("t3034", "job.amd-mi50.json"): lambda: submit(requires=_properties("amd-m50@gpu")),
    ("t3034", "job.arm-v9+gpu.json"): lambda: submit(2, 1, 2, requires=_properties("arm-v9@core")),
    ("t3034", "job.not-arm-v9.json"): lambda: submit(requires=_properties("^arm-v9@core")),
    ("t3034", "job.invalid.json"): lambda: submit(requires=_properties("ar^m-v9@core")),
    ("t3034", "job.gpu.json"): lambda: submit(1, 1, 1),
    ("t3039", "R_JGF.json"): lambda: _with_scheduling(_ten()),
    ("t3039", "JGF.json"): lambda: scheduling_graph(_ten()),
    ("t3040", "JGF.json"): lambda: scheduling_graph(_ten()),
    ("t3040", "jobspec_exclusive.yaml"): _exclusive_nodes,
    ("t3041", "JGF.json"): lambda: scheduling_graph(_twenty()),
    ("t3042", "node_requires_host.json"): lambda: submit(nodes=1, requires=_on_host()),
    ("t3042", "core_requires_host.json"): lambda: submit(requires=_on_host()),
    ("t3042", "core_requires_host_and_parrypeak.json"): lambda: submit(
        requires=_on_host(_properties("parrypeak"))
    ),
    ("t3042", "core_requires_host_and_parrypeak_or_rabbit.json"): lambda: submit(
        requires=_on_host({"or": [_properties("parrypeak"), _properties("rabbit")]})
    ),
}
