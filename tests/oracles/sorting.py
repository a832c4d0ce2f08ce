"""The unstable sort of the reference, which decides ties (core-algorithms.md 5.5)."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
THRESHOLD = 16


def introsort(items: list[T], less: Callable[[T, T], bool]) -> None:
    """Sort in place by `less`; equal elements come out as the reference's moves leave them.

    Up to 16 elements this is a stable insertion sort. Above: quick sort with depth limit
    2*floor(log2 n), then heap sort; one insertion pass at the end, guarded for the first 16.
    """
    if not items:
        return
    _quick(items, 0, len(items), 2 * (len(items).bit_length() - 1), less)
    for place in range(1, min(THRESHOLD, len(items))):
        if less(items[place], items[0]):
            items.insert(0, items.pop(place))
        else:
            _sink(items, place, less)
    for place in range(THRESHOLD, len(items)):
        _sink(items, place, less)


def _quick(items: list[T], first: int, last: int, depth: int, less: Callable[[T, T], bool]) -> None:
    """Partition [first, last) until ranges have at most 16 elements: right part first."""
    while last - first > THRESHOLD:
        if depth == 0:
            _heap_sort(items, first, last, less)
            return
        depth -= 1
        _median_to_first(items, first, last, less)
        cut = _partition(items, first, last, less)
        _quick(items, cut, last, depth, less)
        last = cut


def _median_to_first(items: list[T], first: int, last: int, less: Callable[[T, T], bool]) -> None:
    """Swap the median of (first+1, middle, last-1) to `first`."""
    low, middle, high = first + 1, first + (last - first) // 2, last - 1
    if less(items[low], items[middle]):
        if less(items[middle], items[high]):
            median = middle
        else:
            median = high if less(items[low], items[high]) else low
    elif less(items[low], items[high]):
        median = low
    else:
        median = high if less(items[middle], items[high]) else middle
    items[first], items[median] = items[median], items[first]


def _partition(items: list[T], first: int, last: int, less: Callable[[T, T], bool]) -> int:
    """Hoare's partition of (first, last) around the element at `first`; return the cut."""
    pivot = items[first]
    left, right = first + 1, last
    while True:
        while less(items[left], pivot):
            left += 1
        right -= 1
        while less(pivot, items[right]):
            right -= 1
        if left >= right:
            return left
        items[left], items[right] = items[right], items[left]
        left += 1


def _sink(items: list[T], place: int, less: Callable[[T, T], bool]) -> None:
    """Move the element at `place` down past all greater ones (no guard at the front)."""
    value = items[place]
    while less(value, items[place - 1]):
        items[place] = items[place - 1]
        place -= 1
    items[place] = value


def _heap_sort(items: list[T], first: int, last: int, less: Callable[[T, T], bool]) -> None:
    """Heap sort of [first, last): the hole goes down to a leaf, then the value rises."""
    size = last - first
    for parent in range((size - 2) // 2, -1, -1):
        _settle(items, first, parent, size, items[first + parent], less)
    for end in range(size - 1, 0, -1):
        value = items[first + end]
        items[first + end] = items[first]
        _settle(items, first, 0, end, value, less)


def _settle(
    items: list[T], first: int, hole: int, size: int, value: T, less: Callable[[T, T], bool]
) -> None:
    top = hole
    while 2 * hole + 2 < size:
        child = 2 * hole + 2
        if less(items[first + child], items[first + child - 1]):
            child -= 1
        items[first + hole] = items[first + child]
        hole = child
    if 2 * hole + 2 == size:
        items[first + hole] = items[first + size - 1]
        hole = size - 1
    while hole > top and less(items[first + (hole - 1) // 2], value):
        items[first + hole] = items[first + (hole - 1) // 2]
        hole = (hole - 1) // 2
    items[first + hole] = value
