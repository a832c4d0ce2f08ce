"""Journey 2: a researcher asks for resources."""

import json
from pathlib import Path

import pytest

from tests.cli.driver import Tool
from tests.conftest import ROOT

FIRST = """elk[1:shared]
  rack0[1:shared]
    elk[0-2] 3 nodes, each: 2 socket, 36 core      [exclusive]
  rack1[1:shared]
    elk[10-12] 3 nodes, each: 2 socket, 36 core    [exclusive]
INFO: =============================
INFO: JOBID=1
INFO: RESOURCES=ALLOCATED   (2 rack, 6 node, 12 socket, 216 core, slots: myslot=6)
INFO: SCHEDULED AT=Now   UNTIL=3600
INFO: =============================
"""
ON_ELK = ("-L", "elk.json")
KEPT = (*ON_ELK, "--state", "elk.state")


def test_the_printed_slide_gets_a_line_and_a_hint(tool: Tool) -> None:
    text = (ROOT / "jobspec/invalid/slide-as-printed-1.yaml").read_text()
    run = tool("allocate", *ON_ELK, tool.put("printed.yaml", text))
    assert run.status == 1
    error, hint = run.err.splitlines()
    assert error == (
        "error: printed.yaml:10:11: `label` stands under the dash of line 9 (`- type: slot`), "
        "not under `type`"
    )
    assert hint.startswith(
        "  hint: indent lines 10-19 by two more columns and put `count` (line 20) under `type`."
    )


def test_allocating_until_nothing_is_left_then_reserving(tool: Tool) -> None:
    assert tool.out("allocate", *KEPT, "-P", "low", "slide.yaml") == FIRST
    lines = [tool.out("allocate", *KEPT, "-q", "slide.yaml") for _ in range(5)]
    assert lines == [
        "JOBID=2 ALLOCATED elk[3-5,13-15] 216 core\n",
        "JOBID=3 ALLOCATED elk[6-8,16-18] 216 core\n",
        "JOBID=4 ALLOCATED elk[20-22,30-32] 216 core\n",
        "JOBID=5 ALLOCATED elk[23-25,33-35] 216 core\n",
        "JOBID=6 ALLOCATED elk[26-28,36-38] 216 core\n",
    ]
    before = Path("elk.state").read_text()
    run = tool("allocate", *KEPT, "slide.yaml")
    assert (run.status, run.out) == (16, "")
    assert run.err == (
        "busy: needs 2 racks with 3 free nodes each; best racks have 1 free node (rack[0-3])\n"
    )
    assert Path("elk.state").read_text() == before
    reserved = tool.out("reserve", *KEPT, "-q", "slide.yaml")
    assert reserved == "JOBID=7 RESERVED AT=3600 elk[0-2,10-12]\n"
    assert tool.out("jobs", *KEPT).splitlines()[-1] == (
        "    7  RESERVED    3600  7200  elk[0-2,10-12]"
    )
    assert tool.out("list", *KEPT) == tool.out("jobs", *KEPT)


def test_what_can_never_fit_says_so_and_why(tool: Tool) -> None:
    text = Path("slide.yaml").read_text().replace("count: 18", "count: 19")
    run = tool("satisfiability", *ON_ELK, "-", stdin=text)
    assert (run.status, run.out) == (19, "")
    assert run.err == (
        "never: slot myslot needs socket with 19 core; largest socket has 18 (80 of 80 sockets)\n"
    )
    assert tool("allocate", *ON_ELK, "-", stdin=text).status == 19
    assert tool("reserve", *ON_ELK, "-", stdin=text).status == 19
    assert tool("without-allocating", *ON_ELK, "-", stdin=text).status == 19
    assert tool.out("satisfiability", *ON_ELK, "slide.yaml") == "satisfiable\n"


def test_a_constraint_that_leaves_nothing_is_never(tool: Tool) -> None:
    run = tool("allocate", *ON_ELK, "-N", "1", "--requires", "hosts:elk77")
    assert (run.status, run.out) == (19, "")
    assert "40 left out by the constraint" in run.err


def test_nodes_that_are_down_make_it_busy_not_never(tool: Tool) -> None:
    tool.out("set-status", *KEPT, "/elk", "down")
    run = tool("allocate", *KEPT, "-N", "1")
    assert run.status == 16
    assert run.err.startswith("busy: ")
    assert "down" in run.err
    assert tool.out("satisfiability", *KEPT, "-N", "1", "-q") == ""


def test_the_short_form_says_what_it_built(tool: Tool) -> None:
    text = tool.out("allocate", *ON_ELK, "-N", "3", "-n", "18", "--dry-run", "--", "./app")
    assert text == (
        '{"version": 1, "resources": [{"type": "node", "count": 3, "with": [{"type": "slot", '
        '"count": 6, "label": "task", "with": [{"type": "core", "count": 1}]}]}], '
        '"tasks": [{"command": ["./app"], "slot": "task", "count": {"per_slot": 1}}], '
        '"attributes": {"system": {"duration": 0}}}\n'
    )


