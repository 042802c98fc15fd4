"""Server CPU time for one random 4 KiB read, at several depths and numbers of connections: of the raw image in the page
cache, against "nbdkit file" and qemu-nbd; and of 16 MiB of the multi-block .raw.xz that are decoded already, against "nbdkit
--filter=xz". Of 16 MiB of a qcow2 or VMDK image that were read already, against qemu-nbd
"""

import os
import statistics

from benchmarks.images import CLUSTERED, MIB, clustered_region, data_region
from benchmarks.nbd_client import Connection, check_region
from benchmarks.random_stream import RandomStream
from benchmarks.servers import CPUS, PLACES, nbdkit, nbdkit_xz, qemu_nbd, vitrine
from benchmarks.tables import Table, progress

NAME, MINUTES = "hot", 6
KINDS, USUAL_KINDS = ["raw", "multi", *CLUSTERED], ["raw", "multi"]
USUAL_ROUNDS = 3

HOT_SIZE = 16 * MIB                 # of what is decoded already
TURNS, TURN_SECONDS = 4, 0.25       # of each server, for one figure
LOADS = {f"c{connections}q{depth}": (connections, depth) for connections in (1, 4) for depth in (1, 16, 64)}
MOST_CONNECTIONS = 4


def measure(images, run):
    for image in images:
        contest = {"raw": hot_raw, "multi": hot_xz}.get(image.kind, hot_clustered)
        contest(image, run)


def hot_raw(image, run):
    region = data_region(image, 512 * MIB)
    image.warm(*region)
    with vitrine(image, run.folder) as ours, nbdkit(image, run.folder) as peer, qemu_nbd(image, run.folder) as other:
        measure_hot(image, "in the page cache", [ours, peer, other], region, run)


def hot_xz(image, run):
    block = 24 * MIB                # of the compressed image: all of the region is in one
    offset, size = data_region(image, 512 * MIB)
    region = -(-(offset + size // 4) // block) * block, HOT_SIZE
    # With its index, as making that in the background would count.
    with vitrine(image, run.folder, indexed=True) as ours, nbdkit_xz(image, run.folder) as peer:
        measure_hot(image, "decoded before", [ours, peer], region, run)


def hot_clustered(image, run):
    region = clustered_region(image, HOT_SIZE)
    image.warm()
    with vitrine(image, run.folder) as ours, qemu_nbd(image, run.folder) as peer:
        measure_hot(image, "in the page cache, read before", [ours, peer], region, run)


def measure_hot(image, state, servers, region, run):
    """Server CPU time for each read, in microseconds. The region has to be the same data as in the raw image."""
    offset, size = region
    run.begin(
        f"Hot random 4 KiB reads of {image.name}, {state}: server CPU us for each, medians of {run.rounds} rounds.\n"
        f"{size // MIB} MiB at {offset // MIB} MiB; cN = connections, qN = depth")
    stream = RandomStream(offset, size)
    links = {server.name: connect(server, offset, min(size, HOT_SIZE)) for server in servers}
    runs = {(place, server.name, cell): [] for place in PLACES for server in servers for cell in LOADS}
    for _ in range(run.rounds):
        for place, cpus in PLACES.items():
            os.sched_setaffinity(0, cpus)
            for server in servers:
                server.run_on(cpus)
            for cell in LOADS:
                for name, each in measure_cell(cell, servers, links, stream).items():
                    runs[place, name, cell].append(each)
                    progress(f"{place}, {name} {cell}: {each:.2f} us")
    os.sched_setaffinity(0, CPUS)
    for link in sum(links.values(), []):
        link.close()
    for place in PLACES:
        rows = {server.name: [statistics.median(runs[place, server.name, cell]) for cell in LOADS] for server in servers}
        pairs = [("vitrine", peer) for peer in rows if peer != "vitrine"]
        run.add(Table(NAME, image.kind, place, run.rounds, dict.fromkeys(LOADS, 2), rows, pairs))


def connect(server, offset, size):
    """Connections that have read it all: each of them, as nbdkit's xz filter decodes for each anew."""
    links = [Connection(server.socket) for _ in range(MOST_CONNECTIONS)]
    for link in links:
        check_region(link, server.name, offset, size)
    return links


def measure_cell(cell, servers, links, stream):
    """Microseconds for each read, by server."""
    connections, depth = LOADS[cell]
    # In many short turns: other work then hits all of them alike. Without a turn a server takes no CPU time.
    before = {server.name: server.cpu() for server in servers}
    done = {server.name: 0 for server in servers}
    for _ in range(TURNS):
        for server in servers:
            done[server.name] += stream.run(links[server.name][:connections], depth, TURN_SECONDS)
    return {server.name: (server.cpu() - before[server.name]) / done[server.name] * 1e6 for server in servers}
