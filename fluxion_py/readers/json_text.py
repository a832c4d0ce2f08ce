"""JSON text -> Python objects, with one clear error for text that is not JSON."""

import json
import re

from fluxion_py.errors import ReadError, short
from fluxion_py.readers.limits import MAX_DEPTH, require_unicode

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKEN = re.compile(r'"[^"\n]*"?|[A-Za-z]+|[-+0-9.eE]+|\S')


def parse_json(text: str, source: str | None) -> object:
    """Return the value of a JSON text.

    Raises `ReadError` with line and column for text that is not JSON (RFC 8259; NaN and Infinity
    are refused) or is nested too deeply. `reference_text` follows the reference's JSON library
    where the text does not even start like an object or array (errata G21).
    """
    require_unicode(text, source)
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except json.JSONDecodeError as error:
        raise ReadError(
            f"not JSON: {error.msg.lower()} near {_near(text, error.pos)}",
            source=source,
            line=error.lineno,
            column=error.colno,
            reference_text=_reference_text(text),
        ) from None
    except RecursionError:
        raise ReadError(f"JSON is nested deeper than {MAX_DEPTH}", source=source) from None
    except UnicodeEncodeError:
        raise ReadError("not JSON: half of a surrogate pair in a string", source=source) from None
    except ValueError as error:  # a constant such as NaN, or a number of thousands of digits
        raise ReadError(f"not JSON: {error}", source=source) from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _near(text: str, position: int) -> str:
    return "the end of the text" if position >= len(text) else short(text[position : position + 20])


def _reference_text(text: str) -> str | None:
    """Return the reference's words for a text that starts with neither "[" nor "{"."""
    start = len(text) - len(text.lstrip())
    token = _TOKEN.match(text, start)
    if token is None:
        return "fetch_jgf: json_loads returned an error: '[' or '{' expected near end of file"
    if token[0][0] in "[{":
        return None
    line = text.count("\n", 0, start) + 1
    column = token.end() - (text.rfind("\n", 0, start) + 1)
    return (
        "fetch_jgf: json_loads returned an error: '[' or '{' expected near "
        f"'{token[0]}': <string>@{line}:{column}."
    )
