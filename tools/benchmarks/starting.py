"""From starting a server to the first byte of a read, at the start of the disk and at random places in the data, with files
that are not in the page cache; with an index and without, against "nbdkit --filter=xz" or, of a
.raw.gz, "--filter=gzip", which unpacks all of the image before it answers
"""

import random
import time

from benchmarks.images import KIB, PACKED, RAW, data_region
from benchmarks.indexes import cold, index_of
from benchmarks.nbd_client import Connection, check_data
from benchmarks.rounds import take_turns
from benchmarks.servers import nbdkit_peers, vitrine
from benchmarks.tables import Table

NAME, MINUTES = "start", 4
KINDS, USUAL_KINDS = PACKED, ["multi", "single"]
USUAL_ROUNDS = 3

STARTS = 5                          # of each server, in one round
SIZE = 4 * KIB
COLUMNS = {"at 0, ms": 0, "in the data, ms": 0}


def measure(images, run):
    for image in images:
        measure_image(image, run)


def measure_image(image, run):
    starts = run.rounds * STARTS
    run.begin(f"From starting a server to the first byte of {image.name}, cold: medians of {starts} starts")
    offset, size = data_region(image, image.disk_size)
    choose = random.Random(3)
    places = [offset + SIZE * choose.randrange(size // SIZE) for _ in range(starts)]
    servers = {
        "vitrine indexed": lambda: vitrine(image, run.folder, indexed=True),
        "vitrine": lambda: vitrine(image, run.folder),
        **nbdkit_peers(image, run.folder),
    }
    index_of(image, run.folder)
    longest = dict.fromkeys(servers, 0)
    with open(RAW.path, "rb") as raw:
        rows = take_turns(
            {name: starts_of(name, server, image, places, raw, longest) for name, server in servers.items()}, starts, COLUMNS)
    rows = {name: [*row, longest[name]] for name, row in rows.items()}
    run.add(Table(NAME, image.kind, "cold", run.rounds, {**COLUMNS, "at most, ms": 0}, rows))


def starts_of(name, server, image, places, raw, longest):
    """What measures a server at the first of the places, then the next; notes in `longest` what took longest."""
    left = iter(places)

    def once():
        times = [measure_start(server(), image, at, raw) for at in (0, next(left))]
        longest[name] = max(longest[name], times[1])
        return times

    return once


def measure_start(server, image, offset, raw):
    """Milliseconds until the server has answered a read, from before it was started."""
    cold(server, image)
    began = time.monotonic()
    with server:
        link = Connection(server.socket)
        data = link.read(offset, SIZE)
        elapsed = time.monotonic() - began
        link.close()
    check_data(data, server.name, offset, raw)
    return elapsed * 1000
