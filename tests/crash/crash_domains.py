"""A generated province's usage, dealt to partitions by domain, so that the order between partitions cannot matter.

What can depend on the order of two records: the same subscriber's balances, counters, duplicates; pools, payers and group
profiles of one tree or family. All of that lies within one domain (book.md §13.1). Here everything that could ever be one domain
(subscribers, their groups, parents, accounts, over all time) goes to one partition, in the order of the stream. Between
partitions remains the window of 62 days behind the latest start (§15.5): the days of the stream and what is late in it must
stay well below that, and `old_lines` plants records that are older than it by months, however the partitions interleave."""
import collections
import csv
import zlib

OLD_START = "20250701120000"  # the generated days begin in January 2026, numbers and plans hold from January 2025
OLD_EVERY = 4000


class Union:
    def __init__(self):
        self.parent = {}

    def find(self, name):
        self.parent.setdefault(name, name)
        while self.parent[name] != name:
            self.parent[name] = self.parent[self.parent[name]]
            name = self.parent[name]
        return name

    def join(self, one, other):
        self.parent[self.find(one)] = self.find(other)


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def partitions_by_number(customers, count):
    """{last 11 digits of a number: partition}: whole components, the next always to the partition with the fewest numbers."""
    union, names = Union(), {}
    for row in rows(f"{customers}/subscribers.csv"):
        names[row["number"][-11:]] = row["subscriber"]
        union.join(f"s {row['subscriber']}", f"a {row['account']}")
    for row in rows(f"{customers}/groups.csv"):
        if row["parent"]:
            union.join(f"g {row['group']}", f"g {row['parent']}")
    for row in rows(f"{customers}/members.csv"):
        union.join(f"s {row['subscriber']}", f"g {row['group']}")
    components = collections.defaultdict(list)
    for number, name in names.items():
        components[union.find(f"s {name}")].append(number)
    found, load = {}, [0] * count
    for numbers in sorted(components.values(), key=lambda numbers: (-len(numbers), numbers[0])):
        at = load.index(min(load))
        load[at] += len(numbers)
        found.update((number, at) for number in numbers)
    return found


def old_line(line, number):
    cells = line.split(",")
    cells[0], cells[6] = f"old{number}", OLD_START
    return ",".join(cells)


def deal(world, usage_files, folder, count):
    """Writes part0.csv … with the lines of each partition; returns (paths, lines without headers)."""
    by_number = partitions_by_number(f"{world}/customers", count)
    paths = [f"{folder}/part{at}.csv" for at in range(count)]
    files = [open(path, "w", encoding="utf-8", newline="") for path in paths]  # pylint: disable=consider-using-with
    lines, header = 0, None
    for path in usage_files:
        with open(path, encoding="utf-8", newline="") as file:
            first = next(file)
            if header is None:
                header = first
                for part in files:
                    part.write(header)
            for line in file:
                lines += 1
                served = line.split(",", 4)[3][-11:]
                at = by_number.get(served, zlib.crc32(served.encode()) % count)
                files[at].write(line)
                if lines % OLD_EVERY == 0 and served in by_number and line.count(",") == header.count(","):
                    lines += 1
                    files[at].write(old_line(line, lines))
    for file in files:
        file.close()
    return paths, lines
