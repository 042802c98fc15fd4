"""4 KiB reads one after the other, at depth 1, of 64 MiB of a qcow2 or VMDK image whose file is in the page cache, by servers
that have read none of them yet: reads per second and the server's CPU time for each, against qemu-nbd. "vitrine, again" has
decoded all of it before, so it shows what the round trips alone take. With all CPUs to choose from, where waking each other
takes most of the time; with all threads on one CPU; and with the client and the threads that take its requests on one, and
those that decode on others. The target is about the fastest that each has been
"""

import os

from benchmarks.images import CLUSTERED, KIB, MIB, RAW, clustered_region
from benchmarks.nbd_client import Connection, check_data, check_region, read_in_sequence
from benchmarks.rounds import take_turns
from benchmarks.servers import CPUS, PLACES, qemu_nbd, vitrine
from benchmarks.tables import Table

NAME, MINUTES = "sequential", 2
KINDS, USUAL_KINDS = CLUSTERED, ["zlib"]
USUAL_ROUNDS = 3

SIZE, WARM_UP_SIZE, PIECE = 64 * MIB, 16 * MIB, 4 * KIB
COLUMNS = {"reads/s": 0, "CPU us": 1, "peak MiB": 0}
PAIRS = [("vitrine", "qemu-nbd")]

# Where the client and the threads that take its requests run, and where those that decode.
DIVISIONS = {
    **{title: (cpus, cpus) for title, cpus in PLACES.items()},
    "decoding elsewhere": (CPUS[:1], CPUS[1:] or CPUS),
}


def measure(images, run):
    for image in images:
        offset, _ = clustered_region(image, SIZE + WARM_UP_SIZE)
        run.begin(
            f"Reads of 4 KiB, one after the other, of {SIZE // MIB} MiB at {offset // MIB} MiB of the disk in {image.name},"
            f" the file in the page cache: medians of {run.rounds} rounds")
        image.warm()
        tables = []
        for title, division in DIVISIONS.items():
            tables.append(measure_division(image, offset, title, division, run))
            run.add(tables[-1])
        fastest = {name: [max(table.figure(name, "reads/s") for table in tables)] for name in tables[0].rows}
        run.add(Table(NAME, image.kind, "where fastest", run.rounds, {"reads/s": 0}, fastest, PAIRS))


def measure_division(image, offset, title, division, run):
    rows = take_turns({
        "vitrine": lambda: measure_sequence(vitrine(image, run.folder), division, offset),
        "vitrine, again": lambda: measure_sequence(vitrine(image, run.folder), division, offset, again=True),
        "qemu-nbd": lambda: measure_sequence(qemu_nbd(image, run.folder), division, offset),
    }, run.rounds, COLUMNS)
    return Table(NAME, image.kind, title, run.rounds, COLUMNS, rows, PAIRS)


def measure_sequence(server, division, offset, again=False):
    """Reads per second, the server's CPU microseconds for each, and its peak memory in MiB.

    The server has read none of it yet, or all of it if that is to be done `again`."""
    with server:
        link = Connection(server.socket)
        # What comes after it: then all threads are there, and can be sent to their places.
        read_in_sequence(link, offset + SIZE, WARM_UP_SIZE, PIECE)
        if again:
            check_region(link, server.name, offset, SIZE)
        server.run_on(*division)
        os.sched_setaffinity(0, division[0])
        before = server.cpu()
        data, elapsed = read_in_sequence(link, offset, SIZE, PIECE)
        cpu = server.cpu() - before
        os.sched_setaffinity(0, CPUS)
        memory = server.peak_memory() / MIB
        link.close()
    with open(RAW.path, "rb") as raw:
        check_data(data, server.name, offset, raw)
    count = SIZE // PIECE
    return count / elapsed, cpu / count * 1e6, memory
