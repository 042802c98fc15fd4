"""fio, random 4 KiB reads all over the disk for SECONDS (20) each, of a server that was started for it and of files that are
not in the page cache, with an index: at depth 8 reads per second, at depth 1 the times they take; against "nbdkit
--filter=xz" on the multi-block image. Of a .raw.gz against "nbdkit --filter=gzip", which unpacks everything into a file first:
its reads are of that file, and its CPU time is that of the unpacking too; and against the Python packages indexed_gzip and
rapidgzip, each with an index of its own, in nbdkit's Python plugin. Of a qcow2 or VMDK image that is in the page cache: reads
of 4 KiB and of 64 KiB at depth 8, and the server's CPU time for each, against qemu-nbd
"""

import itertools
import json
import os
import subprocess
import sys

from benchmarks.images import CLUSTERED, GZ, KIB, MIB, PACKED, XZ
from benchmarks.indexes import cold, index_of
from benchmarks.python_gzip import python_peers
from benchmarks.rounds import pairs_of, take_turns
from benchmarks.servers import READY_SECONDS, nbdkit_peers, qemu_nbd, vitrine
from benchmarks.tables import Table

NAME, MINUTES = "random", 7
KINDS, USUAL_KINDS = PACKED + CLUSTERED, ["multi", "single"]
USUAL_ROUNDS = 3

COLD = {"q8 reads/s": 1, "mean ms": 2, "p99 ms": 2, "q1 reads/s": 1, "q1 p50 ms": 2, "q1 p99 ms": 2, "max ms": 2,
        "q8 CPU ms": 2, "peak MiB": 0}
WARM = {"reads/s": 0, "CPU us": 1, "mean ms": 3, "p99 ms": 2, "peak MiB": 0}


def measure(images, run):
    # The peer on the multi-block .raw.xz is for the others too, which nbdkit refuses.
    together = [[image for image in images if image.kind in XZ], *([image] for image in images if image.kind in GZ)]
    for group in filter(None, together):
        measure_cold(group, run)
    for image in images:
        if image.kind in CLUSTERED:
            measure_warm(image, run)


def measure_cold(images, run):
    """Images that take turns, each of which is compared with all the peers."""
    run.begin(
        f"Random 4 KiB reads all over the disk by fio, cold: medians of {run.rounds} rounds of {run.seconds} s. qN = depth")
    contestants, peers = {}, []
    for image in images:
        index_of(image, run.folder)
        contestants[image.kind] = cold_reads(lambda image=image: vitrine(image, run.folder, indexed=True), image, run)
        for name, server in {**nbdkit_peers(image, run.folder), **python_peers(image, run.folder)}.items():
            peers.append(f"{name} on {image.kind}")
            contestants[peers[-1]] = cold_reads(server, image, run)
    rows = take_turns(contestants, run.rounds, COLD)
    for image in images:
        ours = {"vitrine indexed": rows[image.kind], **{peer: rows[peer] for peer in peers}}
        print(f"Of {image.name}:\n")
        run.add(Table(NAME, image.kind, "cold", run.rounds, COLD, ours, pairs_of(ours)))


def cold_reads(server, image, run):
    """What measures a server; each time with another seed, the same ones as for the others."""
    seeds = itertools.count(1)

    def once():
        seed = next(seeds)
        deep = FioReads(cold(server(), image), image.disk_size, 8, run.seconds, seed, run.folder)
        single = FioReads(cold(server(), image), image.disk_size, 1, run.seconds, seed, run.folder)
        return (
            deep.rate, deep.mean, deep.most, single.rate, single.half, single.most, single.longest,
            deep.cpu / deep.count * 1000, max(deep.memory, single.memory) / MIB)

    return once


def measure_warm(image, run):
    image.warm()
    for size in 4 * KIB, 64 * KIB:
        run.begin(
            f"Random {size // KIB} KiB reads all over the disk in {image.name} by fio at depth 8, the file in the page cache:"
            f" medians of {run.rounds} rounds of {run.seconds} s")
        rows = take_turns(
            {"vitrine": warm_reads(vitrine, image, size, run), "qemu-nbd": warm_reads(qemu_nbd, image, size, run)},
            run.rounds, WARM)
        run.add(Table(NAME, image.kind, f"{size // KIB} KiB", run.rounds, WARM, rows, pairs_of(rows)))


def warm_reads(server, image, size, run):
    """As above, for reads of that size."""
    seeds = itertools.count(1)

    def once():
        reads = FioReads(server(image, run.folder), image.disk_size, 8, run.seconds, next(seeds), run.folder, size)
        return reads.rate, reads.cpu / reads.count * 1e6, reads.mean, reads.most, reads.memory / MIB

    return once


class FioReads:
    """What fio says of random reads all over the disk of a server that is started for them."""

    def __init__(self, server, disk_size, depth, seconds, seed, folder, size=4 * KIB):
        job, report = os.path.join(folder, "fio.job"), os.path.join(folder, "fio.json")
        with server:
            with open(job, "w") as file:
                file.write(
                    f"[reads]\nioengine=nbd\nuri={server.uri}\nrw=randread\nbs={size}\n"
                    f"size={disk_size}\niodepth={depth}\nnorandommap=1\nrandseed={seed}\n"
                    f"time_based=1\nruntime={seconds}\n")
            # fio leaves files behind in the working directory unless it is told where.
            subprocess.run(
                ["fio", "--output-format=json", f"--output={report}", f"--aux-path={folder}", job], check=True,
                stdin=subprocess.DEVNULL, timeout=seconds + 4 * READY_SECONDS)
            self.cpu, self.memory = server.cpu(), server.peak_memory()
        with open(report) as file:
            told = json.load(file)["jobs"][0]
        if told["error"] != 0:
            sys.exit(f"bench: fio's reads of {server.name} failed: {told['error']}")
        reads = told["read"]
        percentiles = reads["clat_ns"]["percentile"]
        self.rate, self.count = reads["iops"], reads["total_ios"]
        self.mean, self.longest, self.half, self.most = (
            nanoseconds / 1e6 for nanoseconds in (
                reads["lat_ns"]["mean"], reads["lat_ns"]["max"], percentiles["50.000000"], percentiles["99.000000"]))
