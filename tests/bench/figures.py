# SPDX-License-Identifier: Apache-2.0
"""What every benchmark shares: how a figure is told, how two programs take turns, and where things are."""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "release"))
INGEST = BUILD / "tests" / "bench" / "bench_ingest"
MILLION = 1_000_000

BENCHMARKS = {}


def benchmark(name):
    return lambda function: BENCHMARKS.setdefault(name, function)


@contextlib.contextmanager
def directory():
    """Where the database is: on the disk of the checkout, since /tmp may be memory."""
    (ROOT / "build").mkdir(exist_ok=True)
    path = tempfile.mkdtemp(prefix="bench-", dir=ROOT / "build")
    try:
        yield path
    finally:
        shutil.rmtree(path)


def call(*words):
    return subprocess.run([str(word) for word in words], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def ingest(mode, count, *backlog, where=None):
    with contextlib.nullcontext(where) if where else directory() as path:
        return json.loads(call(INGEST, mode, count, path, *backlog))


def timed(*words):
    begun = time.perf_counter()
    call(*words)
    return time.perf_counter() - begun


def in_turns(rounds, **sides):
    """The median of what each side gives, asked in turns."""
    given = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            given[name].append(side())
    return {name: statistics.median(values) for name, values in given.items()}


def figure(what, value, unit, target, least=False):
    """One row. target: at most that, or at least."""
    return {"what": what, "value": value, "unit": unit, "target": target, "least": least,
            "met": value >= target if least else value <= target}
