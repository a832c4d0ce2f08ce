import pytest

from fluxion_py.errors import InputError
from fluxion_py.writers import FORMATS, Answer, render
from tests.machines import chosen, mini

MARKS = ("/mini0/node0/socket0/core0:x", "/mini0/node0:s", "/mini0:s")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_ends_its_text_with_one_line_end(format: str) -> None:
    graph = mini()
    text = render(format, Answer(graph, chosen(graph, *MARKS)))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_formats_differ() -> None:
    graph = mini()
    texts = {render(name, Answer(graph, chosen(graph, *MARKS), queue="q")) for name in FORMATS}
    # Nothing is left out here, so each shorthand equals its long form.
    assert len(texts) == len(FORMATS) - 2


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="unknown format 'xml'") as caught:
        render("xml", Answer(mini()))
    assert caught.value.hint is not None
    assert "rv1_nosched" in caught.value.hint
