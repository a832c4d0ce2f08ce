from fluxion_py.writers.answer import Answer
from fluxion_py.writers.simple import write_pretty_simple, write_simple
from tests.machines import chosen, mini

MARKS = (
    "/mini0/node0/socket0/core1:x",
    "/mini0/node0/socket0/memory0:x*",
    "/mini0/node0/socket0:x",
    "/mini0/node0:s",
    "/mini0:s",
)


def answer() -> Answer:
    graph = mini()
    return Answer(graph, chosen(graph, *MARKS), 0, 100)


def test_simple_prints_leaves_first_with_amount_and_mode() -> None:
    """Example B of matching.md 15."""
    assert write_simple(answer()) == (
        "      ------------core1[1:x]\n"
        "      ------------memory0[4:x]\n"
        "      ---------socket0[1:x]\n"
        "      ------node0[1:s]\n"
        "      ---mini0[1:s]\n"
    )


def test_pretty_simple_prints_the_same_from_the_root_in_words() -> None:
    assert write_pretty_simple(answer()) == (
        "      ---mini0[1:shared]\n"
        "      ------node0[1:shared]\n"
        "      ---------socket0[1:exclusive]\n"
        "      ------------memory0[4:exclusive]\n"
        "      ------------core1[1:exclusive]\n"
    )


def test_an_empty_selection_is_an_empty_text() -> None:
    assert write_simple(Answer(mini())) == ""
    assert write_pretty_simple(Answer(mini())) == ""
