"""Words of a command as numbers, read as C reads them (errata G11).

A numeric prefix counts, a word without digits is 0, and what does not fit is clipped.
"""

import re

_INT64 = 2**63
_UINT64_MAX = 2**64 - 1
_NUMBER = re.compile(r"([-+]?)([0-9]+)")
_MAX_DIGITS = 40


def parse_unsigned(word: str) -> int:
    """Read a job id as strtoull does; a minus wraps around: "-1" is 2**64 - 1."""
    number = _leading_number(word)
    if abs(number) > _UINT64_MAX:
        return _UINT64_MAX
    return number % 2**64


def parse_signed(word: str) -> int:
    """Read a time as strtoll does."""
    return min(max(_leading_number(word), -_INT64), _INT64 - 1)


def _leading_number(word: str) -> int:
    match = _NUMBER.match(word)
    if match is None:
        return 0
    number = int(match[2][:_MAX_DIGITS])
    return -number if match[1] == "-" else number
