"""Counting and finding set bits in words, inline.

Wheels for plain x86-64 have no instruction that counts; the compiler's fallback is a call and a
table, this is neither.
"""

from libc.stdint cimport uint64_t

cdef extern from *:
    int lowest_bit "__builtin_ctzll"(unsigned long long) noexcept nogil


cdef inline int count_bits(uint64_t word) noexcept nogil:
    word = word - (word >> 1 & 0x5555555555555555ULL)
    word = (word & 0x3333333333333333ULL) + (word >> 2 & 0x3333333333333333ULL)
    word = word + (word >> 4) & 0x0F0F0F0F0F0F0F0FULL
    return <int> (word * 0x0101010101010101ULL >> 56)
