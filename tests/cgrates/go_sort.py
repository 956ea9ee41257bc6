"""sort.Sort of Go 1.19 and later, step by step: what comes of equals, and of an order that is none, depends on them. In
place; `before(a, b)` says whether item a goes before item b."""


def go_sort(items, before):
    Sorter(items, before).quick(0, len(items), len(items).bit_length())


class Sorter:
    def __init__(self, items, before):
        self.items, self.before = items, before

    def less(self, i, j):
        return self.before(self.items[i], self.items[j])

    def swap(self, i, j):
        self.items[i], self.items[j] = self.items[j], self.items[i]

    def sink_left(self, i, least):
        while i > least and self.less(i, i - 1):
            self.swap(i, i - 1)
            i -= 1

    def heap(self, a, b):
        def sink(root, size):
            while 2 * root + 1 < size:
                child = 2 * root + 1
                if child + 1 < size and self.less(a + child, a + child + 1):
                    child += 1
                if not self.less(a + root, a + child):
                    return
                self.swap(a + root, a + child)
                root = child

        for root in reversed(range((b - a - 1) // 2 + 1)):
            sink(root, b - a)
        for size in reversed(range(b - a)):
            self.swap(a, a + size)
            sink(0, size)

    def pivot(self, a, b):
        """(where it is, how often its search found two the wrong way round)"""
        swaps = 0

        def middle(three):
            nonlocal swaps
            three = list(three)
            for i in (0, 1, 0):
                if self.less(three[i + 1], three[i]):
                    three[i], three[i + 1] = three[i + 1], three[i]
                    swaps += 1
            return three[1]

        places = [a + (b - a) // 4 * i for i in (1, 2, 3)]
        if b - a >= 50:
            places = [middle((at - 1, at, at + 1)) for at in places]
        return middle(places), swaps

    def scatter(self, a, b):
        size = word = b - a
        for at in range(a + size // 4 * 2 - 1, a + size // 4 * 2 + 2):
            word ^= word << 13 & (1 << 64) - 1
            word ^= word >> 7
            word ^= word << 17 & (1 << 64) - 1
            other = word % (1 << size.bit_length())
            self.swap(at, a + (other - size if other >= size else other))

    def nearly(self, a, b):
        """Whether it was nearly in order: it is now."""
        i = a + 1
        for _ in range(5):
            while i < b and not self.less(i, i - 1):
                i += 1
            if i == b or b - a < 50:
                return i == b
            self.swap(i, i - 1)
            if i - a >= 2:
                self.sink_left(i - 1, 0)
            j = i + 1
            while j < b and self.less(j, j - 1):
                self.swap(j, j - 1)
                j += 1
        return False

    def parted(self, a, b, pivot, left_stays, right_stays):
        """(the first on the right, whether nothing moved)"""
        self.swap(a, pivot)
        i, j, whole = a + 1, b - 1, True
        while True:
            while i <= j and left_stays(i):
                i += 1
            while i <= j and right_stays(j):
                j -= 1
            if i > j:
                return i, whole
            self.swap(i, j)
            i, j, whole = i + 1, j - 1, False

    def quick(self, a, b, limit):
        balanced = whole = True
        while b - a > 12:
            if limit == 0:
                self.heap(a, b)
                return
            size = b - a
            if not balanced:
                self.scatter(a, b)
                limit -= 1
            pivot, swaps = self.pivot(a, b)
            if swaps == 12:
                self.items[a:b] = reversed(self.items[a:b])
                pivot = a + b - 1 - pivot
            if balanced and whole and swaps in (0, 12) and self.nearly(a, b):
                return
            if a > 0 and not self.less(a - 1, pivot):
                a, _ = self.parted(a, b, pivot, lambda i, a=a: not self.less(a, i), lambda j, a=a: self.less(a, j))
                continue
            right, whole = self.parted(a, b, pivot, lambda i, a=a: self.less(i, a), lambda j, a=a: not self.less(j, a))
            at = right - 1
            self.swap(a, at)
            balanced = min(at - a, b - at) >= size // 8
            if at - a < b - at:
                self.quick(a, at, limit)
                a = at + 1
            else:
                self.quick(at + 1, b, limit)
                b = at
        for i in range(a + 1, b):
            self.sink_left(i, a)
