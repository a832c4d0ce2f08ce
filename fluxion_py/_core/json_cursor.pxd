"""Reading JSON text (RFC 8259) in place, for texts too large to be turned into Python objects.

The text is UTF-8 and ends with a zero byte, as every `str` gives it: no function looks past a byte
that it does not accept, and zero is never accepted. A function reads at `text.at`, moves it on and
returns 1; it returns 0 (`next_member` and `next_element`: -1) for whatever is not JSON, or is more
than it can hold. The text then belongs to a complete decoder, which says what is wrong and where.
"""

from libc.stdint cimport int64_t
from libc.string cimport memcmp

cdef enum:
    DEEPEST = 50        # nesting of skipped values
    LONGEST_NUMBER = 300

cdef struct Cursor:
    const char* at

cdef struct View:       # a string in the text, without its quotes
    const char* at
    size_t size
    bint escaped        # has backslashes: the text is not the value


cdef inline bint equals(const View& view, const char* other, size_t size) noexcept nogil:
    """Compare with a key of at least one byte; most others of its length differ in that byte."""
    return view.size == size and view.at[0] == other[0] and memcmp(view.at, other, size) == 0


cdef inline bint same(const View& one, const View& other) noexcept nogil:
    return one.size == other.size and memcmp(one.at, other.at, one.size) == 0


cdef inline char peek(Cursor* text) noexcept nogil:
    """Return the next byte that is no white space, without taking it."""
    while text.at[0] == 32 or text.at[0] == 10 or text.at[0] == 13 or text.at[0] == 9:
        text.at += 1
    return text.at[0]


cdef inline bint take(Cursor* text, char wanted) noexcept nogil:
    if peek(text) != wanted:
        return 0
    text.at += 1
    return 1


cdef inline int hex4(const char* at) noexcept nogil:
    """Return the value of four hex digits, -1 if they are none."""
    cdef int value = 0, i
    cdef char digit
    for i in range(4):
        digit = at[i]
        if c"0" <= digit <= c"9":
            value = value * 16 + (digit - c"0")
        elif c"a" <= (digit | 32) <= c"f":
            value = value * 16 + ((digit | 32) - c"a" + 10)
        else:
            return -1
    return value


cdef inline const char* past_escape(const char* at) noexcept nogil:
    """Return what follows the escape at `at`, NULL if it is none or half of a surrogate pair."""
    cdef int unit
    cdef char kind = at[1]
    if kind != c"u":
        if kind == c'"' or kind == c"\\" or kind == c"/" or kind == c"b" or kind == c"f" or (
            kind == c"n" or kind == c"r" or kind == c"t"
        ):
            return at + 2
        return NULL
    unit = hex4(at + 2)
    if unit < 0 or 0xDC00 <= unit < 0xE000:
        return NULL
    if 0xD800 <= unit < 0xDC00:
        at += 6
        if at[0] != c"\\" or at[1] != c"u" or not 0xDC00 <= hex4(at + 2) < 0xE000:
            return NULL
    return at + 6


cdef inline bint take_string(Cursor* text, View* found) noexcept nogil:
    if peek(text) != c'"':
        return 0
    cdef const char* at = text.at + 1
    found.at = at
    found.escaped = 0
    while at[0] != c'"':
        if <unsigned char> at[0] < 32:
            return 0
        if at[0] == c"\\":
            found.escaped = 1
            at = past_escape(at)
            if at == NULL:
                return 0
        else:
            at += 1
    found.size = at - found.at
    text.at = at + 1
    return 1


cdef inline bint take_integer(Cursor* text, int64_t* value) noexcept nogil:
    """Take an integer of 64 bits; what follows is not looked at, so "1.5" fails at the point."""
    cdef bint negative = peek(text) == c"-"
    cdef const char* at = text.at + negative
    cdef const char* start = at
    cdef unsigned long long total = 0
    while c"0" <= at[0] <= c"9" and at - start < 19:
        total = total * 10 + <unsigned long long> (at[0] - c"0")
        at += 1
    if at == start or (start[0] == c"0" and at - start > 1) or c"0" <= at[0] <= c"9":
        return 0
    if total > (<unsigned long long> 1 << 63) - (not negative):
        return 0
    value[0] = <int64_t> (0 - total if negative else total)
    text.at = at
    return 1


cdef inline bint take_word(Cursor* text, const char* word, size_t size) noexcept nogil:
    """Take a literal such as `true`. The zero byte at the end stops the comparison."""
    cdef size_t i
    peek(text)
    for i in range(size):
        if text.at[i] != word[i]:
            return 0
    text.at += size
    return 1


cdef inline const char* past_digits(const char* at) noexcept nogil:
    while c"0" <= at[0] <= c"9":
        at += 1
    return at


cdef inline bint skip_number(Cursor* text) noexcept nogil:
    cdef const char* at = text.at + (text.at[0] == c"-")
    cdef const char* start = at
    at = past_digits(at)
    if at == start or (start[0] == c"0" and at - start > 1):
        return 0
    if at[0] == c".":
        start = at + 1
        at = past_digits(start)
        if at == start:
            return 0
    if at[0] == c"e" or at[0] == c"E":
        start = at + 1 + (at[1] == c"+" or at[1] == c"-")
        at = past_digits(start)
        if at == start:
            return 0
    if at - text.at > LONGEST_NUMBER:
        return 0
    text.at = at
    return 1


cdef inline int next_element(Cursor* text, char closing, bint first) noexcept nogil:
    """Go to the next element of an array or object: 1 there is one, 0 it is closed, -1 neither.

    After the first one that is past the comma.
    """
    if take(text, closing):
        return 0
    if not first:
        if not take(text, c","):
            return -1
        if peek(text) == closing:
            return -1
    return 1


cdef inline int next_member(Cursor* text, View* key, bint first) noexcept nogil:
    """As `next_element` for an object; takes the key and the colon."""
    cdef int more = next_element(text, c"}", first)
    if more == 1 and not (take_string(text, key) and take(text, c":")):
        return -1
    return more


cdef inline bint skip_value(Cursor* text, int depth=0) noexcept nogil:
    """Take a value of any kind, checking that it is JSON."""
    cdef View ignored
    cdef int more
    cdef bint first = 1
    cdef char start = peek(text)
    if start == c'"':
        return take_string(text, &ignored)
    if start == c"t":
        return take_word(text, b"true", 4)
    if start == c"f":
        return take_word(text, b"false", 5)
    if start == c"n":
        return take_word(text, b"null", 4)
    if start != c"{" and start != c"[":
        return skip_number(text)
    if depth >= DEEPEST:
        return 0
    text.at += 1
    while True:
        if start == c"{":
            more = next_member(text, &ignored, first)
        else:
            more = next_element(text, c"]", first)
        if more <= 0:
            return more == 0
        if not skip_value(text, depth + 1):
            return 0
        first = 0