def test_every_option_of_the_short_form_gets_into_the_jobspec(tool: Tool) -> None:
    words = ["-N", "2", "-n", "4", "-c", "3", "-g", "1", "--exclusive", "-t", "90m"]
    words += ["--queue", "batch", "--requires", "fast", "--cwd", "/home/x"]
    more = ["-S", "project=x", "-S", "a.b=[1]", "--dry-run", "--", "app", "-n", "--", "7"]
    jobspec = json.loads(tool.out("allocate", *ON_ELK, *words, *more))
    (node,) = jobspec["resources"]
    assert (node["count"], node["exclusive"]) == (2, True)
    assert [(r["type"], r["count"]) for r in node["with"][0]["with"]] == [("core", 3), ("gpu", 1)]
    assert jobspec["tasks"][0]["command"] == ["app", "-n", "--", "7"]
    assert jobspec["attributes"]["system"] == {
        "duration": 5400,
        "cwd": "/home/x",
        "queue": "batch",
        "constraints": {"properties": ["fast"]},
        "project": "x",
        "a": {"b": [1]},
    }


def test_uneven_tasks_and_too_many_nodes(tool: Tool) -> None:
    jobspec = json.loads(tool.out("allocate", *ON_ELK, "-N", "3", "-n", "17", "--dry-run"))
    assert jobspec["tasks"][0]["count"] == {"total": 17}
    line = tool.refused("allocate", *ON_ELK, "-N", "4", "-n", "3")
    assert line == "4 nodes are more than 3 tasks"


def test_the_short_form_is_18_cores_not_216(tool: Tool) -> None:
    text = tool.out(
        "allocate", *ON_ELK, "-P", "lonode", "-F", "rv1_nosched", "-N", "3", "-n", "18", "-t", "1h",
        "--", "./app",
    )  # fmt: skip
    assert json.loads(text) == {
        "version": 1,
        "execution": {
            "R_lite": [{"rank": "0-2", "children": {"core": "0-5"}}],
            "starttime": 0,
            "expiration": 3600,
            "nodelist": ["elk[0-2]"],
        },
    }


def test_shared_nodes_are_shown_with_their_cores(tool: Tool) -> None:
    text = tool.out("allocate", *ON_ELK, "-P", "lonode", "-N", "3", "-n", "18")
    assert "elk[0-2] 3 nodes, each: 1 socket (socket0), 6 core (core[0-5])    [shared]\n" in text
    assert "UNTIL=unlimited" in text


@pytest.mark.parametrize(
    "shape",
    [
        "cluster/rack=2/slot=3/node/socket=2/core=18",
        "cluster->racks[2]->slot[3]->node[1]->sockets[2]->core[18]",
    ],
)
def test_a_shape_is_a_request(tool: Tool, shape: str) -> None:
    line = tool.out("allocate", *ON_ELK, shape, "-t", "1h", "-q")
    assert line == "JOBID=1 ALLOCATED elk[0-2,10-12] 216 core\n"


def test_formats_print_only_the_resource_set(tool: Tool) -> None:
    words = ("allocate", *ON_ELK, "slot=1/node")
    assert tool.out(*words, "-F", "simple").splitlines()[-1].strip() == "---elk[1:s]"
    assert "nodes" in json.loads(tool.out(*words, "-F", "jgf"))["graph"]
    assert json.loads(tool.out(*words, "-F", "rlite"))[0]["rank"] == "0"


def test_json_for_programs_of_every_verdict(tool: Tool) -> None:
    words = ("-o", "json", *KEPT)
    document = json.loads(tool.out("allocate", *words, "-N", "40", "-t", "10"))
    assert document["id"] == 1
    assert document["status"] == "ALLOCATED"
    assert document["counts"]["core"] == 1440
    assert document["slots"] == {"task": 40}
    assert document["R"]["execution"]["nodelist"] == ["elk[0-39]"]
    run = tool("allocate", *words, "-N", "2")
    assert (run.status, run.err) == (16, "")
    document = json.loads(run.out)
    assert document["verdict"] == "busy"
    assert document["message"].startswith("busy: needs 2 ")
    assert (document["explanation"]["need"], document["explanation"]["have"]) == (2, 0)
    run = tool("satisfiability", *words, "-N", "41")
    assert (run.status, json.loads(run.out)["verdict"]) == (19, "never")
    assert json.loads(tool.out("satisfiability", *words, "-N", "4")) == {"verdict": "satisfiable"}
    assert json.loads(tool.out("jobs", *words))[0]["nodes"] == "elk[0-39]"
    future = json.loads(tool.out("without-allocating", *words, "--future", "-N", "2"))
    assert (future["status"], future["id"], future["at"]) == ("MATCHED", None, 10)


def test_without_allocating_books_nothing(tool: Tool) -> None:
    for _ in range(2):
        assert tool.out("without-allocating", *KEPT, "-N", "30", "-q").startswith("MATCHED elk[0-")
    assert not Path("elk.state").exists()
    tool.out("allocate", *KEPT, "-N", "40", "-t", "60")
    assert tool("without-allocating", *KEPT, "-N", "1").status == 16
    text = tool.out("without-allocating", *KEPT, "--future", "-N", "1")
    assert "INFO: RESOURCES=MATCHED " in text
    assert "INFO: SCHEDULED AT=60 " in text
    assert "JOBID" not in text


