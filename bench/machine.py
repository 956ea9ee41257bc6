"""What the measuring scripts share: JSON lines, the machine and how busy it is.

A line has the keys of bench/README.md. Environment: SUANPAN (the program), SUANPAN_BUILD (its build folder); without
them build/release.
"""
import json
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.environ.get("SUANPAN_BUILD") or os.path.join(ROOT, "build", "release")
SUANPAN = os.environ.get("SUANPAN") or os.path.join(BUILD, "suanpan")
os.environ.setdefault("SUANPAN_BUILD", BUILD)  # for the harness of the broker
SKIPPED = 77
ENVIRONMENT = 4

if not os.path.exists(SUANPAN):
    print(f"{SUANPAN} is not there: cmake --workflow --preset release, or name it in SUANPAN and SUANPAN_BUILD",
          file=sys.stderr)
    sys.exit(ENVIRONMENT)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    return f"{found.group(1).strip() if found else 'unknown'}, {os.cpu_count()} cores"


def load():
    return round(os.getloadavg()[0], 2)


def figure(bench, what, unit, samples, n, **more):
    """Prints one line: the median of the samples with their spread."""
    samples = sorted(samples)
    median = statistics.median(samples)
    spread = (samples[-1] - samples[0]) / abs(median) if median else 0
    line = {"bench": bench, "what": what, "value": rounded(median), "unit": unit, "min": rounded(samples[0]),
            "max": rounded(samples[-1]), "spread": round(spread, 3), "runs": len(samples), "n": n, **more,
            "machine": processor(), "load": load()}
    print(json.dumps(line, ensure_ascii=False), flush=True)
    return line


def rounded(value):
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")


def note(text):
    print(text, file=sys.stderr, flush=True)


def skip(why):
    print(f"skipped: {why}", file=sys.stderr)
    sys.exit(SKIPPED)


def program(name, folder="bench"):
    path = os.path.join(BUILD, folder, name)
    if not os.path.exists(path):
        sys.exit(f"{path} is not there: build it, or name its folder in SUANPAN_BUILD")
    return path


class Probe:
    """How fast the machine is just now: nanoseconds of an arithmetic step and of a read that misses the caches."""

    def __init__(self):
        done = subprocess.run([program("bench_probe")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              check=True)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.members = {f"probe_{line['what'].replace(' ', '_')}_ns": line["value"] for line in lines}


class Stolen:
    """The share of this machine's time that the host gave to others while the block ran."""

    @staticmethod
    def ticks():
        with open("/proc/stat", encoding="utf-8") as file:
            numbers = [int(word) for word in file.readline().split()[1:9]]
        return sum(numbers), numbers[7]

    def __enter__(self):
        self.before, self.share = self.ticks(), 0.0
        return self

    def __exit__(self, *_):
        after = self.ticks()
        self.share = (after[1] - self.before[1]) / max(after[0] - self.before[0], 1)
