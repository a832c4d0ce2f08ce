"""What both programs are asked: a machine, start-up options, and a file of commands.

The languages are the same, so one command file serves `fluxion-match` and `resource-query`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benches.systems import count_of, grug
from benches.workloads import HOUR, backfill, queued_request, request
from fluxion_py import Jobspec

COMMANDS = "commands.txt"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One session: `jobs` times `op` for a workload (or a queue), `then` times `last` after it.

    `filters` are prune filters, "" for the default ones.
    """

    name: str
    system: str
    workload: str
    jobs: int
    policy: str = "first"
    filters: str = ""
    op: str = "allocate"
    last: str = ""
    then: int = 0
    small: bool = False

    @property
    def options(self) -> list[str]:
        """The start-up options."""
        filters = ["-p", self.filters] if self.filters else []
        machine = ["-L", f"{self.system}.graphml", "-f", "grug"]
        return [*machine, "-P", self.policy, "-F", "rv1_nosched", *filters, "-d", "-e"]


SCENARIOS = [
    Scenario("tiny-core1", "tiny", "core1", 72, small=True),
    Scenario("g125-nodex1", "g125", "nodex1", 125, small=True),
    Scenario("g125-core1-low", "g125", "core1", 100, "low", small=True),
    Scenario("g125-backfill", "g125", "backfill", 50, small=True),
    Scenario("medhigh-slotnode1", "medhigh", "slotnode1", 1_008),
    Scenario("medhigh-paper", "medhigh", "paper", 4_032),
    Scenario("medlow-paper", "medlow", "paper", 4_032),
    Scenario("medhigh-paper-low", "medhigh", "paper", 100, "low"),
    Scenario("g1000-nodecore8", "g1000", "nodecore8", 8_000),
    Scenario("g1000-nodex1-low", "g1000", "nodex1", 500, "low"),
    Scenario("large-core1", "large", "core1", 20_000),
    Scenario("large-nodex1", "large", "nodex1", 10_000),
    Scenario("large-nodex16", "large", "nodex16", 625),
    Scenario("large-gpu1core8", "large", "gpu1core8", 2_880),
    Scenario("large-gpu1core8-filter", "large", "gpu1core8", 2_880, filters="ALL:core,ALL:gpu"),
    Scenario("large-core1-low", "large", "core1", 10, "low"),
    Scenario("large-nodex1-low", "large", "nodex1", 50, "low"),
    Scenario("elcap-nodex1", "elcap", "nodex1", 11_008),
    Scenario("elcap-chassisssd", "elcap", "chassisssd", 11_008),
    Scenario("elcap-no", "elcap", "nodex1", 11_008, last="match allocate job.json", then=100),
    Scenario("elcap-never", "elcap", "core1", 1, last="match satisfiability never.json", then=100),
    Scenario("g1000-backfill", "g1000", "backfill", 2_000),
    Scenario("large-backfill", "large", "backfill", 2_000),
    Scenario("g1000-backfillx", "g1000", "backfillx", 500),
]


def write_inputs(scenario: Scenario, folder: Path) -> None:
    """Write machine, jobspecs and commands of a scenario into a folder."""
    (folder / f"{scenario.system}.graphml").write_text(grug(scenario.system), encoding="utf-8")
    never = Jobspec.from_shape("node=1/slot=1/core=1000", duration=HOUR)
    _write(folder / "never.json", never)
    lines = [*_jobs(scenario, folder), *[scenario.last] * scenario.then, "quit"]
    (folder / COMMANDS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _jobs(scenario: Scenario, folder: Path) -> Iterator[str]:
    if not scenario.workload.startswith("backfill"):
        _write(folder / "job.json", request(scenario.workload, scenario.system))
        yield from [f"match {scenario.op} job.json"] * scenario.jobs
        return
    exclusive = scenario.workload == "backfillx"
    nodes = min(256, count_of(scenario.system, "node"))
    for number, job in enumerate(backfill(scenario.jobs, largest=nodes)):
        name = f"job{number}.json"
        _write(folder / name, queued_request(job, scenario.system, exclusive=exclusive))
        yield f"match allocate_orelse_reserve {name}"


def _write(path: Path, jobspec: Jobspec) -> None:
    path.write_text(json.dumps(jobspec.to_dict()), encoding="utf-8")
