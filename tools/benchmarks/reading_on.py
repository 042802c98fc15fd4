"""Reading on from the start of the disk to its end, with some --memory, with a finished index ("indexed") and from an empty
cache: wall time and the server's CPU time, for requests in parallel (nbdcopy to null:), one by one (nbdcopy to standard
output), and 64 clients at once, each of which reads its part of the disk by 256 KiB one by one. The reference is what decoding
everything once takes: the parallel copy with 1G where there is an index, and "vitrine copy" with 1G from an empty cache. Where
the program refuses so little memory for the dictionaries of an image, the table says "refused". "nbdkit --filter=xz", which has
no index, does the same on the multi-block image. Once, unless -n says otherwise; --memory, --cache and --way choose cells
"""

import concurrent.futures
import shutil
import subprocess
import sys

from benchmarks.images import XZ, XZ_START
from benchmarks.indexes import cache_with, index_of
from benchmarks.nbd_client import HEADER_SIZE, LARGE, Connection, request
from benchmarks.programs import VITRINE, environment, measure_command
from benchmarks.rounds import medians_of, told
from benchmarks.servers import measure_server, nbdcopy, nbdkit_xz, vitrine
from benchmarks.tables import Table, progress

NAME, MINUTES = "reading", 20
KINDS, USUAL_KINDS = XZ + XZ_START, ["multi", "single", "best-multi"]
USUAL_ROUNDS = 1
CELLS = {
    "memory": ["64M", "128M", "256M", "1G"],
    "cache": ["indexed", "empty"],
    "way": ["parallel", "one by one", "64 clients"],
}

CLIENTS = 64
REFERENCE, REFERENCE_MEMORY = "reference", "1G"
NBDKIT = "nbdkit xz"
COSTS = {"CPU s": 2, "wall s": 2}
REFUSED = ["refused", "refused"]


def measure(images, run):
    for image in images:
        image.warm()
        for cache in run.cells["cache"]:
            measure_image(image, cache, run)


def measure_image(image, cache, run):
    indexed = cache == "indexed"
    run.begin(
        f"Reading on in {image.name}, {'indexed' if indexed else 'from an empty cache'}, by --memory: medians of"
        f" {run.rounds} rounds. The reference is {'the parallel copy' if indexed else 'vitrine copy'} with {REFERENCE_MEMORY}")
    if indexed:
        index_of(image, run.folder)
    contestants = {
        (memory, way): reading(image, memory, way, indexed, run.folder)
        for memory in run.cells["memory"] for way in run.cells["way"]
    }
    # Of larger blocks, nbdkit would keep more for 64 clients than most machines have.
    if image.kind == "multi" and not indexed:
        contestants |= {(NBDKIT, way): nbdkit_reading(image, way, run.folder) for way in run.cells["way"]}
    if not indexed:
        contestants[REFERENCE, None] = lambda: measure_copy(image, run.folder)
    elif (REFERENCE_MEMORY, "parallel") not in contestants:
        contestants[REFERENCE, None] = reading(image, REFERENCE_MEMORY, "parallel", indexed, run.folder)
    costs = measure_cells(contestants, run.rounds)
    reference = costs.pop((REFERENCE, None), None) or costs[REFERENCE_MEMORY, "parallel"]

    ways = run.cells["way"]
    columns = {f"{way}, {cost}": decimals for way in ways for cost, decimals in COSTS.items()}
    names = list(dict.fromkeys(name for name, _ in costs))
    rows = {name: sum((costs[name, way] for way in ways), []) for name in names}
    rows[REFERENCE] = reference * len(ways)
    pairs = [(name, REFERENCE) for name in names]
    run.add(Table(NAME, image.kind, cache, run.rounds, columns, rows, pairs))


def measure_cells(contestants, rounds):
    """The medians of CPU and wall seconds of each, which take turns; of those that are refused, that word."""
    runs = {cell: [] for cell in contestants}
    for _ in range(rounds):
        for cell, once in contestants.items():
            runs[cell].append(once())
            costs = "refused" if runs[cell][-1] is REFUSED else told(COSTS, runs[cell][-1])
            progress(f"{', '.join(part for part in cell if part)}: {costs}")
    return {cell: REFUSED if REFUSED in each else medians_of(each) for cell, each in runs.items()}


def reading(image, memory, way, indexed, folder):
    """What measures vitrine in one cell."""
    def once():
        if refuses(image, memory, folder):
            return REFUSED
        return measure_way(vitrine(image, folder, "--memory", memory, indexed=indexed), image, way)

    return once


def nbdkit_reading(image, way, folder):
    return lambda: measure_way(nbdkit_xz(image, folder), image, way)


def measure_way(server, image, way):
    return costs_of(measure_server(server, lambda server: WAYS[way](server, image)))


def costs_of(measured):
    wall, cpu, _ = measured
    return [cpu, wall]


def measure_copy(image, folder):
    """What decoding everything once takes, and making the index."""
    cache = cache_with(None, folder)
    measured = measure_command(VITRINE, "copy", "-q", "--memory", REFERENCE_MEMORY, image.path, "-", cache=cache)
    shutil.rmtree(cache)
    return costs_of(measured)


def refuses(image, memory, folder):
    """Whether vitrine needs more memory for the decoders of this image."""
    cache = cache_with(None, folder)
    done = subprocess.run(
        [VITRINE, "info", "--memory", memory, image.path], env=environment(cache), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    shutil.rmtree(cache)
    if done.returncode == 0:
        return False
    if "memory limit" not in done.stderr:
        sys.exit(f"bench: vitrine info {image.path}: {done.stderr.strip()}")
    return True


def read_in_parts(server, disk_size):
    """All of the disk through many connections, each of which reads its part by one request after the other."""
    starts = [disk_size * number // CLIENTS // LARGE * LARGE for number in range(CLIENTS)] + [disk_size]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as threads:
        parts = [threads.submit(read_part, server, start, end) for start, end in zip(starts, starts[1:])]
        for part in parts:
            part.result()


def read_part(server, start, end):
    link = Connection(server.socket)
    header, data = memoryview(bytearray(HEADER_SIZE)), memoryview(bytearray(LARGE))
    for at in range(start, end, LARGE):
        size = min(LARGE, end - at)
        link.read_into(header, data[:size], request(0, at, size))
    link.close()


# How all of the disk is read from a server.
WAYS = {
    "parallel": lambda server, image: nbdcopy(server),
    "one by one": lambda server, image: nbdcopy(server, "-"),
    "64 clients": lambda server, image: read_in_parts(server, image.disk_size),
}
