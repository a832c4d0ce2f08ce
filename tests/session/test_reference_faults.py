import json

import pytest

from fluxion_py.outcome import Errno
from fluxion_py.session.reference_faults import ReferenceWriter, WriterRefusal
from fluxion_py.writers.answer import Answer
from tests.machines import chosen, mini
from tests.session.driver import Driver
from tests.session.test_matching import block

CORE = ("/mini0/node0/socket0/core0:x", "/mini0/node0/socket0:s", "/mini0/node0:s", "/mini0:s")
MEMORY = ("/mini0/node1/socket0/memory0:x*", "/mini0/node1:s", "/mini0:s")


def ids(text: str) -> list[str]:
    document = json.loads(text)
    graph = document.get("scheduling", document)["graph"]
    return [node["id"] for node in graph["nodes"]]


def test_rlite_without_core_and_gpu_is_an_invalid_argument() -> None:
    graph = mini()
    with pytest.raises(WriterRefusal, match="Invalid argument") as caught:
        ReferenceWriter("rlite", strict=True).write(Answer(graph, chosen(graph, *MEMORY)))
    assert caught.value.errno is Errno.INVALID


def test_rv1_keeps_what_it_could_not_print_for_the_next_text() -> None:
    graph = mini()
    writer = ReferenceWriter("rv1", strict=True)
    assert writer.write(Answer(graph, chosen(graph, *MEMORY))) == ""
    assert ids(writer.write(Answer(graph, chosen(graph, *CORE)))) == [
        "21", "2", "0", "7", "3", "1", "0",
    ]  # fmt: skip
    assert ids(writer.write(Answer(graph, chosen(graph, *CORE)))) == ["7", "3", "1", "0"]


def test_jgf_keeps_a_lone_root_and_says_no_such_file() -> None:
    graph = mini()
    writer = ReferenceWriter("jgf", strict=True)
    with pytest.raises(WriterRefusal, match="No such file or directory"):
        writer.write(Answer(graph, chosen(graph, "/mini0:x")))
    with pytest.raises(WriterRefusal):
        writer.write(Answer(graph))
    assert ids(writer.write(Answer(graph, chosen(graph, *CORE)))) == ["0", "7", "3", "1", "0"]


def test_what_is_kept_has_its_properties_of_then() -> None:
    graph = mini()
    writer = ReferenceWriter("rv1", strict=True)
    writer.write(Answer(graph, chosen(graph, *MEMORY)))
    graph.set_property(2, "late", "1")
    assert "late" not in writer.write(Answer(graph, chosen(graph, *CORE)))


def test_a_queue_sticks_to_later_texts() -> None:
    graph = mini()
    writer = ReferenceWriter("rv1", strict=True)
    writer.write(Answer(graph, chosen(graph, *CORE), queue="batch"))
    assert '"queue": "batch"' in writer.write(Answer(graph, chosen(graph, *CORE)))


def test_without_the_switch_nothing_is_kept_and_nothing_refused() -> None:
    graph = mini()
    for format in ("rlite", "rv1", "jgf"):
        writer = ReferenceWriter(format, strict=False)
        first = writer.write(Answer(graph, chosen(graph, *MEMORY), queue="batch"))
        assert first != ""
        second = writer.write(Answer(graph, chosen(graph, *CORE)))
        assert "batch" not in second
        assert second == ReferenceWriter(format, strict=False).write(
            Answer(graph, chosen(graph, *CORE))
        )


def test_a_session_reports_the_refusal_and_reuses_the_job_number(driver: Driver) -> None:
    """Quirk writer-emit: the grant is lost, its resources stay taken (errata G15)."""
    run = driver.run(*["match allocate memory.json"] * 2, "list", options=("-F", "rlite"))
    assert run.stderr == "match_allocate: ERROR: match writer emit: Invalid argument\n" * 2
    assert run.out == block("No matching resources found", "JOBID=1") * 2
    assert run.stdout == ""


def test_a_failed_match_is_a_writer_error_too(driver: Driver) -> None:
    run = driver.run("match satisfiability nodes3.json", options=("-F", "rlite"))
    assert run.stderr == "match_allocate: ERROR: match writer emit: Invalid argument\n"
    assert run.out == block("Satisfiable request")


def test_fixed_answers_properly(driver: Driver) -> None:
    run = driver.run(
        "match allocate memory.json",
        "match satisfiability nodes3.json",
        "match satisfiability bad.yaml",
        options=("-F", "rlite", "--fixed"),
    )
    assert run.out == (
        '[{"rank": "0", "children": {}}]\n'
        + block("JOBID=1", "RESOURCES=ALLOCATED", "SCHEDULED AT=Now")
        + block("Unsatisfiable request") * 2
    )
    assert "writer" not in run.stderr


def test_strict_sessions_call_a_broken_request_satisfiable(driver: Driver) -> None:
    assert driver.run("match satisfiability bad.yaml").out == block("Satisfiable request")


def test_a_queue_sticks_in_a_session_too(driver: Driver) -> None:
    commands = ("match allocate queued.json", "match allocate core.json")
    sticky = driver.run(*commands, options=("-F", "rv1")).out
    assert sticky.count('"queue": "batch"') == 2
    assert driver.run(*commands, options=("-F", "rv1", "--fixed")).out.count("batch") == 1