def test_job_ids_may_be_chosen_and_time_moves_forward(tool: Tool) -> None:
    assert tool.out("allocate", *KEPT, "-N", "1", "--jobid", "9", "-q").startswith("JOBID=9 ")
    assert tool.refused("allocate", *KEPT, "-N", "1", "--jobid", "9") == "job 9 exists already"
    text = tool.out("allocate", *KEPT, "-N", "1", "-t", "5", "--now", "100")
    assert "SCHEDULED AT=Now   UNTIL=105" in text
    assert "100" in tool.refused("allocate", *KEPT, "-N", "1", "--now", "50")


def test_options_override_a_jobspec_file(tool: Tool) -> None:
    words = ("slide.yaml", "-t", "2h", "--queue", "q1", "--dry-run")
    jobspec = json.loads(tool.out("allocate", *ON_ELK, *words))
    assert jobspec["attributes"]["system"] == {"duration": 7200, "queue": "q1"}


def test_a_text_command_passes_only_leniently_and_with_a_warning(tool: Tool) -> None:
    text = Path("slide.yaml").read_text().replace("command: [app]", "command: app")
    name = tool.put("text.yaml", text)
    assert "must be a sequence" in tool.refused("allocate", *ON_ELK, name)
    run = tool("allocate", *ON_ELK, name, "--lenient", "-q")
    assert run.status == 0
    assert run.err.startswith("warning: ")
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "nothing is asked for"),
        (("-N", "3", "slot/node"), "--nodes belongs to the short form"),
        (("absent.yaml",), "absent.yaml: cannot be read: No such file or directory"),
        (("rack=2/slot=(3",), "line 1:13: bad shape"),
        (("-N", "two"), "argument -N/--nodes: 'two' is no whole number"),
        (("-N", "1", "-t", "soon"), "duration: bad duration 'soon'"),
        (("-N", "1", "-P", "best"), "invalid policy option: best"),
        (("-N", "1", "-p", "core"), "prune filter 'core' is not ANCHOR:TYPE"),
        (("-N", "1", "--subsystems", "power"), "the graph has no subsystem power"),
        (("-N", "1", "--requires", "a or (b"), ""),
        (("slide.yaml", "--requires", "a"), "--requires goes with a shape or the short form"),
        (("slide.yaml", "--", "app"), "-- COMMAND goes with a shape or the short form"),
        (("rack/node",), "resources: nothing in the request would be exclusive"),
        (("-N", "1", "--setattr", ".=1"), "--setattr .=1: write KEY=VALUE"),
        (("-N", "1", "--bogus"), "unrecognized arguments: --bogus"),
    ],
)
def test_a_request_that_means_nothing_is_bad_input(
    tool: Tool, words: tuple[str, ...], line: str
) -> None:
    assert tool.refused("allocate", *ON_ELK, *words).startswith(line)


def test_cancel_gives_everything_back_or_nothing(tool: Tool) -> None:
    for _ in range(2):
        tool.out("allocate", *KEPT, "-N", "20")
    assert tool.refused("cancel", *KEPT, "1", "7") == "no job 7"
    assert tool("allocate", *KEPT, "-N", "1").status == 16
    assert tool.out("cancel", *KEPT, "1", "2") == "JOBID=1 CANCELED\nJOBID=2 CANCELED\n"
    assert tool.out("jobs", *KEPT) == "JOBID  STATE  START  END  NODES\n"
    assert tool.out("allocate", *KEPT, "-N", "40", "-q").startswith("JOBID=3 ")


def test_release_gives_a_part_back(tool: Tool) -> None:
    tool.out("allocate", *KEPT, "-N", "40")
    assert tool.out("release", *KEPT, "1", "--ranks", "0-2") == "JOBID=1 REDUCED\n"
    tool.out("release", *KEPT, "1", "--paths", "/elk/rack1/elk[10-11]")
    assert tool.out("find", *KEPT, "type=node and sched-now=free") == (
        "/elk/rack0/elk[0-2]\n/elk/rack1/elk[10-11]\n"
    )
    assert tool.refused("release", *KEPT, "1", "--ranks", "0").startswith("job 1 has nothing")
    assert tool.out("release", *KEPT, "1", "--ranks", "3-9,12-39") == "JOBID=1 CANCELED\n"


def test_jobs_need_a_state(tool: Tool) -> None:
    for words in (("jobs",), ("cancel", "1"), ("release", "1", "--ranks", "0")):
        assert tool.refused(*words, *ON_ELK) == "--state FILE is missing"


def test_the_shell_gives_the_answers_of_the_subcommands(tool: Tool) -> None:
    session = tool.out("shell", *ON_ELK, stdin="match allocate slide.yaml\nlist\n")
    assert session.startswith(tool.out("allocate", *ON_ELK, "slide.yaml", "-F", "simple"))
    assert "INFO: 1, ALLOCATED, 0, slide.yaml, " in session
