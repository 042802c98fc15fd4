"""qcow2 and qcow images: made by qemu's programs, and changed byte by byte.

Layout: qemu docs/interop/qcow2.txt; of qcow, version 1, block/qcow.c. All integers are big-endian.
"""

import os

from tools import run

# Fields of the header: offset and width in bytes.
FIELDS = {
    "magic": (0, 4), "version": (4, 4), "backing_file_offset": (8, 8), "backing_file_size": (16, 4), "cluster_bits": (20, 4),
    "size": (24, 8), "crypt_method": (32, 4), "l1_size": (36, 4), "l1_table_offset": (40, 8), "refcount_table_offset": (48, 8),
    "refcount_table_clusters": (56, 4), "nb_snapshots": (60, 4), "snapshots_offset": (64, 8), "incompatible_features": (72, 8),
    "compatible_features": (80, 8), "autoclear_features": (88, 8), "refcount_order": (96, 4), "header_length": (100, 4),
    "compression_type": (104, 1),
}
DIRTY, CORRUPT, DATA_FILE, COMPRESSION_TYPE, EXTENDED_L2 = (1 << bit for bit in range(5))
BITMAPS, DATA_FILE_RAW = 1, 2

# Header extensions.
BACKING_FORMAT, FEATURE_NAMES, BITMAPS_EXTENSION, CRYPTO, DATA_FILE_NAME = 0xE2792ACA, 0x6803F857, 0x23852875, 0x0537BE77, 0x44415441

# Flags of table entries.
COPIED, COMPRESSED, ZERO = 1 << 63, 1 << 62, 1
OFFSET = 0x00FFFFFFFFFFFE00


def number(value, width):
    return value.to_bytes(width, "big")


def get(file, at, width=8):
    return int.from_bytes(file[at:at + width], "big")


def field(file, name):
    return get(file, *FIELDS[name])


def put(file, at, new, width=8):
    """The file with other bytes, or another number of `width` bytes, at an offset; longer where that passes its end."""
    if isinstance(new, int):
        new = number(new, width)
    file = file.ljust(at, b"\0")
    return file[:at] + new + file[at + len(new):]


def change(file, **fields):
    """The file with other values in its header."""
    for name, value in fields.items():
        at, width = FIELDS[name]
        file = put(file, at, value, width)
    return file


def extension(kind, data, length=None):
    return number(kind, 4) + number(len(data) if length is None else length, 4) + data + bytes(-len(data) % 8)


def with_extensions(file, *extensions):
    """The file with these header extensions alone, and the end of them."""
    body = b"".join(extensions) + bytes(8)
    return put(file, field(file, "header_length"), body)


