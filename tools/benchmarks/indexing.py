""""vitrine index" against "xz -dc" or "gzip -dc" of the same file: wall time, CPU time, peak memory; the size of the index;
its spans, and the slowest of them in ms, as recorded and as "--verify" finds it
"""

import json
import os
import re
import shutil
import subprocess
import sys

from benchmarks.images import MIB, PACKED
from benchmarks.indexes import cache_with, files_in
from benchmarks.programs import LONGEST_SECONDS, VITRINE, environment, measure_command
from benchmarks.rounds import COSTS, medians_of, pairs_of, take_costs, told
from benchmarks.tables import Table, progress

NAME, MINUTES = "index", 3
KINDS, USUAL_KINDS = PACKED, ["multi", "single"]
USUAL_ROUNDS = 3


def measure(images, run):
    for image in images:
        run.begin(f"Indexing {image.name}: medians of {run.rounds} rounds")
        image.warm()
        found = []
        rows = take_costs({
            "vitrine index": lambda: measure_index(image, run.folder, found),
            " ".join(image.unpacking): lambda: measure_command(*image.unpacking, image.path),
        }, run.rounds)
        run.add(Table(NAME, image.kind, "cost", run.rounds, COSTS, rows, pairs_of(rows)))
        run.add(Table(NAME, image.kind, "contents", run.rounds, contents(image), {"index": medians_of(found)}))


def contents(image):
    """What is told of an index."""
    return {"MiB": 1, f"% of .{image.compression}": 1, "spans": 0, "slowest, recorded": 0, "by --verify": 0}


def measure_index(image, folder, found):
    """What making the index costs; adds to `found` what the index is like."""
    cache = cache_with(None, folder)
    costs = measure_command(VITRINE, "index", "-q", image.path, cache=cache)
    size = sum(os.stat(path).st_size for path in files_in(cache))
    about = subprocess.run(
        [VITRINE, "info", "--json", image.path], env=environment(cache), stdout=subprocess.PIPE, check=True).stdout
    layer = next(layer["index"] for layer in json.loads(about)["layers"] if "index" in layer)
    if layer["state"] != "complete":
        sys.exit(f"bench: vitrine index left the index {layer['state']}")
    found.append((
        size / MIB, 100 * size / image.size(), layer["spans"], layer["worst-span-microseconds"] / 1000,
        slowest_span(image, cache)))
    progress(f"index: {told(contents(image), found[-1])}")
    shutil.rmtree(cache)
    return costs


def slowest_span(image, cache):
    """Milliseconds, by decoding each of them once more."""
    verified = subprocess.run(
        [VITRINE, "index", "--verify", image.path], env=environment(cache), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=LONGEST_SECONDS)
    slowest = re.search(r"slowest in ([\d.]+) (m?s)", verified.stdout)
    if verified.returncode != 0 or not slowest:
        sys.exit(f"bench: vitrine index --verify: {verified.stdout}")
    return float(slowest[1]) * (1 if slowest[2] == "ms" else 1000)
