"""The inputs of `bulksubmit`."""

import pytest

from fluxion_py.console.bulk import fill, split_inputs
from fluxion_py.errors import InputError
from tests.console.driver import Shell


def test_lists_are_combined_and_those_with_a_plus_go_in_step() -> None:
    command, inputs = split_inputs(["x", "{0}", "{1}", ":::", "a", "b", ":::", "1", "2"])
    assert command == ["x", "{0}", "{1}"]
    assert list(inputs) == [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]
    _, inputs = split_inputs(["x", ":::", "a", "b", ":::+", "1", "2", ":::", "y"])
    assert list(inputs) == [("a", "1", "y"), ("b", "2", "y")]
    with pytest.raises(InputError, match="has 1 inputs, the list before 2"):
        split_inputs(["x", ":::", "a", "b", ":::+", "1"])


def test_too_many_combinations_are_refused_before_they_are_made() -> None:
    many = [str(number) for number in range(2000)]
    with pytest.raises(InputError, match="4000000 jobs are more than"):
        split_inputs(["x", ":::", *many, ":::", *many])


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{}", "data/a.tar.gz"),
        ("{0}-{1}", "data/a.tar.gz-2"),
        ("{.%}.log", "data/a.tar.log"),
        ("{./}", "a.tar.gz"),
        ("{0.//}", "a.tar"),
        ("{seq}:{cc}", "7:3"),
        ("{other} {", "{other} {"),
    ],
)
def test_fields_of_a_word(text: str, filled: str) -> None:
    assert fill(text, ["data/a.tar.gz", "2"], 7, 3) == filled


def test_an_input_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match=r"\{2\} in 'a\{2\}'"):
        fill("a{2}", ["x", "y"], 0, None)


def test_jobs_of_files_and_of_standard_input(shell: Shell) -> None:
    (shell.folder / "inputs").write_text("one\ntwo words\n")
    run = shell("bulksubmit", "--watch", "--quiet", "echo", "{seq}", "{}", "::::", "inputs")
    assert (run.status, sorted(run.out.splitlines())) == (0, ["0 one", "1 two words"])
    run = shell("bulksubmit", "--watch", "--quiet", "--cc=4-5", "echo", "{}", "{cc}", stdin="in\n")
    assert (run.status, sorted(run.out.splitlines())) == (0, ["in 4", "in 5"])


def test_options_are_filled_too(shell: Shell) -> None:
    shell.out("bulksubmit", "--wait", "--quiet", "--job-name=j-{}", "true", ":::", "a", "b")
    names = shell.out("jobs", "-a", "-o", "{name}").split()
    assert sorted(names) == ["j-a", "j-b"]


def test_a_bad_job_does_not_stop_the_others(shell: Shell) -> None:
    run = shell("bulksubmit", "--wait", "-t", "{}", "true", ":::", "1m", "1m")
    assert (run.status, len(run.out.split())) == (0, 2)
    run = shell("submit", "--cc=1-3", "-N", "41", "true")
    assert run.status == 19
    assert run.err.count("error: never: needs 41 node") == 3
