"""From "vitrine mount" to the first bytes of a file in the mounted system, then all of its files with tar, then from "umount" until
nothing is left: of images in the page cache, with an index where they are compressed. Against a loop device on the raw
image ("losetup"), and reading all files also against unpacking alone. Needs root, /dev/fuse and loop devices
"""

import contextlib
import glob
import os
import subprocess
import sys
import tempfile
import time

from benchmarks.images import CLUSTERED, PACKED, RAW, STARTS
from benchmarks.indexes import cache_with
from benchmarks.programs import VITRINE, environment, measure_command
from benchmarks.rounds import take_turns
from benchmarks.tables import Table

NAME, MINUTES = "mount", 5
KINDS = ["raw", *[kind for kind in PACKED if kind not in STARTS], *CLUSTERED]
USUAL_KINDS = ["raw", "zlib", "stream", "multi", "single", "gz"]
USUAL_ROUNDS = 3

COLUMNS = {"first file, ms": 0, "tar, s": 2, "gone, ms": 0}
FILE = "etc/os-release"
PARTITION_START = 128 << 20             # of tools/make-cloud-image
GONE_SECONDS = 10
LOSETUP = "losetup"


def measure(images, run):
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        sys.exit("bench: mount: needs root and /dev/fuse")
    for image in images:
        run.begin(f"Mounting {image.name}: medians of {run.rounds} rounds")
        image.warm()
        RAW.warm()
        ours = "vitrine indexed" if image.kind in PACKED else "vitrine"
        cache = cache_with(image if image.kind in PACKED else None, run.folder)
        contestants = {
            ours: lambda: measure_mount(mounted_by_vitrine(image, cache, run.folder)),
            LOSETUP: lambda: measure_mount(mounted_by_losetup(run.folder)),
        }
        if image.kind in PACKED:
            unpacking = [*image.unpacking, image.path]
            contestants[" ".join(image.unpacking)] = lambda: [0, measure_command(*unpacking)[0], 0]
        rows = take_turns(contestants, run.rounds, COLUMNS)
        run.add(Table(NAME, image.kind, "mounted", run.rounds, COLUMNS, rows, [(ours, peer) for peer in rows if peer != ours]))


def measure_mount(mounted):
    """Milliseconds to the first file, seconds to read all, and milliseconds until nothing is left."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(mounted)
        with open(os.path.join(folder, FILE), "rb") as file:
            if b"Debian" not in file.read():
                sys.exit(f"bench: {FILE} is not what it should be")
        first = time.monotonic() - began
        # tar reads no file if it writes to /dev/null itself.
        began = time.monotonic()
        with subprocess.Popen(["tar", "-C", folder, "-cf", "-", "."], stdout=subprocess.PIPE) as tar:
            while tar.stdout.read(1 << 20):
                pass
        if tar.returncode != 0:
            sys.exit("bench: tar failed")
        read = time.monotonic() - began
        began = time.monotonic()
    while ours_left():
        if time.monotonic() - began > GONE_SECONDS:
            sys.exit("bench: the loop device stays")
        time.sleep(0.001)
    return [first * 1000, read, (time.monotonic() - began) * 1000]


def ours_left():
    """The loop devices of vitrine that are still there."""
    left = []
    for path in glob.glob("/sys/block/loop*/loop/backing_file"):
        with contextlib.suppress(OSError), open(path) as file:
            if file.read().startswith("/vitrine-"):
                left.append(path)
    return left


@contextlib.contextmanager
def mounted_by_vitrine(image, cache, folder):
    with mount_point(folder, [VITRINE, "mount", image.path], environment(cache)) as point:
        yield point


@contextlib.contextmanager
def mounted_by_losetup(folder):
    options = f"ro,noload,nosuid,nodev,loop,offset={PARTITION_START}"
    with mount_point(folder, ["mount", "-t", "ext4", "-o", options, RAW.path], None) as point:
        yield point


@contextlib.contextmanager
def mount_point(folder, command, variables):
    """A new folder, at which the command mounts something."""
    point = tempfile.mkdtemp(prefix="mount.", dir=folder)
    subprocess.run([*command, point], env=variables, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)
        os.rmdir(point)
