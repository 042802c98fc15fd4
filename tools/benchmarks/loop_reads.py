"""fio, random 4 KiB reads past the page cache, at depths 1 and 8, of the loop device that "vitrine mount" makes of the raw
image; against a loop device on what nbdfuse shows of it, which "nbdkit file" serves, and against one on the image itself:
reads per second, and the CPU time for each of the processes that answer. Needs root, /dev/fuse and loop devices
"""

import contextlib
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

from benchmarks.mounting import LOSETUP, PARTITION_START, mounted_by_vitrine
from benchmarks.rounds import take_turns
from benchmarks.servers import READY_SECONDS, TICKS, nbdkit
from benchmarks.tables import Table

NAME, MINUTES = "loop", 3
KINDS, USUAL_KINDS = ["raw"], ["raw"]
USUAL_ROUNDS = 3

DEPTHS = 1, 8
SECONDS = 5                             # of each run of fio
COLUMNS = {f"q{depth} {figure}": decimals for depth in DEPTHS for figure, decimals in {"reads/s": 0, "CPU us": 1}.items()}


def measure(images, run):
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        sys.exit("bench: loop: needs root and /dev/fuse")
    for image in images:
        run.begin(f"Random 4 KiB reads through a loop device on {image.name}: medians of {run.rounds} rounds of {SECONDS} s. qN = depth")
        image.warm()
        contestants = {
            "vitrine": lambda: measure_reads(loop_of_vitrine(image, run.folder), run.folder),
            "nbdfuse": lambda: measure_reads(loop_of_nbdfuse(image, run.folder), run.folder),
            LOSETUP: lambda: measure_reads(loop_on(image.path, lambda: 0), run.folder),
        }
        rows = take_turns(contestants, run.rounds, COLUMNS)
        run.add(Table(NAME, image.kind, "through a loop device", run.rounds, COLUMNS, rows, [("vitrine", "nbdfuse"), ("vitrine", LOSETUP)]))


def measure_reads(loop, folder):
    """Reads per second and CPU microseconds for each, at each depth."""
    figures = []
    with loop as (device, cpu):
        for depth in DEPTHS:
            began = cpu()
            report = os.path.join(folder, "fio.json")
            subprocess.run(
                ["fio", "--name=reads", f"--filename={device}", "--readonly", "--rw=randread", "--bs=4k", "--direct=1", "--ioengine=libaio",
                 f"--iodepth={depth}", "--norandommap", "--time_based", f"--runtime={SECONDS}", "--output-format=json",
                 f"--output={report}", f"--aux-path={folder}"], check=True, stdin=subprocess.DEVNULL, timeout=SECONDS + 4 * READY_SECONDS)
            with open(report) as file:
                reads = json.load(file)["jobs"][0]["read"]
            figures += [reads["iops"], (cpu() - began) / reads["total_ios"] * 1e6]
    return figures


def cpu_seconds(process):
    """The CPU seconds that it has taken, user and system."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextlib.contextmanager
def loop_of_vitrine(image, folder):
    """The device under a mount, and the CPU seconds of the process that answers."""
    with mounted_by_vitrine(image, None, folder):
        for path in glob.glob("/sys/block/loop*/loop/backing_file"):
            with open(path) as file:
                name = file.read().strip()
            if name.startswith("/vitrine-") and image.name in name:
                process = int(name.split("-")[1])
                yield "/dev/" + path.split("/")[3], lambda: cpu_seconds(process)
                return
        sys.exit("bench: no loop device of vitrine is there")


@contextlib.contextmanager
def loop_of_nbdfuse(image, folder):
    """The same of nbdfuse and the server behind it."""
    point = tempfile.mkdtemp(prefix="nbdfuse.", dir=folder)
    with nbdkit(image, folder) as server, subprocess.Popen(["nbdfuse", "-r", point, server.uri]) as nbdfuse:
        disk = os.path.join(point, "nbd")
        deadline = time.monotonic() + READY_SECONDS
        while not os.path.exists(disk):
            if nbdfuse.poll() is not None or time.monotonic() > deadline:
                sys.exit("bench: nbdfuse shows no file")
            time.sleep(0.01)
        with loop_on(disk, lambda: server.cpu() + cpu_seconds(nbdfuse.pid)) as loop:
            yield loop
        subprocess.run(["fusermount3", "-u", point], check=True)
    os.rmdir(point)


@contextlib.contextmanager
def loop_on(path, cpu):
    """A loop device on the partition in the file at that path."""
    device = subprocess.run(
        ["losetup", "--find", "--show", "--read-only", "--direct-io=on", f"--offset={PARTITION_START}", path],
        check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        yield device, cpu
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)
