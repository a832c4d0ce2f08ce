"""The reference's own machine files, and the systems of the corpus, load with the right counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from fluxion_py.errors import GraphError
from fluxion_py.graph.invariants import problems
from fluxion_py.readers import read_file, read_text
from fluxion_py.readers.detect import detect_format
from tests.conftest import require_shared

NO_LOAD = {"node-1-partial-cancel.json", "node-1-partial-cancel-invalid.json"}
LARGE = {"disaggr.graphml", "sierra.graphml"}


def data_folder() -> Path:
    return require_shared("conformance") / "flux-sched/t/data"


def test_every_system_of_the_corpus_has_its_vertices_and_nodes() -> None:
    """The recorded number of vertices counts those in containment."""
    lines = (require_shared("corpus") / "systems.jsonl").read_text().splitlines()
    assert len(lines) >= 29
    for line in lines:
        system = json.loads(line)
        flat = read_text(system["text"], system["format"])
        contained = sum(flat.path(row) is not None for row in flat.rows())
        assert contained == system["vertices"], system["id"]
        assert len(flat.rows_of_type("node")) == system["nodes"], system["id"]
        assert detect_format(system["text"]) == system["format"], system["id"]
        assert problems(flat) == [], system["id"]
        assert set(system["types"]) <= set(flat.counts()), system["id"]


def test_every_grug_and_jgf_file_loads_and_is_sound() -> None:
    folder = data_folder() / "resource"
    files = [*folder.glob("grugs/**/*.graphml"), *folder.glob("jgfs/**/*.json")]
    assert len(files) >= 30
    for path in files:
        if path.name in NO_LOAD:
            with pytest.raises(GraphError, match="no vertex is a root"):
                read_file(path)
            continue
        flat = read_file(path)
        assert flat.vertex_count > 0, path
        if path.name not in LARGE:
            assert problems(flat) == [], path


def test_tiny_machine_has_the_published_index_counts() -> None:
    """t6000-001 to -003: the same machine as GRUG and as JGF."""
    folder = data_folder() / "resource"
    for path in (folder / "grugs/tiny.graphml", folder / "jgfs/tiny.json"):
        flat = read_file(path)
        assert (flat.vertex_count, flat.edge_count) == (100, 99)
        assert flat.index_sizes() == (7, 52, 100)
        assert flat.ranks() == {-1: 98, 0: 1, 1: 1}


def test_hwloc_machine_has_the_published_index_counts() -> None:
    """t6000-004: types, names and paths with an allow-list."""
    path = data_folder() / "hwloc-data/001N/exclusive/04-brokers/0.xml"
    flat = read_file(path, "hwloc", allowlist=["core", "socket", "node"])
    assert flat.index_sizes() == (4, 7, 7)
    assert flat.ranks() == {-1: 6, 0: 1}


@pytest.mark.parametrize("machine", ["corona", "lassen", "catalyst"])
def test_linux_device_ids_of_disks_are_properties(machine: str) -> None:
    """t3026a-003, -006, -009: the list of a job that takes all disks, highest vertex order."""
    data = data_folder()
    flat = read_file(data / f"hwloc-data/001N/node_local_storage/{machine}/0.xml")
    expected = data / f"resource/expected/node_local_storage/{machine}-LinuxDeviceID.out"
    found = [flat.properties(row)["LinuxDeviceID"] for row in flat.rows_of_type("storage")]
    assert sorted(found) == sorted(expected.read_text().split())


def test_counts_of_hwloc_machines_equal_those_of_a_plain_count_of_elements() -> None:
    """A-04: cores, processing units and GPUs against an independent count of the XML."""
    from xml.etree import ElementTree

    for name in ("amd_gpu/rsmi_corona240", "node_local_storage/lassen/0", "exclusive/01-brokers/0"):
        path = data_folder() / f"hwloc-data/001N/{name}.xml"
        counts = read_file(path).counts()
        objects: list[Any] = list(ElementTree.parse(path).iter("object"))
        kinds = [element.get("type") for element in objects]
        devices = [element for element in objects if element.get("type") == "OSDev"]
        assert counts["core"] == kinds.count("Core")
        assert counts["pu"] == kinds.count("PU")
        assert counts["socket"] == kinds.count("Package") + kinds.count("Socket")
        assert counts.get("storage", 0) == sum(d.get("osdev_type") == "0" for d in devices)
        gpus = sum(
            d.get("osdev_type") == "5" or str(d.get("name")).startswith("rsmi") for d in devices
        )
        assert counts.get("gpu", 0) == gpus


def test_every_hwloc_file_loads_if_disks_are_left_out() -> None:
    allowed = ["node", "socket", "core", "pu", "gpu"]
    files = sorted((data_folder() / "hwloc-data").rglob("*.xml"))
    assert len(files) >= 90
    for path in files:
        flat = read_file(path, allowlist=allowed)
        assert len(flat.rows_of_type("node")) == 1, path
        assert flat.rows_of_type("core"), path


def test_power_machine_is_the_same_as_grug_and_as_jgf() -> None:
    folder = data_folder() / "resource"
    grug, jgf = read_file(folder / "grugs/power.graphml"), read_file(folder / "jgfs/power.json")
    assert grug.counts() == jgf.counts()
    assert grug.edge_count == jgf.edge_count == 4116
    for subsystem in ("containment", "power"):
        assert {grug.path(row, subsystem) for row in grug.rows()} == {
            jgf.path(row, subsystem) for row in jgf.rows()
        }
