"""All of the .raw.xz: through NBD to nowhere (nbdcopy to null:), against "nbdkit --filter=xz" and "xz -dc"; and to a file
with "vitrine copy", against "xz -dc" into a file: wall time, CPU time and peak memory, of the server where there is one. What
the files hold is compared with the raw image once. Of a .raw.gz the same, against "gzip -dc" and "nbdkit --filter=gzip", which
unpacks all of it into a file in $TMPDIR before it serves any. Of a qcow2 or VMDK image, against qemu-nbd and "qemu-img
convert". All times of servers are from their start to the end of the copy
"""

import os
import shutil
import subprocess
import sys

from benchmarks.images import CLUSTERED, PACKED, RAW
from benchmarks.indexes import cache_with, index_of
from benchmarks.programs import VITRINE, measure_command
from benchmarks.rounds import COSTS, pairs_of, take_costs
from benchmarks.servers import measure_server, nbdcopy, nbdkit_peers, qemu_nbd, vitrine
from benchmarks.tables import Table

NAME, MINUTES = "copy", 5
KINDS, USUAL_KINDS = PACKED + CLUSTERED, ["multi", "single"]
USUAL_ROUNDS = 3


def measure(images, run):
    for image in images:
        image.warm()
        contest = clustered_contest if image.kind in CLUSTERED else packed_contest
        for case, contestants in contest(image, run.folder).items():
            run.begin(f"Copy of {image.name}, all of the disk, {case}: medians of {run.rounds} rounds")
            rows = take_costs(contestants, run.rounds)
            run.add(Table(NAME, image.kind, case, run.rounds, COSTS, rows, pairs_of(rows)))


def packed_contest(image, folder):
    # With threads where there are blocks for them.
    unpacking = [*image.unpacking, *(["-T2"] if image.kind == "multi" else [])]
    index_of(image, folder)
    to_nowhere = {
        "vitrine": lambda: measure_server(vitrine(image, folder), nbdcopy),
        "vitrine indexed": lambda: measure_server(vitrine(image, folder, indexed=True), nbdcopy),
        **{name: lambda server=server: measure_server(server(), nbdcopy)
           for name, server in nbdkit_peers(image, folder).items()},
        " ".join(unpacking): lambda: measure_command(*unpacking, image.path),
    }
    to_a_file = {
        "vitrine copy": lambda: measure_file_copy(image, folder),
        "vitrine copy indexed": lambda: measure_file_copy(image, folder, indexed=True),
        " ".join(unpacking): lambda: measure_command(*unpacking, image.path, output=new_copy(folder)),
    }
    return {"to nowhere": to_nowhere, "to a file": to_a_file}


def clustered_contest(image, folder):
    return {
        "to nowhere": {
            "vitrine": lambda: measure_server(vitrine(image, folder), nbdcopy),
            "qemu-nbd": lambda: measure_server(qemu_nbd(image, folder), nbdcopy),
        },
        "to a file": {
            "vitrine copy": lambda: measure_file_copy(image, folder),
            "qemu-img convert": lambda: measure_command(
                "qemu-img", "convert", "-f", image.format, "-O", "raw", image.path, new_copy(folder)),
        },
    }


def new_copy(folder):
    """The name of a file to copy to, which is not there."""
    out = os.path.join(folder, "copy")
    if os.path.exists(out):
        os.unlink(out)
    return out


compared = set()


def measure_file_copy(image, folder, indexed=False):
    out = new_copy(folder)
    cache = cache_with(image if indexed else None, folder)
    result = measure_command(VITRINE, "copy", "-q", image.path, out, cache=cache)
    shutil.rmtree(cache)
    if (image, indexed) not in compared:
        # Of an image of the disk's start only, cmp by itself would miss the rest.
        same = subprocess.run(["cmp", "-n", str(image.disk_size), out, RAW.path]).returncode == 0
        if not same or os.stat(out).st_size != image.disk_size:
            sys.exit(f"bench: vitrine copy of {image.path} is not the same as {RAW.path}")
        compared.add((image, indexed))
    return result