class Tables:
    """Where the L1 and L2 entries of an image lie."""

    def __init__(self, file):
        self.cluster_bits = field(file, "cluster_bits")
        self.entry_size = 16 if field(file, "version") == 3 and field(file, "incompatible_features") & EXTENDED_L2 else 8
        self.l1 = field(file, "l1_table_offset")
        self.file = file

    def l1_entry(self, index):
        return self.l1 + 8 * index

    def l2_entry(self, cluster):
        """The offset in the file of the L2 entry of a cluster of the disk."""
        count = (1 << self.cluster_bits) // self.entry_size
        table = get(self.file, self.l1_entry(cluster // count)) & OFFSET
        assert table
        return table + cluster % count * self.entry_size

    def compressed(self, cluster):
        """Where the compressed data of a cluster lies, and how many bytes its sectors have."""
        entry = get(self.file, self.l2_entry(cluster))
        assert entry & COMPRESSED
        shift = 62 - (self.cluster_bits - 8)
        offset = entry & (1 << shift) - 1
        return offset, ((entry & COMPRESSED - 1) >> shift) * 512 + 512 - offset % 512

    def descriptor(self, offset, size):
        """The L2 entry of a compressed cluster."""
        return COMPRESSED | (offset % 512 + size - 1) // 512 << 62 - (self.cluster_bits - 8) | offset


class Image:
    """An image in a folder, made by qemu-img and changed by qemu-io; what its disk should hold is kept here."""

    def __init__(self, folder, name, size, *options, format="qcow2", backing=None):
        """`backing` is an Image, or a name and bytes; the options go to `qemu-img create -o`."""
        self.folder, self.name, self.format = folder, name, format
        self.disk = bytearray(size)
        self.backing = backing
        arguments = ["-o", ",".join(options)] if options else []
        if backing:
            kind, held = ("raw", backing[1]) if isinstance(backing, tuple) else (backing.format, backing.disk)
            arguments += ["-b", backing[0] if isinstance(backing, tuple) else backing.name]
            # qcow has no place for the format.
            arguments += ["-F", kind]
            held = bytes(held[:size])
            self.disk[:len(held)] = held
        self.img("create", "-q", "-f", format, *arguments, name, str(size))

    @property
    def path(self):
        return os.path.join(self.folder, self.name)

    @property
    def file(self):
        with open(self.path, "rb") as file:
            return file.read()

    def img(self, *arguments):
        run(["qemu-img", *arguments], folder=self.folder)

    def io(self, *commands):
        run(["qemu-io", "-f", self.format, *(word for command in commands for word in ("-c", command)), self.name],
            folder=self.folder)

    @property
    def cluster_size(self):
        file = self.file
        return 1 << (get(file, 32, 1) if self.format == "qcow" else field(file, "cluster_bits"))

    def write(self, at, data, *options, step=None):
        """Writes data, `step` bytes at a time."""
        step = step or len(data)
        commands = []
        for number, start in enumerate(range(0, len(data), step)):
            with open(os.path.join(self.folder, f"part-{number}"), "wb") as file:
                file.write(data[start:start + step])
            count = len(data[start:start + step])
            commands.append(" ".join(["write", "-q", *options, "-s", f"part-{number}", str(at + start), str(count)]))
        self.io(*commands)
        for number in range(len(commands)):
            os.remove(os.path.join(self.folder, f"part-{number}"))
        self.disk[at:at + len(data)] = data

    def write_compressed(self, at, data):
        """Whole clusters, one after the other."""
        self.write(at, data, "-c", step=self.cluster_size)

    def zero(self, at, count, *options):
        self.io(" ".join(["write", "-q", "-z", *options, str(at), str(count)]))
        self.disk[at:at + count] = bytes(count)

    def discard(self, at, count):
        """Whole clusters."""
        self.io(f"discard -q {at} {count}")
        # Version 2 has no zero clusters, and unallocated ones would be the backing file's: qemu leaves them as they are.
        if not self.backing or field(self.file, "version") > 2:
            self.disk[at:at + count] = bytes(count)

    def resize(self, size):
        self.img("resize", "-q", *(["--shrink"] if size < len(self.disk) else []), self.name, str(size))
        self.disk = self.disk[:size].ljust(size, b"\0")

    def snapshot(self, name):
        """Takes a snapshot, as of a fixed time; returns what the disk is now."""
        self.img("snapshot", "-q", "-c", name, self.name)
        with open(self.path, "r+b") as out:
            file = out.read()
            for at in snapshots(file):
                file = put(file, at + 16, number(1704067200, 4) + bytes(4))
            out.seek(0)
            out.write(file)
        return bytes(self.disk)


def snapshots(file):
    """Where the entries of the snapshot table lie."""
    at, found = field(file, "snapshots_offset"), []
    for _ in range(field(file, "nb_snapshots")):
        found.append(at)
        size = 40 + get(file, at + 36, 4) + get(file, at + 12, 2) + get(file, at + 14, 2)
        at += size + -size % 8
    return found


def bitmap_directory(file):
    """The offsets of the bitmaps extension's data, and of the directory that it names."""
    at = field(file, "header_length")
    while get(file, at, 4) != BITMAPS_EXTENSION:
        assert get(file, at, 4)
        count = get(file, at + 4, 4)
        at += 8 + count + -count % 8
    return at + 8, get(file, at + 8 + 16)
