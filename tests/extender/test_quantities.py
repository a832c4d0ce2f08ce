import pytest

from fluxion_extender.quantities import amount, amounts
from fluxion_py.errors import InputError


@pytest.mark.parametrize(
    ("text", "resource", "number"),
    [
        ("100m", "cpu", 100),
        ("2", "cpu", 2000),
        ("0.5", "cpu", 500),
        ("1e3", "cpu", 1_000_000),
        ("0.1m", "cpu", 1),
        ("100n", "cpu", 1),
        ("1.5Gi", "memory", 1_610_612_736),
        ("1G", "memory", 1_000_000_000),
        ("128974848", "memory", 128974848),
        ("129e6", "memory", 129_000_000),
        ("128974848000m", "memory", 128974848),
        ("1E", "memory", 10**18),
        ("1E3", "memory", 1000),
        ("5k", "pods", 5000),
        ("1Ki", "ephemeral-storage", 1024),
        (".5", "memory", 1),
        ("-1", "cpu", 0),
        ("8Ei", "memory", 2**62),
    ],
)
def test_quantities_are_whole_numbers_rounded_up(text: str, resource: str, number: int) -> None:
    assert amount(text, resource) == number


@pytest.mark.parametrize("text", ["", "x", "1x", "1.2.3", "1 Gi", "Gi", "1e", "1e9999", "१"])
def test_what_is_no_quantity_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        amount(text, "memory")
    assert str(caught.value).startswith("memory: ")


def test_zero_amounts_and_numbers_of_json() -> None:
    assert amounts({"cpu": 1, "memory": "0", "nvidia.com/gpu": "2"}) == {
        "cpu": 1000,
        "nvidia.com/gpu": 2,
    }
