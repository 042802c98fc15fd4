"""Peak memory of "vitrine serve" with --memory 64M and 256M, with and without an index, for 1 and for 64 connections that
read on, or at random, or both. All that they read is compared with the raw image. Once, unless -n says otherwise
"""

import concurrent.futures
import random
import time

from benchmarks.images import KIB, MIB, PACKED, RAW
from benchmarks.nbd_client import HEADER_SIZE, LARGE, Connection, check_data, check_header, request
from benchmarks.rounds import take_turns
from benchmarks.servers import vitrine
from benchmarks.tables import Table, progress

NAME, MINUTES = "memory", 5
KINDS, USUAL_KINDS = PACKED, ["multi", "single"]
USUAL_ROUNDS = 1
CELLS = {"memory": ["64M", "256M"], "cache": ["indexed", "empty"]}

SECONDS = 8                         # of reading, for one figure
AT_ONCE = 4                         # requests of each connection
PATTERNS = {
    f"c{connections} {pattern}": (connections, pattern)
    for connections, pattern in [(1, "on"), (1, "random"), (64, "on"), (64, "random"), (64, "both")]
}


def measure(images, run):
    for image in images:
        run.begin(
            f"Peak MiB of vitrine serve of {image.name} with some --memory, for cN connections that read on, at random, or"
            f" both, for {SECONDS} s: medians of {run.rounds} rounds")
        contestants = {
            memory + (", indexed" if cache == "indexed" else ""):
                lambda memory=memory, cache=cache: measure_patterns(image, memory, cache == "indexed", run.folder)
            for memory in run.cells["memory"] for cache in run.cells["cache"]
        }
        columns = dict.fromkeys(PATTERNS, 0)
        rows = take_turns(contestants, run.rounds, columns)
        run.add(Table(NAME, image.kind, "peak MiB", run.rounds, columns, rows))


def measure_patterns(image, memory, indexed, folder):
    """The peak in MiB for each pattern."""
    peaks = []
    for name, (connections, pattern) in PATTERNS.items():
        with vitrine(image, folder, "--memory", memory, indexed=indexed) as server:
            done = read_at_once(server, image, connections, pattern)
            peaks.append(server.peak_memory() / MIB)
        progress(f"{name}: {peaks[-1]:.0f} MiB after {done / MIB:.0f} MiB were read")
    return peaks


def read_at_once(server, image, connections, pattern):
    """Reads through that many connections for a while, and compares; the number of bytes."""
    links = [Connection(server.socket) for _ in range(connections)]
    with open(RAW.path, "rb") as raw, concurrent.futures.ThreadPoolExecutor(connections) as threads:
        deadline = time.monotonic() + SECONDS
        readers = [
            threads.submit(read_and_compare, link, places(pattern, number, connections, image.disk_size), raw, deadline)
            for number, link in enumerate(links)]
        return sum(reader.result() for reader in readers)


def places(pattern, number, connections, disk_size):
    """Where one of the connections reads, without an end: offsets and sizes."""
    if pattern == "random" or pattern == "both" and number % 2:
        choose, size = random.Random(number), 4 * KIB
        while True:
            yield size * choose.randrange(disk_size // size), size
    at = disk_size * number // connections // LARGE * LARGE
    while True:
        yield at, LARGE
        at = (at + LARGE) % disk_size


def read_and_compare(link, places, raw, deadline):
    """Keeps some reads in flight until then; the number of bytes."""
    flying, done, count = {}, 0, 0
    while flying or time.monotonic() < deadline:
        while len(flying) < AT_ONCE and time.monotonic() < deadline:
            flying[count] = offset, size = next(places)
            link.socket.sendall(request(count, offset, size))
            count += 1
        if not flying:
            break
        header = link.receive(HEADER_SIZE)
        check_header(header)
        offset, size = flying.pop(int.from_bytes(header[8:], "big"))
        check_data(link.receive(size), "vitrine", offset, raw)
        done += size
    link.close()
    return done
