"""`fluence config`, and what `fluence doctor` thinks of such files."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fluxion_extender.console import main
from fluxion_extender.console.scheduler_file import faults_of


def written(path: Path, *options: str) -> dict[str, Any]:
    """Return the configuration that these options make."""
    assert main(["config", "-o", str(path), *options]) == 0
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def test_the_defaults_are_those_the_service_needs(tmp_path: Path) -> None:
    found = written(tmp_path / "s.yaml")
    assert found["percentageOfNodesToScore"] == 100
    assert found["leaderElection"] == {"leaderElect": False}
    assert found["profiles"] == [{"schedulerName": "fluence"}]
    (extender,) = found["extenders"]
    assert extender == {
        "urlPrefix": "http://127.0.0.1:8890/fluence",
        "filterVerb": "filter",
        "prioritizeVerb": "prioritize",
        "preemptVerb": "preempt",
        "bindVerb": "bind",
        "weight": 1,
        "httpTimeout": "5s",
        "nodeCacheCapable": True,
        "ignorable": False,
    }


def test_every_option_is_written(tmp_path: Path) -> None:
    found = written(
        tmp_path / "s.yaml",
        *("--scheduler-name", "hpc", "--also-default", "--timeout", "9"),
        *("--url", "https://fluence.svc/fluence/", "--ca-file", "/c/ca: 1.pem"),
        *("--cert-file", "/c/cert.pem", "--key-file", "/c/key.pem"),
        *("--kubeconfig", "/k/config", "--leader-elect", "--managed-resource", "example.com/gang"),
    )
    assert found["leaderElection"] == {"leaderElect": True, "resourceName": "fluence-scheduler"}
    assert found["clientConnection"]["kubeconfig"] == "/k/config"
    assert [one["schedulerName"] for one in found["profiles"]] == ["hpc", "default-scheduler"]
    (extender,) = found["extenders"]
    assert extender["urlPrefix"] == "https://fluence.svc/fluence"
    assert extender["enableHTTPS"] is True
    assert extender["tlsConfig"] == {
        "insecure": False,
        "caFile": "/c/ca: 1.pem",
        "certFile": "/c/cert.pem",
        "keyFile": "/c/key.pem",
    }
    assert extender["managedResources"] == [
        {"name": "example.com/gang", "ignoredByScheduler": True}
    ]
    assert faults_of(str(tmp_path / "s.yaml"), "hpc") == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--url", "127.0.0.1:8890"], "not of the form"),
        (["--url", "http://a:b/x"], "not of the form"),
        (["--url", "http://a/x y"], "not of the form"),
        (["--url", "http://a/?q"], "not of the form"),
        (["--url", "https://a/x"], "--ca-file"),
        (["--ca-file", "x"], "want an https URL"),
        (["--url", "https://a/x", "--ca-file", "c", "--cert-file", "x"], "belong together"),
        (["--timeout", "0"], "--timeout 0"),
        (["--timeout", "soon"], "--timeout"),
        (["--scheduler-name", "A b"], "lower case"),
        (["--managed-resource", "gang"], "extended resource"),
    ],
)
def test_what_kube_scheduler_would_not_take_is_one_line(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", *options]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err.splitlines()[0]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("percentageOfNodesToScore: 100", "percentageOfNodesToScore: 50", "not 100"),
        ("nodeCacheCapable: true", "nodeCacheCapable: false", "nodeCacheCapable"),
        ("ignorable: false", "ignorable: true", "unchecked"),
        ("  preemptVerb: preempt\n", "", "preemptVerb"),
        ("  bindVerb: bind\n", "", "0 extenders with a bindVerb"),
        ('"fluence"', '"other"', "no profile fluence"),
    ],
)
def test_each_fault_of_a_file_is_named(tmp_path: Path, before: str, after: str, words: str) -> None:
    path = tmp_path / "s.yaml"
    written(path)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    (fault,) = faults_of(str(path), "fluence")
    assert words in fault


@pytest.mark.parametrize("text", ["", "[", "kind: Pod", "- 1", "\x00", "{{{{" * 1000])
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    assert main(["doctor", "--config", str(path)]) == 1
    assert str(path) in capsys.readouterr().err.splitlines()[0]
