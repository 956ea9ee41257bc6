"""Files, cells, quantities, amounts and times of the contract (book.md §1, §4.1-4.3).

Amounts are exact Fractions of micro-units. Quantities are whole seconds, bytes or items. Instants
are whole seconds since 1970 UTC; an open end is None.
"""

import datetime
import os
import re
import zoneinfo
from fractions import Fraction

MICRO = 10**6
UNITS = {
    "s": ("s", 1),
    "min": ("s", 60),
    "h": ("s", 3600),
    "B": ("B", 1),
    "KB": ("B", 1024),
    "MB": ("B", 1024**2),
    "GB": ("B", 1024**3),
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def csv_lines(text):
    """The records of a CSV text as (physical line, cells), without comments and empty lines."""
    text = text.removeprefix("\ufeff")
    at, line, rows = 0, 1, []
    while at < len(text):
        if text[at] == "#":
            at = (text.find("\n", at) + 1) or len(text)
            line += 1
            continue
        cells, at, first = [], at, line
        while True:
            cell, at, breaks = csv_cell(text, at)
            cells.append(cell)
            line += breaks
            if at < len(text) and text[at] == ",":
                at += 1
                continue
            break
        if text.startswith("\r\n", at):
            at += 1
        at += 1
        line += 1
        if cells != [""]:
            rows.append((first, cells))
    return rows


def csv_cell(text, at):
    """One cell: its value, the position behind it, and how many line breaks lie inside it."""
    if not text.startswith('"', at):
        end = re.compile(r"[,\n]|\r\n|$").search(text, at).start() if at < len(text) else at
        return text[at:end], end, 0
    value, at = "", at + 1
    while at < len(text):
        end = text.find('"', at)
        value, at = value + text[at:end], end + 1
        if not text.startswith('"', at):
            break
        value, at = value + '"', at + 1
    return value, at, value.count("\n")


def read_table(folder, name):
    """The rows of folder/name as dicts by column, each with its '#line'; no file, no rows."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv_lines(file.read())
    if not lines:
        return []
    header = lines[0][1]
    rows = []
    for line, cells in lines[1:]:
        row = Row(zip(header, cells))
        row["#line"] = line
        rows.append(row)
    return rows


class Row(dict):
    """A row in which a column that is not there is blank (§1.1)."""

    def __missing__(self, column):
        return ""


def read_yaml(path):
    """The flat `key: value` lines of book.yaml."""
    values = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split(" #")[0].strip()
            if line and not line.startswith("#"):
                key, _, value = line.partition(":")
                values[key.strip()] = value.strip().strip("'\"")
    return values


def by_name(name):
    """Names compare by their UTF-8 bytes (§1.7)."""
    return name.encode("utf-8")


def cell_list(cell):
    return [part for part in cell.split(";") if part]


def amount(cell):
    """A decimal or rational amount in micro-units (§1.4)."""
    return Fraction(cell) * MICRO


def quantity(cell, unit=""):
    """`1.5KB` -> ("B", 1536); a number without unit is in `unit` (§1.5)."""
    digits = re.match(r"[0-9.]*", cell).group()
    name = cell[len(digits) :]
    base, factor = UNITS[name] if name else (unit, 1)
    value = Fraction(digits or 1) * factor
    assert value.denominator == 1, cell
    return base, int(value)


def whole(cell, default):
    return int(cell) if cell else default


def round_to(value, digits, mode):
    """A non-negative amount in micro-units, rounded to so many decimals of the currency."""
    step = Fraction(MICRO, 10**digits)
    steps = value / step
    floor = steps.numerator // steps.denominator
    rest = steps - floor
    up = rest > 0 if mode == "ceil" else rest >= Fraction(1, 2) if mode == "half_up" else False
    return (floor + up) * step


def deal(total, weights, step=1):
    """total, a multiple of step, in proportion to weights: largest remainder, ties to the first."""
    if not sum(weights):
        return [0] * len(weights)
    exact = [Fraction(total) * weight / sum(weights) / step for weight in weights]
    shares = [share.numerator // share.denominator for share in exact]
    missing = int(Fraction(total) / step) - sum(shares)
    order = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for i in order[:missing]:
        shares[i] += 1
    return [share * step for share in shares]


class Zone:
    """The wall clock of the book's zone (§4.2)."""

    def __init__(self, name):
        self.zone = zoneinfo.ZoneInfo(name)
        self.offsets = {}

    def utc(self, local):
        """The instant of a wall clock time: the first of two; in a gap by the offset before it."""
        return int((local.replace(tzinfo=self.zone, fold=0) - EPOCH).total_seconds())

    def midnight(self, date):
        return self.utc(datetime.datetime(date.year, date.month, date.day))

    def offset_s(self, instant):
        """Offset from UTC; no zone changes it but on a quarter of an hour."""
        quarter = instant // 900
        if quarter not in self.offsets:
            self.offsets[quarter] = int(self.local(instant).utcoffset().total_seconds())
        return self.offsets[quarter]

    def local(self, instant):
        return (EPOCH + datetime.timedelta(seconds=instant)).astimezone(self.zone)

    def date(self, instant):
        return self.local(instant).date()

    def table_time(self, cell):
        """A time in a table (§1.6); blank is None."""
        if not cell:
            return None
        if re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
            cell += "T00:00:00"
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", cell):
            return self.utc(datetime.datetime.fromisoformat(cell))
        return rfc3339(cell)

    def record_start(self, cell):
        """The start of a usage record (§4.1); ValueError when it is none."""
        if re.fullmatch(r"[0-9]{14}", cell):
            return self.utc(datetime.datetime.strptime(cell, "%Y%m%d%H%M%S"))
        return rfc3339(cell)


def rfc3339(cell):
    local = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"
    form = local + r"(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
    parts = re.fullmatch(form, cell)
    if not parts:
        raise ValueError(cell)
    offset = "+00:00" if parts[3] == "Z" else parts[3]
    return int((datetime.datetime.fromisoformat(parts[1] + offset) - EPOCH).total_seconds())


def holds(start, end, instant):
    """Whether [start, end) with open ends holds at an instant."""
    return (start is None or start <= instant) and (end is None or instant < end)


def meet(a, b):
    """Whether two rows with .start and .end have an instant in common."""
    return (a.start is None or b.end is None or a.start < b.end) and (
        b.start is None or a.end is None or b.start < a.end
    )
