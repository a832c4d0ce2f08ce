# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The occupancy calendar of one type of vertices (see the .pxd, read it first).

A booking of r vertices with their bits in v words (r / 64 at best) over s segments costs
O(r + v * (s / 32 + 64) + s), a window of s segments over w words O(w * (s / 32 + 32)). Half-open
windows, seconds.
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint64_t
from libcpp.algorithm cimport upper_bound
from libcpp.vector cimport vector

from fluxion_py._core.bits cimport count_bits, lowest_bit
from fluxion_py._core.timeline cimport end_of
from fluxion_py._core.tree cimport Tree

cdef size_t MOST_SEGMENTS = 32      # of a block: at its ends a window looks at each by itself
cdef uint64_t ONE = 1


@cython.final
cdef class Calendar:
    """The calendar of a type; `add` and `remove` tell it of records."""

    def __init__(self, Tree tree, int16_t type):
        cdef size_t block
        self.tree = tree
        self.type = type
        self.base.assign(tree.b_type.size(), -1)
        for block in range(tree.b_type.size()):
            if tree.b_type[block] == type:
                self.base[block] = <int32_t> self.words
                self.words += tree.b_idle[block].size()
                self.count += <int32_t> tree.b_rows[block].size()
                self.largest = max(self.largest, tree.b_size[block])
                self.shared = self.shared or self.tree.b_inner[block] != 0
        if self.shared:
            self.bookings.resize(self.words * 64)
        self.seen.assign(self.words, 0)

    # ---- which vertices a record touches ----

    cdef int32_t position(self, int32_t row) noexcept:
        return self.base[self.tree.block_of[row]] * 64 + self.tree.place[row]

    cdef int find_touched(self, const vector[int32_t]& rows) except -1:
        """Find the vertices at, above or below the rows of a record."""
        cdef const int16_t* types = self.tree.graph.v_type.data()
        cdef const int32_t* block_of = self.tree.block_of.data()
        cdef const int32_t* place = self.tree.place.data()
        cdef size_t at
        cdef int32_t row, position, word = -1
        cdef uint64_t bits = 0      # of the same word as long as rows are neighbours
        self.touched.clear()
        for at in range(rows.size()):
            row = rows[at] >> 1
            while row >= 0 and types[row] != self.type:
                row = self.tree.above[row]
            if row >= 0 and block_of[row] >= 0:
                position = self.base[block_of[row]] * 64 + place[row]
                if position >> 6 != word:
                    self.touch(word, bits)
                    word = position >> 6
                    bits = 0
                bits |= ONE << (position & 63)
            elif row < 0 and self.tree.inner[rows[at] >> 1] >= 0:
                self.touch_below(rows[at] >> 1)
        self.touch(word, bits)
        for at in range(self.touched.size()):
            self.touched[at].bits = self.seen[self.touched[at].word]
            self.seen[self.touched[at].word] = 0
        return 0

    cdef int touch(self, int32_t word, uint64_t bits) except -1:
        cdef Touched touched
        if bits:
            if self.seen[word] == 0:
                touched.word = word
                touched.bits = 0
                self.touched.push_back(touched)
            self.seen[word] |= bits
        return 0

    cdef int touch_below(self, int32_t row) except -1:
        cdef int32_t block = self.tree.first_block[self.tree.inner[row]], below, position
        cdef size_t at
        while block >= 0:
            for at in range(self.tree.b_rows[block].size()):
                below = self.tree.b_rows[block][at]
                if self.tree.b_type[block] == self.type:
                    position = self.position(below)
                    self.touch(position >> 6, ONE << (position & 63))
                elif self.tree.inner[below] >= 0:
                    self.touch_below(below)
            block = self.tree.b_next[block]
        return 0

    # ---- points ----

    cdef size_t block_at(self, int64_t time) noexcept:
        """Return the block with the last segment that begins at or before `time`.

        The number of blocks if there is none.
        """
        cdef size_t low = 0, high = self.b_times.size(), middle
        while low < high:
            middle = (low + high) // 2
            if self.b_times[middle][0] <= time:
                low = middle + 1
            else:
                high = middle
        return low - 1 if low > 0 else self.b_times.size()

    cdef int hold_point(self, int64_t time) except -1:
        """Make sure that a segment begins at `time`, and count one more user of it."""
        cdef size_t block = self.block_at(time), segment
        if block == self.b_times.size():        # before all others: nothing is busy there yet
            self.b_times.insert(self.b_times.begin(), vector[int64_t](1, time))
            self.b_refs.insert(self.b_refs.begin(), vector[int32_t](1, 1))
            self.b_free.insert(self.b_free.begin(), vector[int32_t](1, self.count))
            self.b_bits.insert(self.b_bits.begin(), vector[uint64_t](self.words, 0))
            self.b_cover.insert(self.b_cover.begin(), vector[uint64_t](self.words, 0))
            self.b_any.insert(self.b_any.begin(), vector[uint64_t](self.words, 0))
            self.b_least.insert(self.b_least.begin(), self.count)
            return 0
        segment = upper_bound(
            self.b_times[block].begin(), self.b_times[block].end(), time
        ) - self.b_times[block].begin() - 1
        if self.b_times[block][segment] == time:
            self.b_refs[block][segment] += 1
            return 0
        self.insert_segment(block, segment, time)
        if self.b_times[block].size() > MOST_SEGMENTS:
            self.split(block)
        return 0

    cdef int insert_segment(self, size_t block, size_t segment, int64_t time) except -1:
        """Cut a segment in two at `time`."""
        cdef vector[uint64_t]* bits = &self.b_bits[block]
        cdef size_t word
        self.b_times[block].insert(self.b_times[block].begin() + segment + 1, time)
        self.b_refs[block].insert(self.b_refs[block].begin() + segment + 1, 1)
        self.b_free[block].insert(
            self.b_free[block].begin() + segment + 1, <int32_t> self.b_free[block][segment]
        )
        bits.insert(bits.begin() + (segment + 1) * self.words, self.words, <uint64_t> 0)
        for word in range(self.words):
            bits[0][(segment + 1) * self.words + word] = bits[0][segment * self.words + word]
        return 0

    cdef int split(self, size_t block) except -1:
        """Make two blocks of one that has become too long."""
        cdef size_t half = self.b_times[block].size() // 2
        cdef vector[int64_t] times
        cdef vector[int32_t] refs, free
        cdef vector[uint64_t] bits, cover = self.b_cover[block]
        times.assign(self.b_times[block].begin() + half, self.b_times[block].end())
        refs.assign(self.b_refs[block].begin() + half, self.b_refs[block].end())
        free.assign(self.b_free[block].begin() + half, self.b_free[block].end())
        bits.assign(self.b_bits[block].begin() + half * self.words, self.b_bits[block].end())
        self.b_times[block].resize(half)
        self.b_refs[block].resize(half)
        self.b_free[block].resize(half)
        self.b_bits[block].resize(half * self.words)
        self.b_times.insert(self.b_times.begin() + block + 1, times)
        self.b_refs.insert(self.b_refs.begin() + block + 1, refs)
        self.b_free.insert(self.b_free.begin() + block + 1, free)
        self.b_bits.insert(self.b_bits.begin() + block + 1, bits)
        self.b_cover.insert(self.b_cover.begin() + block + 1, cover)
        self.b_any.insert(self.b_any.begin() + block + 1, cover)
        self.b_least.insert(self.b_least.begin() + block + 1, 0)
        self.sum_up(block)
        self.sum_up(block + 1)
        return 0

    cdef int sum_up(self, size_t block) except -1:
        """Compute `any` and the least free of a block anew."""
        cdef size_t segment, word
        cdef vector[uint64_t]* any = &self.b_any[block]
        any[0] = self.b_cover[block]
        self.b_least[block] = self.b_free[block][0]
        for segment in range(self.b_times[block].size()):
            for word in range(self.words):
                any[0][word] |= self.b_bits[block][segment * self.words + word]
            self.b_least[block] = min(self.b_least[block], self.b_free[block][segment])
        return 0

    cdef int drop_point(self, int64_t time) except -1:
        """One user of a point less; without any its segment is that before it."""
        cdef size_t block = self.block_at(time), segment
        segment = upper_bound(
            self.b_times[block].begin(), self.b_times[block].end(), time
        ) - self.b_times[block].begin() - 1
        self.b_refs[block][segment] -= 1
        if self.b_refs[block][segment] > 0:
            return 0
        if self.b_times[block].size() == 1:
            self.b_times.erase(self.b_times.begin() + block)
            self.b_refs.erase(self.b_refs.begin() + block)
            self.b_free.erase(self.b_free.begin() + block)
            self.b_bits.erase(self.b_bits.begin() + block)
            self.b_cover.erase(self.b_cover.begin() + block)
            self.b_any.erase(self.b_any.begin() + block)
            self.b_least.erase(self.b_least.begin() + block)
            return 0
        self.b_times[block].erase(self.b_times[block].begin() + segment)
        self.b_refs[block].erase(self.b_refs[block].begin() + segment)
        self.b_free[block].erase(self.b_free[block].begin() + segment)
        self.b_bits[block].erase(
            self.b_bits[block].begin() + segment * self.words,
            self.b_bits[block].begin() + (segment + 1) * self.words,
        )
        if segment == 0:        # any other was like the one before it
            self.sum_up(block)
        return 0

    # ---- bookings ----

    cdef int add(self, int32_t record, int64_t start, int64_t end,
                 const vector[int32_t]& rows) except -1:
        """Note a record with its rows (row << 1 | WHOLE) for [start, end)."""
        self.find_touched(rows)
        if self.touched.empty():
            return 0
        self.hold_point(start)
        self.hold_point(end)
        if self.shared:
            self.sign_in(record, start, end)
        self.fill(self.touched, start, end)
        return 0

    cdef int remove(self, int32_t record, int64_t start, int64_t end,
                    const vector[int32_t]& rows) except -1:
        """Take back what `add` noted with the same arguments."""
        self.find_touched(rows)
        if self.touched.empty():
            return 0
        self.clear(self.touched, start, end)
        if self.shared:
            self.sign_out(record, start, end)
        self.drop_point(start)
        self.drop_point(end)
        return 0

    cdef int sign_in(self, int32_t record, int64_t start, int64_t end) except -1:
        """Note who touches what is touched."""
        cdef size_t at
        cdef uint64_t bits
        cdef Booking booking
        booking.record = record
        booking.start = start
        booking.end = end
        for at in range(self.touched.size()):
            bits = self.touched[at].bits
            while bits:
                self.bookings[self.touched[at].word * 64 + lowest_bit(bits)].push_back(booking)
                bits &= bits - 1
        return 0

    cdef int sign_out(self, int32_t record, int64_t start, int64_t end) except -1:
        """Forget who touched it; what others touch in [start, end) is busy again then."""
        cdef size_t at, other, mine = 0
        cdef uint64_t bits
        cdef vector[Booking]* here
        cdef vector[Touched] one
        for at in range(self.touched.size()):
            bits = self.touched[at].bits
            one.assign(1, self.touched[at])
            while bits:
                here = &self.bookings[one[0].word * 64 + lowest_bit(bits)]
                one[0].bits = bits & (~bits + 1)
                bits &= bits - 1
                for other in range(here.size()):
                    if here[0][other].record == record:
                        mine = other
                    elif here[0][other].start < end and here[0][other].end > start:
                        self.fill(
                            one, max(start, here[0][other].start), min(end, here[0][other].end)
                        )
                here.erase(here.begin() + mine)
        return 0

    cdef void bounds(self, size_t block, int64_t start, int64_t end, size_t* first,
                     size_t* last) noexcept:
        """Find the segments of a block within [start, end): first to last, `last` excluded."""
        cdef vector[int64_t]* times = &self.b_times[block]
        first[0] = upper_bound(times.begin(), times.end(), start) - times.begin()
        if first[0] > 0:
            first[0] -= 1
        last[0] = upper_bound(times.begin(), times.end(), end - 1) - times.begin()

    cdef int fill(self, const vector[Touched]& touched, int64_t start, int64_t end) except -1:
        """Mark vertices busy on [start, end); both are points."""
        cdef size_t block = self.block_at(start), first, last, segment, at, word
        cdef uint64_t fresh, idle, left
        cdef uint64_t* bits
        cdef int32_t covered, taken
        self.rest.resize(touched.size())
        while block < self.b_times.size() and self.b_times[block][0] < end:
            self.bounds(block, start, end, &first, &last)
            covered = 0
            left = 0
            for at in range(touched.size()):
                word = touched[at].word
                fresh = touched[at].bits & ~self.b_cover[block][word]
                if last - first == self.b_times[block].size():
                    idle = fresh & ~self.b_any[block][word]
                    self.b_cover[block][word] |= idle
                    covered += count_bits(idle)
                    self.rest[at] = fresh & ~idle
                else:
                    self.rest[at] = fresh
                self.b_any[block][word] |= fresh
                left |= self.rest[at]
            for segment in range(first, last if left else first):
                bits = self.b_bits[block].data() + segment * self.words
                taken = 0
                for at in range(touched.size()):
                    word = touched[at].word
                    taken += count_bits(self.rest[at] & ~bits[word])
                    bits[word] |= self.rest[at]
                self.b_free[block][segment] -= taken
            self.count_free(block, -covered)
            block += 1
        return 0

    cdef int clear(self, const vector[Touched]& touched, int64_t start, int64_t end) except -1:
        """Mark vertices free on [start, end); both are points."""
        cdef size_t block = self.block_at(start), first, last, at, word
        cdef uint64_t covered, left
        cdef int32_t uncovered
        self.rest.resize(touched.size())
        self.spread.resize(touched.size())
        while block < self.b_times.size() and self.b_times[block][0] < end:
            self.bounds(block, start, end, &first, &last)
            uncovered = 0
            left = 0
            for at in range(touched.size()):
                word = touched[at].word
                covered = touched[at].bits & self.b_cover[block][word]
                self.b_cover[block][word] &= ~covered
                if last - first == self.b_times[block].size():
                    self.b_any[block][word] &= ~covered
                    uncovered += count_bits(covered)
                    self.rest[at] = touched[at].bits & ~covered
                    self.spread[at] = 0
                else:       # from now on it is said segment by segment
                    self.rest[at] = touched[at].bits
                    self.spread[at] = covered
                left |= self.rest[at]
            if left:
                self.clear_segments(touched, block, first, last)
            self.count_free(block, uncovered)
            block += 1
        return 0

    cdef int clear_segments(self, const vector[Touched]& touched, size_t block, size_t first,
                            size_t last) except -1:
        """Clear `rest` in the segments first to last of a block, and set `spread` in the others."""
        cdef size_t segment, at, word
        cdef uint64_t* bits
        cdef int32_t given
        self.left.assign(touched.size(), 0)
        for segment in range(self.b_times[block].size()):
            bits = self.b_bits[block].data() + segment * self.words
            given = 0
            for at in range(touched.size()):
                word = touched[at].word
                bits[word] |= self.spread[at]
                if first <= segment < last:
                    given += count_bits(bits[word] & self.rest[at])
                    bits[word] &= ~self.rest[at]
                self.left[at] |= bits[word]
            self.b_free[block][segment] += given
        for at in range(touched.size()):
            self.b_any[block][touched[at].word] &= ~(self.rest[at] & ~self.left[at])
        return 0

    cdef int count_free(self, size_t block, int32_t change) except -1:
        """Add to what is free in each segment of a block; note the least."""
        cdef vector[int32_t]* free = &self.b_free[block]
        cdef size_t segment
        cdef int32_t least = self.count
        for segment in range(free.size()):
            free[0][segment] += change
            least = min(least, free[0][segment])
        self.b_least[block] = least
        return 0

    # ---- questions ----

    cdef int busy(self, int64_t start, int64_t end, vector[uint64_t]& found) except -1:
        """Find the vertices that are busy at any time of [start, end), as bits."""
        cdef size_t block = self.block_at(start), first, last, segment, word
        cdef const uint64_t* bits
        cdef uint64_t* out
        found.assign(self.words, 0)
        out = found.data()
        if block == self.b_times.size():
            block = 0
        while block < self.b_times.size() and self.b_times[block][0] < end:
            self.bounds(block, start, end, &first, &last)
            if last - first == self.b_times[block].size():
                bits = self.b_any[block].data()
                for word in range(self.words):
                    out[word] |= bits[word]
            else:
                bits = self.b_cover[block].data()
                for word in range(self.words):
                    out[word] |= bits[word]
                for segment in range(first, last):
                    bits = self.b_bits[block].data() + segment * self.words
                    for word in range(self.words):
                        out[word] |= bits[word]
            block += 1
        return 0

    cdef void seek(self, int64_t after, size_t* block, size_t* segment) noexcept:
        """Find the first segment that begins later than `after`, or the end of its block."""
        block[0] = self.block_at(after)
        segment[0] = 0
        if block[0] == self.b_times.size():
            block[0] = 0
        else:
            segment[0] = upper_bound(
                self.b_times[block[0]].begin(), self.b_times[block[0]].end(), after
            ) - self.b_times[block[0]].begin()

    cdef int64_t released(self, int64_t after, int64_t until) noexcept:
        """Return how many vertices become free at the points later than `after`, until `until`.

        A vertex counts at each point at which it does.
        """
        cdef size_t block, segment, word
        cdef const uint64_t* before
        cdef const uint64_t* now
        cdef const uint64_t* cover
        cdef const uint64_t* cover_before
        cdef int64_t found = 0
        self.seek(after, &block, &segment)
        while block < self.b_times.size():
            if segment == self.b_times[block].size():
                block += 1
                segment = 0
                continue
            if self.b_times[block][segment] > until:
                break
            now = self.b_bits[block].data() + segment * self.words
            if segment > 0:
                before = now - self.words
                for word in range(self.words):
                    found += count_bits(before[word] & ~now[word])
            elif block > 0:
                before = self.b_bits[block - 1].data() + self.words * (
                    self.b_times[block - 1].size() - 1
                )
                cover = self.b_cover[block].data()
                cover_before = self.b_cover[block - 1].data()
                for word in range(self.words):
                    found += count_bits(
                        (before[word] | cover_before[word]) & ~(now[word] | cover[word])
                    )
            segment += 1
        return found

    cdef int64_t next_window(self, int64_t after, int64_t duration, int64_t wanted) noexcept:
        """Return the first point later than `after` from which on `wanted` vertices are free.

        At each instant of the duration, that is, not necessarily the same ones: a necessary
        condition. -1 if there is none. O(segments from `after` on).
        """
        cdef size_t block, segment, ahead, at
        cdef int64_t time, end
        cdef bint enough
        self.seek(after, &block, &segment)
        while block < self.b_times.size():
            if segment == self.b_times[block].size():
                block += 1
                segment = 0
                continue
            time = self.b_times[block][segment]
            end = end_of(time, duration)
            enough = True
            ahead, at = block, segment
            while ahead < self.b_times.size() and self.b_times[ahead][0] < end and enough:
                if self.b_least[ahead] >= wanted:
                    ahead += 1
                    at = 0
                    continue
                while at < self.b_times[ahead].size() and self.b_times[ahead][at] < end:
                    if self.b_free[ahead][at] < wanted:
                        enough = False
                        break
                    at += 1
                if enough:
                    ahead += 1
                    at = 0
            if enough:
                return time
            block, segment = ahead, at + 1      # too few there: any window must begin after it
        return -1
