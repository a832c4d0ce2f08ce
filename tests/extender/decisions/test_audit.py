"""What is known is compared with what there is; differences are named, and gone after."""

import msgspec

from fluxion_extender.decisions.audit import accept, check_books, compare, repair
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from tests.extender.objects import World, make_node, make_pod


def at(version: int, node: Node) -> Node:
    return msgspec.structs.replace(
        node, metadata=msgspec.structs.replace(node.metadata, resource_version=str(version))
    )


def differences(w: World, nodes: list[Node], pods: list[Pod], version: int = 9) -> list[str]:
    """Compare, take everything in, and check that nothing is left to find."""
    found = list(compare(w.scheduler, nodes, pods, str(version)))
    accept(w.scheduler, found, w.now)
    w.scheduler.settle(w.now)
    w.check()
    assert list(compare(w.scheduler, nodes, pods, str(version))) == []
    return [str(each) for each in found]


def test_what_is_known_as_it_is_does_not_differ() -> None:
    w = World(at(1, make_node("n0")))
    pods = [make_pod("a"), make_pod("x", scheduler="other", node="n0")]
    w.seen(*pods)
    assert differences(w, [at(1, make_node("n0"))], pods) == []


def test_pods_of_which_no_news_came() -> None:
    w = World(at(1, make_node("n0", "8")))
    w.seen(
        make_pod("ended", node="n0", scheduler="other"),
        make_pod("moved", scheduler="other"),
        make_pod("deleted", node="n0", scheduler="other"),
        make_pod("new", node="n0", scheduler="other", version=20),
    )
    pods = [
        make_pod("ended", node="n0", scheduler="other", phase="Succeeded", version=2),
        make_pod("moved", node="n0", scheduler="other", version=2),
        make_pod("unknown", node="n0", scheduler="other"),
    ]
    assert sorted(differences(w, [at(1, make_node("n0", "8"))], pods)) == [
        "pod default/deleted is not there any more",
        "pod default/ended has ended",
        "pod default/moved is on n0",
        "pod default/unknown is not known",
    ]
    assert w.used()["n0"]["pods"] == 3  # moved, unknown, and the new one, which is no fault


def test_nodes_of_which_no_news_came() -> None:
    w = World(*(at(1, make_node(f"n{i}", "8")) for i in range(3)), at(20, make_node("n9")))
    nodes = [at(1, make_node("n0")), at(2, make_node("n1", "4")), at(2, make_node("n3"))]
    assert sorted(differences(w, nodes, [])) == [
        "node n1 is out of date",
        "node n2 is not there any more",
        "node n3 is not known",
    ]
    assert w.scheduler.mirror.ledger.book("n1").allocatable["cpu"] == 4000


def test_news_that_are_late_are_no_difference() -> None:
    w = World(at(5, make_node("n0")))
    w.seen(make_pod("a", node="n0", scheduler="other", version=5))
    w.gone("a")
    pods = [make_pod("a", node="n0", scheduler="other", version=4)]
    assert differences(w, [at(3, make_node("n0", "1"))], pods) == []


def test_damaged_books_are_found_and_put_right() -> None:
    w = World(make_node("n0"), make_node("n1"))
    pod = make_pod("a", "2")
    w.seen(pod, make_pod("x", "1", scheduler="other", node="n0"))
    assert w.node_of(pod) == "n0"
    w.check()
    before = w.used()
    w.scheduler.mirror.ledger.book("n0").foreign["cpu"] += 500
    w.scheduler.mirror.graph.resize("n1", {"cpu": 1000})
    assert {each.name for each in check_books(w.scheduler)} == {"n0", "n1"}
    for name in ("n0", "n1"):
        repair(w.scheduler, name, w.now)
    w.check()
    assert w.used() == before
    assert w.node_of(pod) == "n0"
