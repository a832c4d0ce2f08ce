"""Every machine of the gallery loads and is sound; every broken one is refused at its place."""

from pathlib import Path

import pytest

from fluxion_py.errors import GraphError
from fluxion_py.graph.resource_graph import ResourceGraph
from tests.machines import RESOURCES

GOOD = sorted(path for path in RESOURCES.iterdir() if path.is_file() and path.suffix != ".md")
BAD = sorted(path for path in (RESOURCES / "invalid").iterdir() if path.suffix != ".expect")

COUNTS = {
    "cloud.yaml": {"cluster": 1, "zone": 3, "subnet": 6, "node": 24, "millicore": 24, "tpu": 24},
    "elk.yaml": {"cluster": 1, "rack": 4, "node": 40, "socket": 80, "core": 1440},
    "gpu-cluster.yaml": {"node": 8, "socket": 32, "core": 768, "gpu": 64, "hbm": 64, "nic": 32},
    "kubernetes.yaml": {"zone": 2, "node": 8, "cpu": 8, "memory": 8, "pods": 8, "gpu": 64},
    "laptop.yaml": {"cluster": 1, "node": 1, "core": 8, "gpu": 1, "memory": 1},
    "mini.json": {"cluster": 1, "node": 2, "core": 8, "memory": 2},
    "pine.graphml": {"rack": 2, "node": 8, "socket": 16, "core": 128, "gpu": 16, "memory": 64},
    "power.graphml": {"rack": 2, "pdu": 2, "node": 22, "core": 176, "powerpanel": 1, "power": 2},
    "r-four-nodes.json": {"cluster": 1, "node": 4, "core": 40, "gpu": 2},
    "rabbits.yaml": {"chassis": 4, "ssd": 72, "node": 32, "core": 1024, "gpu": 64},
    "shared-storage.json": {"mtl2unit": 1, "rack": 2, "mtl1unit": 2, "ssd": 4, "node": 4},
    "tiny.yaml": {"rack": 1, "node": 2, "socket": 4, "core": 16, "gpu": 4, "memory": 8},
    "two-kinds-of-node.yaml": {"rack": 2, "node": 16, "core": 448, "memory": 80, "gpu": 16},
    "workstation.xml": {"node": 1, "socket": 1, "core": 4, "pu": 4, "storage": 1, "gpu": 1},
}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_gallery_file_loads_validates_and_has_its_counts(path: Path) -> None:
    graph = ResourceGraph.from_file(path)
    graph.validate()
    assert COUNTS[path.name].items() <= graph.counts().items()


def test_every_gallery_file_is_in_the_table_and_in_the_readme() -> None:
    readme = (RESOURCES / "README.md").read_text()
    assert sorted(COUNTS) == [path.name for path in GOOD]
    assert all(f"`{path.name}`" in readme for path in GOOD)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_broken_file_gives_one_line_that_names_file_and_place(path: Path) -> None:
    expected = Path(f"{path}.expect").read_text().strip()
    with pytest.raises(GraphError) as caught:
        ResourceGraph.from_file(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert expected in message


def test_gallery_is_small_and_has_many_broken_files() -> None:
    total = sum(path.stat().st_size for path in RESOURCES.rglob("*") if path.is_file())
    assert total < 120_000
    assert len(BAD) >= 9
