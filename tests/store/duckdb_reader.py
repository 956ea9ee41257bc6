"""DuckDB for the tests that read our Parquet files back: fetched once from PyPI into the build folder.

load() gives the module. The process ends with 77 (skipped) only if PyPI cannot be reached.
"""
import fcntl
import importlib
import os
import re
import shutil
import subprocess
import sys

VERSION = "1.4.4"
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Temporary failure in name resolution"
    r"|Name or service not known|Network is unreachable|Connection refused|ProxyError|Max retries exceeded")


def load():
    build = os.environ.get("SUANPAN_BUILD", "/tmp")
    folder = os.path.join(build, "duckdb-%s-py%d%d" % ((VERSION,) + sys.version_info[:2]))
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            _fetch(folder)
    sys.path.insert(0, folder)
    return importlib.import_module("duckdb")


def _fetch(folder):
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    result = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--target", part, "duckdb==" + VERSION],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        shutil.rmtree(part, ignore_errors=True)
        print(result.stdout, file=sys.stderr)
        if UNREACHABLE.search(result.stdout):
            print("skipped: PyPI cannot be reached, so there is no DuckDB to read the files back")
            sys.exit(77)
        sys.exit("pip could not install duckdb==" + VERSION)
    os.rename(part, folder)
