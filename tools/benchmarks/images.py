"""The images that are measured."""

import dataclasses
import json
import os
import subprocess
import sys

KIB, MIB = 1 << 10, 1 << 20

XZ = ["multi", "single", "best"]
XZ_START = ["best-multi"]               # of the start of the disk only
GZ = ["gz", "gz-dense"]
PACKED = XZ + GZ                        # compressed from their start to their end
STARTS = [*XZ_START, "gz-dense"]        # likewise, of both
QCOW2 = ["zlib", "zstd", "plain"]
VMDK = ["stream", "sparse"]
CLUSTERED = QCOW2 + VMDK
UNCOMPRESSED = ["plain", "sparse"]
KINDS = ["raw", *XZ, *XZ_START, *GZ, *CLUSTERED]


@dataclasses.dataclass(frozen=True)
class Image:
    """One of the images that tools/make-cloud-image makes."""

    kind: str

    @property
    def ending(self):
        if self.kind in CLUSTERED:
            return self.format
        return "raw" if self.kind == "raw" else f"raw.{self.compression}"

    @property
    def compression(self):
        """The ending of what is compressed as a whole."""
        return "gz" if self.kind in GZ else "xz"

    @property
    def unpacking(self):
        """The command that unpacks such an image to standard output, on one CPU, but for the name of the file."""
        return ["gzip" if self.kind in GZ else "xz", "-dc"]

    @property
    def format(self):
        """What qemu calls the format of the disk."""
        return "qcow2" if self.kind in QCOW2 else "vmdk" if self.kind in VMDK else "raw"

    @property
    def name(self):
        return "debian.raw" if self.kind == "raw" else f"debian.{self.kind}.{self.ending}"

    @property
    def path(self):
        folder = os.environ.get("VITRINE_IMAGES") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "vitrine-images")
        return os.path.join(folder, self.name)

    @property
    def disk_size(self):
        """The bytes of the disk inside."""
        return 700 * MIB if self.kind in STARTS else 2 << 30

    @property
    def making(self):
        """What tools/make-cloud-image is asked for to make it."""
        return self.format if self.kind in CLUSTERED else self.kind

    def size(self):
        return os.stat(self.path).st_size

    def warm(self, offset=0, size=None):
        """Gets it into the page cache, or a stretch of it."""
        with open(self.path, "rb") as file:
            file.seek(offset)
            left = self.size() if size is None else size
            while left > 0:
                left -= len(file.read(min(left, 4 * MIB))) or left


RAW = Image("raw")


def data_region(image, limit):
    """The longest stretch of its disk without a hole, in whole MiB, but not more than `limit`: holes are cheaper to read."""
    stretches, at = [(0, 0)], 0
    with open(RAW.path, "rb") as file:
        while at < image.disk_size:
            try:
                start = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                break               # nothing but a hole
            at = min(os.lseek(file.fileno(), start, os.SEEK_HOLE), image.disk_size)
            first = -(-start // MIB) * MIB
            stretches.append(((at - first) // MIB * MIB, first))
    size, start = max(stretches)
    if size < 64 * MIB:
        sys.exit(f"bench: {RAW.path} has no 64 MiB of data in one piece")
    return start, min(size, limit)


def clustered_region(image, size):
    """Where in the disk so many bytes of data are in one piece, in clusters (or grains) that are all compressed, or all not."""
    told = subprocess.run(
        ["qemu-img", "map", "-f", image.format, "--output=json", image.path], stdout=subprocess.PIPE, check=True).stdout
    # Only what is not compressed has an offset in the file.
    pieces = [piece for piece in json.loads(told)
              if piece["data"] and not piece["zero"] and ("offset" in piece) == (image.kind in UNCOMPRESSED)]
    longest = max(pieces, key=lambda piece: piece["length"], default={"length": 0})
    if longest["length"] < size:
        sys.exit(f"bench: {image.path} has no {size // MIB} MiB of such data in one piece")
    return longest["start"], size
