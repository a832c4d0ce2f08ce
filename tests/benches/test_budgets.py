"""A run is compared with the budgets, and what is over is named."""

import json
from pathlib import Path

import pytest

from benches import report
from benches.budgets import Row, compare, in_unit, read_budgets
from benches.figures import Figure, read_figures
from benches.rebudget import measured, rewritten

BUDGETS = """\
[rows.machine]
work = "fixed"
unit = "ms"
mean = 10.0
spread = 0.0
margin = 1.0

[rows.match]
work = "one match"
unit = "us"
mean = 2.0
spread = 0.5
margin = 0.5
promise = 1.0
reference = 36.0
source = "2.3"

[rows.ratio-plain-match]
work = "plain Python"
unit = "x"
mean = 100.0
spread = 0.0
margin = 1.0
more = true

[rows.grown-core1-first]
work = "growth"
unit = "x"
mean = 2.0
spread = 0.0
margin = 0.5
"""


def run_of(path: Path, **figures: tuple[float, str]) -> Path:
    """Write the part of a run of pytest-benchmark that counts."""
    named = {name.replace("_", "-"): figure for name, figure in figures.items()}
    benches = [
        {"extra_info": {"figures": {name: {"value": value, "unit": unit}}}}
        for name, (value, unit) in named.items()
    ]
    path.write_text(json.dumps({"benchmarks": [{"extra_info": {}}, *benches]}))
    return path


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    path = tmp_path / "budgets.toml"
    path.write_text(BUDGETS)
    return path


def report_on(
    tmp_path: Path, budgets: Path, capsys: pytest.CaptureFixture[str], **figures: tuple[float, str]
) -> tuple[int, str]:
    run = run_of(tmp_path / "run.json", **figures)
    status = report.main([str(run), str(budgets)])
    return status, capsys.readouterr().out


def test_the_budget_is_the_mean_with_spread_and_margin(budgets: Path) -> None:
    rows = read_budgets(budgets)
    assert rows["match"].budget == 4.0
    assert rows["ratio-plain-match"].budget == 50.0


def test_a_row_over_its_budget_fails_the_run_and_is_named(
    tmp_path: Path, budgets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = report_on(tmp_path, budgets, capsys, match=(4.1e-6, "s"))
    assert status == 1
    assert "over budget: match: 4.1 us, allowed are 4 (mean 2, spread 50%, margin 50%)" in out
    assert "OVER" in out


def test_a_row_within_its_budget_passes_though_its_promise_is_not_yet_kept(
    tmp_path: Path, budgets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = report_on(tmp_path, budgets, capsys, match=(3.9e-6, "s"))
    assert status == 0
    assert "not yet" in out
    assert "promises kept: 0 of 1" in out
    assert "not measured (2 of 3): grown-core1-first, ratio-plain-match" in out
    written = json.loads((tmp_path / "report.json").read_text())["rows"]["match"]
    assert (written["over"], written["kept"]) == (False, False)
    assert written["ratio"] == pytest.approx(36 / 3.9)


def test_a_slower_machine_gets_more_time_and_a_faster_one_not_less(budgets: Path) -> None:
    rows = read_budgets(budgets)
    match = Figure(4.1e-6, "s")
    for machine, over in ((10e-3, True), (20e-3, False), (5e-3, True)):
        (verdict,) = compare(rows, {"machine": Figure(machine, "s"), "match": match})
        assert verdict.over is over


def test_less_of_what_should_be_more_is_over(budgets: Path) -> None:
    rows = read_budgets(budgets)
    for value, over in ((49.0, True), (51.0, False)):
        (verdict,) = compare(rows, {"ratio-plain-match": Figure(value, "x")})
        assert verdict.over is over


def test_growth_and_ratios_follow_from_what_was_measured(tmp_path: Path) -> None:
    figures = read_figures(
        run_of(
            tmp_path / "run.json",
            growth_core1_first_g1000=(1e-6, "s"),
            growth_core1_first_g100000=(3e-6, "s"),
            growth_core1_first_large=(2e-6, "s"),
            growth_core1_first_flat1000=(5e-6, "s"),
            baseline_fluxion_match=(1e-6, "s"),
            baseline_plain_match=(7e-4, "s"),
        )
    )
    assert figures["grown-core1-first"].value == pytest.approx(3.0)
    assert "grown-core1-first-flat" not in figures
    assert figures["ratio-plain-match"].value == pytest.approx(700.0)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[rows.a]\nwork = 'w'\nunit = 'us'\nspread = 0.0\nmargin = 0.0\n", "mean"),
        ("[rows.a]\nwork = 'w'\nunit = 'h'\nmean = 1.0\nspread = 0.0\nmargin = 0.0\n", "unit 'h'"),
        ("[rows.a]\nwork = 'w'\nunit = 'us'\nmean = 0.0\nspread = 0.0\nmargin = 0.0\n", "above 0"),
        ("[rows.a]\nmeen = 1\n", "meen"),
        ("[rows", "budgets.toml"),
    ],
)
def test_a_faulty_budget_file_is_refused_in_one_line(
    tmp_path: Path, text: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(text)
    assert report.main([str(run_of(tmp_path / "run.json")), str(path)]) == 2
    printed = capsys.readouterr().err
    assert what in printed
    assert printed.count("\n") == 1


def test_a_run_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.json").write_text("{}")
    for name in ("run.json", "absent.json"):
        assert report.main([str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_a_figure_of_another_kind_cannot_be_told_in_a_unit() -> None:
    assert in_unit(Figure(3e6, "B"), "MB") == 3.0
    with pytest.raises(ValueError, match="a figure in B cannot be told in us"):
        in_unit(Figure(1.0, "B"), "us")


def test_means_and_spreads_of_runs_replace_those_of_the_file(tmp_path: Path, budgets: Path) -> None:
    runs = [
        run_of(tmp_path / f"{number}.json", match=(value, "s"))
        for number, value in enumerate((1e-6, 2e-6, 3e-6))
    ]
    text = rewritten(BUDGETS, measured(read_budgets(budgets), runs))
    budgets.write_text(text)
    rows = read_budgets(budgets)
    assert (rows["match"].mean, rows["match"].spread) == (2.0, 1.0)
    assert rows["match"].margin == 0.5
    assert rows["machine"] == Row("fixed", "ms", 10.0, 0.0, 1.0)


def test_the_budget_file_of_the_benches_is_sound() -> None:
    rows = read_budgets()
    assert "machine" in rows
    for name, row in rows.items():
        assert row.why, f"{name}: the margin has no reason"
        assert (row.reference is None) == (not row.source), f"{name}: reference without source"
