"""The program under test, run to its end."""
import os
import subprocess
import sys

SUANPAN = os.environ["SUANPAN"]


def run(*arguments, **options):
    """What it said and how it ended, whatever that was; options are those of subprocess.run."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([SUANPAN, *map(str, arguments)], **{"capture_output": True, "text": True, "check": False, **options})


def done(*arguments, codes=(0,), **options):
    """The same; the test ends here where the exit code is none of these."""
    ended = run(*arguments, **options)
    if ended.returncode not in codes:
        sys.exit(f"suanpan {' '.join(map(str, arguments))}: exit {ended.returncode}, expected {codes}: {ended.stderr[-6000:]}")
    return ended
