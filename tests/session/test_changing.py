import pytest

from tests.session.driver import Driver

NODE2 = {"type": "node", "id": 2, "uniq_id": 50, "rank": 2}


def grown(**paths: str) -> dict[str, object]:
    root = {"type": "cluster", "basename": "mini", "id": 0, "rank": -1}
    return {
        "graph": {
            "nodes": [
                {"id": "0", "metadata": root | {"paths": {"containment": "/mini0"}}},
                {"id": "50", "metadata": NODE2 | {"paths": paths}},
            ],
            "edges": [{"source": "0", "target": "50"}],
        }
    }


def test_an_attached_node_can_be_allocated(driver: Driver) -> None:
    driver.put("add.json", grown(containment="/mini0/node2"))
    run = driver.run(
        "attach add.json", "get-status /mini0/node2", *["match allocate node.json"] * 3
    )
    assert run.stderr == ""
    assert run.out.startswith("/mini0/node2 is up\n")
    assert run.out.count("ALLOCATED") == 3


def test_a_refused_attach_says_why_and_changes_nothing(driver: Driver) -> None:
    driver.put("add.json", grown(containment="/other0"))
    run = driver.run("attach add.json", "get-status /other0")
    assert run.stderr == (
        "ERROR: can't attach JGF subgraph \n"
        "ERROR: add_subgraph: ERROR: add subgraph error: Invalid argument\n"
        "add_subgraph: ERROR: reader returned error: add_graph_metadata: failed to add root "
        "metadata for containment subsystem. Possible duplicate root.\n\n\n"
    )
    assert run.out == "Could not find path /other0 in resource graph.\n"


def test_removed_nodes_are_gone(driver: Driver) -> None:
    run = driver.run(
        "remove /mini0/node1 true",
        "get-status /mini0/node1/socket0",
        "remove 0 false",
        "get-status /mini0/node0",
        "match allocate core.json",
    )
    assert run.out.startswith(
        "Could not find path /mini0/node1/socket0 in resource graph.\n"
        "Could not find path /mini0/node0 in resource graph.\n"
    )
    assert run.stderr == ""
    assert "No matching resources found" in run.out


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("remove /mini0", "ERROR: malformed command\n"),
        ("remove /mini0 maybe", "ERROR: invalid path boolean input \n"),
        ("remove xyz false", "ERROR: failed to decode ranks.\n"),
        ("remove 7 false", "ERROR: can't partial cancel subgraph \n"),
        (
            "remove /nope true",
            "ERROR: can't remove subgraph \n"
            "ERROR: remove_subgraph: ERROR: remove_subgraph error: Inappropriate ioctl for device\n"
            "remove_subgraph: ERROR: traverser returned error: \n\n",
        ),
        ("attach", "ERROR: malformed command\n"),
        ("attach nothing", "ERROR: can't open nothing\n"),
        ("set-status /mini0", "ERROR: malformed command\n"),
        ("set-status /mini0 sideways", "ERROR: unrecognized status\n"),
        ("set-property /mini0", "ERROR: malformed command\n"),
    ],
)
def test_a_refused_change_is_explained_on_stderr(
    driver: Driver, command: str, complaint: str
) -> None:
    run = driver.run(command)
    assert (run.out, run.stdout, run.stderr) == ("", "", complaint)


def test_the_root_cannot_be_removed(driver: Driver) -> None:
    run = driver.run("remove /mini0 true", "match allocate core.json")
    assert run.stderr.startswith("ERROR: can't remove subgraph \n")
    assert "ALLOCATED" in run.out


def test_status_is_set_and_shown(driver: Driver) -> None:
    run = driver.run(
        "set-status /mini0/node0 down",
        "get-status /mini0/node0",
        "get-status /mini0/node1",
        "set-status /mini0/node0 up",
        "get-status /mini0/node0",
        "set-status /nope sideways",
    )
    assert run.out == (
        "/mini0/node0 is down\n"
        "/mini0/node1 is up\n"
        "/mini0/node0 is up\n"
        "Could not find path /nope in resource graph.\n"
    )


def test_properties_are_set_and_shown_in_the_order_of_their_names(driver: Driver) -> None:
    run = driver.run(
        "get-property /mini0/node1",
        "set-property /mini0/node1 zone=east",
        "set-property /mini0/node1 colour=x=y",
        "set-property /mini0/node1 zone=west",
        "get-property /mini0/node1",
    )
    assert run.out == (
        "No properties were found for /mini0/node1 (vtx's uniq_id=2).\ncolour=x=y\nzone=west\n"
    )


@pytest.mark.parametrize("assignment", ["k", "k=", "=v", "="])
def test_a_property_needs_a_name_and_a_value(driver: Driver, assignment: str) -> None:
    assert driver.run(f"set-property /mini0/node0 {assignment}").out == (
        "Incorrect input format. \nPlease use `set-property <resource> PROPERTY=VALUE`.\n"
    )


def test_a_property_of_an_unknown_path_is_answered_on_the_results(driver: Driver) -> None:
    assert driver.run("set-property /nope k=v").out == (
        "Couldn't find path /nope in resource graph.\n"
    )
    assert driver.run("get-property /nope").out == "Could not find path /nope in resource graph.\n"
