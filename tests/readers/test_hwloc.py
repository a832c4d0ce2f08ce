"""hwloc XML: mapping, allow-list, and no host counted twice (resource-graph.md 6, A-13)."""

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.invariants import problems
from fluxion_py.readers import ReadError, add_hwloc, machine_id, read_text

DEVICES = """
<object type="Bridge"><object type="PCIDev">
  <object type="OSDev" name="eth0" osdev_type="2"/>
  <object type="OSDev" name="sda" osdev_type="0">
    <info name="Size" value="480103981"/><info name="LinuxDeviceID" value="8:0"/>
  </object>
  <object type="OSDev" name="opencl0d3" osdev_type="5"/>
  <object type="OSDev" name="card0" osdev_type="1"/>
  <object type="OSDev" name="rsmi1" osdev_type="1"/>
  <object type="OSDev" name="nvme0" osdev_type="0"><info name="Size" value="2000000"/></object>
</object></object>
"""


def machine(host: str = "fir12", infos: str = "", inside: str = "") -> str:
    """Two hwloc 1 sockets; the first has an L3 over two cores with an L1 each."""
    cores = "".join(
        f'<object type="Cache" depth="1" cache_size="32768" cache_type="1">'
        f'<object type="Core"><object type="PU" os_index="{number}"/></object></object>'
        for number in range(2)
    )
    cache = '<object type="Cache" depth="3" cache_size="8388608" cache_type="0">'
    extra = '<object type="NUMANode"/><object type="Group"/>'
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE topology SYSTEM "hwloc.dtd">\n<topology>'
        f'<object type="Machine"><info name="HostName" value="{host}"/>{infos}'
        f'<object type="Socket">{cache}{cores}</object>{extra}</object>'
        f'<object type="Socket"><object type="Core"><object type="PU"/></object></object>'
        f"{inside}</object></topology>"
    )


def paths(flat: FlatGraph, kind: str) -> list[str]:
    return [flat.path(row) or "" for row in flat.rows_of_type(kind)]


def test_objects_become_vertices_in_document_order() -> None:
    flat = read_text(machine(inside=DEVICES))
    assert flat.counts() == {
        "cluster": 1, "node": 1, "socket": 2, "cache": 1, "core": 3, "pu": 3, "numanode": 1,
        "group": 1, "storage": 2, "gpu": 2,
    }  # fmt: skip
    assert problems(flat) == []
    assert paths(flat, "node") == ["/cluster0/fir12"]
    node = flat.rows_of_type("node")[0]
    assert (flat.basename(node), flat.id(node), flat.rank(node)) == ("fir", 12, 0)
    assert paths(flat, "core") == [
        "/cluster0/fir12/socket0/L3cache0/core0",
        "/cluster0/fir12/socket0/L3cache0/core1",
        "/cluster0/fir12/socket1/core2",
    ]
    assert [flat.size(row) for row in flat.rows_of_type("cache")] == [8192]
    assert {flat.rank(row) for row in flat.rows_of_type("core")} == {-1}


def test_devices_are_numbered_by_name_or_among_all_devices() -> None:
    """A GPU has the number of its name, a disk its place among all OS devices."""
    flat = read_text(machine(inside=DEVICES))
    assert [flat.name(row) for row in flat.rows_of_type("gpu")] == ["gpu3", "gpu1"]
    disks = flat.rows_of_type("storage")
    assert [flat.name(row) for row in disks] == ["storage1", "storage5"]
    assert [flat.size(row) for row in disks] == [480, 2]
    assert [flat.properties(row) for row in disks] == [
        {"LinuxDeviceID": "8:0"},
        {"LinuxDeviceID": "-1"},
    ]


def test_objects_that_are_not_allowed_are_transparent() -> None:
    flat = read_text(machine(inside=DEVICES), allowlist=["node", "core", "L3cache"])
    assert flat.counts() == {"cluster": 1, "node": 1, "cache": 1, "core": 3}
    assert paths(flat, "core")[0] == "/cluster0/fir12/L3cache0/core0"
    assert paths(flat, "core")[2] == "/cluster0/fir12/core2"


def test_disk_without_size_matters_only_if_disks_are_wanted() -> None:
    text = machine(inside='<object type="OSDev" name="sda" osdev_type="0"/>')
    with pytest.raises(ReadError, match="block device 'sda' has no Size") as caught:
        read_text(text)
    assert caught.value.line == 3
    assert read_text(text, allowlist=["node"]).counts() == {"cluster": 1, "node": 1}


def test_machines_are_added_with_the_next_ranks() -> None:
    flat = read_text("version: 1\ncluster: elk\ncontains: {rack: {contains: {node: 2}}}")
    rack = flat.rows_at("/elk/rack0")[0]
    rows = add_hwloc(flat, rack, [("a.xml", machine("elk40")), ("b.xml", machine("elk41"))])
    assert [flat.rank(row) for row in flat.rows_of_type("node")] == [0, 1, 2, 3]
    assert flat.path(rows[0]) == "/elk/rack0/elk40"
    assert problems(flat) == []


def test_two_files_of_one_machine_are_refused_and_both_are_named() -> None:
    flat = read_text("version: 1\ncluster: elk\ncontains: {node: 1}")
    before = len(flat)
    same = '<info name="DMIProductUUID" value="7f3c"/>'
    documents = [("a.xml", machine("pod1", same)), ("b.xml", machine("pod2", same))]
    with pytest.raises(ReadError, match=r"b\.xml describes the same machine as a\.xml") as caught:
        add_hwloc(flat, 0, documents)
    assert machine_id(documents[0][1]) in str(caught.value)
    assert len(flat) == before
    add_hwloc(flat, 0, documents, merge_same_host=True)
    assert [flat.name(row) for row in flat.rows_of_type("node")] == ["node0", "pod1"]


def test_host_that_the_graph_has_already_is_refused_or_left_out() -> None:
    flat = read_text("version: 1\ncluster: elk\ncontains: {node: {name: 'elk[40]'}}")
    with pytest.raises(ReadError, match="the graph has a node elk40 already"):
        add_hwloc(flat, 0, [("a.xml", machine("elk40"))])
    assert add_hwloc(flat, 0, [("a.xml", machine("elk40"))], merge_same_host=True) == []


def test_identity_is_that_of_the_hardware_before_that_of_the_host_name() -> None:
    serial = '<info name="DMIBoardSerial" value="S1"/>'
    disk = '<object type="OSDev" osdev_type="0"><info name="SerialNumber" value="D1"/></object>'
    assert machine_id(machine("a", serial)) == machine_id(machine("b", serial))
    assert machine_id(machine("a", inside=disk)) == machine_id(machine("b", inside=disk))
    assert machine_id(machine("a")) != machine_id(machine("b"))
    assert len(machine_id(machine("a"))) == 16


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<topology/>", "<topology> has no <object>"),
        ("<machine/>", "the root element is <machine>, not <topology>"),
        (machine(f"n{2**63}"), "does not fit 64 bits"),
        (machine(inside=DEVICES.replace("480103981", "lots")), "Size must be an integer"),
        (machine("x" * 5 + '"><'), "not well-formed XML"),
    ],
)
def test_wrong_topology_is_refused(text: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_text(text, "hwloc", source="h.xml")


def test_file_without_a_host_name_cannot_be_added() -> None:
    flat = read_text("version: 1\ncluster: elk\ncontains: {node: 1}")
    serial = '<info name="DMIBoardSerial" value="S1"/>'
    with pytest.raises(ReadError, match="gives no node"):
        add_hwloc(flat, 0, [("a.xml", machine("", serial))])
