"""fio, random 4 KiB reads all over the disk for SECONDS (20) each, of a server that was started for it and of files that are
not in the page cache, with an index: at depth 8 reads per second, at depth 1 the times they take; against "nbdkit
--filter=xz" on the multi-block image. Of a qcow2 or VMDK image that is in the page cache: reads of 4 KiB and of 64 KiB at
depth 8, and the server's CPU time for each, against qemu-nbd
"""

import itertools
import json
import os
import subprocess
import sys

from benchmarks.images import CLUSTERED, KIB, MIB, XZ
from benchmarks.indexes import cold, index_of
from benchmarks.rounds import pairs_of, take_turns
from benchmarks.servers import READY_SECONDS, nbdkit_xz, qemu_nbd, vitrine
from benchmarks.tables import Table

NAME, MINUTES = "random", 7
KINDS, USUAL_KINDS = XZ + CLUSTERED, ["multi", "single"]
USUAL_ROUNDS = 3

COLD = {"q8 reads/s": 1, "mean ms": 2, "p99 ms": 2, "q1 reads/s": 1, "q1 p50 ms": 2, "q1 p99 ms": 2, "max ms": 2,
        "q8 CPU ms": 2, "peak MiB": 0}
WARM = {"reads/s": 0, "CPU us": 1, "mean ms": 3, "p99 ms": 2, "peak MiB": 0}

PEER = "nbdkit xz on multi"         # for other images too, which nbdkit refuses


def measure(images, run):
    if xz_images := [image for image in images if image.kind in XZ]:
        measure_cold(xz_images, run)
    for image in images:
        if image.kind in CLUSTERED:
            measure_warm(image, run)


def measure_cold(images, run):
    run.begin(
        f"Random 4 KiB reads all over the disk by fio, cold: medians of {run.rounds} rounds of {run.seconds} s. qN = depth")
    contestants = {}
    for image in images:
        index_of(image, run.folder)
        contestants[image.kind] = cold_reads(lambda image=image: vitrine(image, run.folder, indexed=True), image, run)
        if image.kind == "multi":
            contestants[PEER] = cold_reads(lambda image=image: nbdkit_xz(image, run.folder), image, run)
    rows = take_turns(contestants, run.rounds, COLD)
    for image in images:
        ours = {"vitrine indexed": rows[image.kind], **({PEER: rows[PEER]} if PEER in rows else {})}
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
