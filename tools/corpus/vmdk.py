"""VMDK images, byte by byte: descriptors, and sparse extents of every kind.

Layout: "Virtual Disk Format 5.0"; of COWD, libvmdk's documentation; of seSparse, qemu block/vmdk.c. All integers are
little-endian, all offsets in sectors of 512 bytes.
"""

import struct
import zlib
from dataclasses import dataclass, field as default

SECTOR = 512

# Fields of a KDMV header: offset and width in bytes.
FIELDS = {
    "magic": (0, 4), "version": (4, 4), "flags": (8, 4), "capacity": (12, 8), "grain": (20, 8), "descriptor": (28, 8),
    "descriptor_size": (36, 8), "entries": (44, 4), "redundant": (48, 8), "directory": (56, 8), "overhead": (64, 8), "unclean": (72, 1),
    "newlines": (73, 4), "algorithm": (77, 2),
}
NEWLINES, REDUNDANT, ZEROED, COMPRESSED, MARKERS = 1, 2, 4, 1 << 16, 1 << 17
AT_END = (1 << 64) - 1

# Types of markers.
END_OF_STREAM, GRAIN_TABLE, GRAIN_DIRECTORY, FOOTER = range(4)


def number(value, width):
    return value.to_bytes(width, "little")


def get(file, at, width=4):
    return int.from_bytes(file[at:at + width], "little")


def put(file, at, new, width=4):
    """The file with other bytes, or another number of `width` bytes, at an offset."""
    if isinstance(new, int):
        new = number(new, width)
    file = file.ljust(at, b"\0")
    return file[:at] + new + file[at + len(new):]


def change(file, header=0, **fields):
    """The file with other values in the header that is at an offset."""
    for name, value in fields.items():
        at, width = FIELDS[name]
        file = put(file, header + at, value, width)
    return file


def padded(data, unit=SECTOR):
    return data + bytes(-len(data) % unit)


def sectors(data):
    return -(-len(data) // SECTOR)


def words(values, width=4):
    return padded(b"".join(number(value, width) for value in values))


def descriptor(*lines, kind="monolithicSparse", identifier="12345678", parent="ffffffff", newline="\n", head="# Disk DescriptorFile",
               encoding=None):
    """A descriptor with these lines about extents and other things; of bytes, in the encoding it names."""
    text = [head, "version=1", *([f'encoding="{encoding}"'] if encoding else []), f"CID={identifier}", f"parentCID={parent}",
            f'createType="{kind}"', "", "# Extent description", *lines, "", "# The Disk Data Base", "#DDB", "",
            'ddb.virtualHWVersion = "4"', 'ddb.adapterType = "ide"', ""]
    return newline.join(text).encode(encoding or "utf-8")


@dataclass
class Extent:
    """A sparse extent, and where things are in it, in bytes."""
    file: bytes = b""
    directory: int = 0
    tables: list = default(default_factory=list)
    redundant: int = 0
    redundant_tables: list = default(default_factory=list)
    grains: dict = default(default_factory=dict)
    footer: int = 0
    grain_size: int = 0
    entries: int = 512

    def entry(self, grain):
        """Where the table entry of a grain is."""
        return self.tables[grain // self.entries] + grain % self.entries * 4

    def append(self, data):
        """At the next sector, which it returns."""
        self.file = padded(self.file)
        at = len(self.file) // SECTOR
        self.file += padded(data)
        return at


def grains(disk, size, keep=()):
    """The grains of a disk that are not all zeroes, or are to be kept, by number."""
    parts = {at // size: disk[at:at + size] for at in range(0, len(disk), size)}
    return {number: part for number, part in parts.items() if any(part) or number in keep}


def header(disk, grain, text, version, flags, entries, overhead, compressed):
    out = change(bytes(SECTOR), magic=b"KDMV", version=version, flags=flags, capacity=len(disk) // SECTOR, grain=grain,
                 descriptor=1 if text else 0, descriptor_size=sectors(text), entries=entries, overhead=overhead, newlines=b"\n \r\n",
                 algorithm=int(compressed))
    return out


def sparse(disk, text=b"", grain=8, entries=512, version=1, flags=NEWLINES | REDUNDANT, zeroed=(), keep=(), cut=0):
    """A sparse extent as VMware and qemu write it: descriptor, redundant tables, tables, grains. Of its last grain the last
    `cut` bytes are missing."""
    made = Extent(grain_size=grain * SECTOR, entries=entries)
    count = -(-len(disk) // made.grain_size)
    tables, size = -(-count // entries), -(-entries * 4 // SECTOR)
    places = -(-tables * 4 // SECTOR)
    at = 1 + sectors(text)
    layout = []
    for _ in range(2 if flags & REDUNDANT else 1):
        layout.append((at, [at + places + table * size for table in range(tables)]))
        at += places + tables * size
    at += -at % grain
    made.directory, made.tables = layout[-1][0] * SECTOR, [table * SECTOR for table in layout[-1][1]]
    if flags & REDUNDANT:
        made.redundant, made.redundant_tables = layout[0][0] * SECTOR, [table * SECTOR for table in layout[0][1]]
    made.file = change(header(disk, grain, text, version, flags, entries, at, False), directory=layout[-1][0],
                       redundant=layout[0][0] if flags & REDUNDANT else 0) + text
    made.file = made.file.ljust(at * SECTOR, b"\0")
    values = [0] * (tables * entries)
    for number in zeroed:
        values[number] = 1
    for number, data in sorted(grains(disk, made.grain_size, keep).items()):
        if number in zeroed:
            continue
        made.grains[number] = len(made.file)
        values[number] = len(made.file) // SECTOR
        made.file += data.ljust(made.grain_size, b"\0")
    for directory, where in layout:
        made.file = put(made.file, directory * SECTOR, words(where))
        for table, place in enumerate(where):
            made.file = put(made.file, place * SECTOR, words(values[table * entries:(table + 1) * entries]))
    if cut:
        made.file = made.file[:-cut]
    return made


def marker(count, kind):
    return padded(number(count, 8) + number(0, 4) + number(kind, 4))


def record(first, data):
    """A compressed grain behind its marker: the first sector on the disk, and the data."""
    return number(first, 8) + number(len(data), 4) + data


def deflate(data, level=9):
    return zlib.compress(data, level)


def stream(disk, text=b"", layout="footer", grain=8, entries=512, version=3, flags=NEWLINES | COMPRESSED | MARKERS, levels=None,
           zeroed=(), order=None, first=2):
    """A stream: with its directory at the end and a footer, `patched` into the header as well, or in `front`.

    `levels` are those at which zlib compresses some grains; `order` is that of the grains in the file; `first` is
    the sector from where they may be.
    """
    made = Extent(grain_size=grain * SECTOR, entries=entries)
    count = -(-len(disk) // made.grain_size)
    tables, size = -(-count // entries), -(-entries * 4 // SECTOR)
    places = -(-tables * 4 // SECTOR)
    # A table entry of 1 may stand for zeroes: mostly no grain starts there.
    start = max(first, 1 + sectors(text))
    in_front = layout == "front"
    copies = (2 if flags & REDUNDANT else 1) if in_front else 0
    overhead = start + copies * (places + tables * size)
    made.file = (header(disk, grain, text, version, flags, entries, overhead, True) + text).ljust(overhead * SECTOR, b"\0")
    values = [0] * (tables * entries)
    for at in zeroed:
        values[at] = 1
    parts = grains(disk, made.grain_size)
    for at in order or sorted(parts):
        values[at] = made.append(record(at * grain, deflate(parts[at], (levels or {}).get(at, 9))))
        made.grains[at] = values[at] * SECTOR
    cut = [words(values[table * entries:(table + 1) * entries]) for table in range(tables)]
    if in_front:
        for copy in range(copies):
            place = start + copy * (places + tables * size)
            where = [place + places + table * size for table in range(tables)]
            made.file = put(made.file, place * SECTOR, words(where))
            for table, data in enumerate(cut):
                made.file = put(made.file, where[table] * SECTOR, data)
            if copy == 0 and copies == 2:
                made.redundant, made.redundant_tables = place * SECTOR, [table * SECTOR for table in where]
                made.file = change(made.file, redundant=place)
            else:
                made.directory, made.tables = place * SECTOR, [table * SECTOR for table in where]
                made.file = change(made.file, directory=place)
    else:
        where = [made.append(marker(size, GRAIN_TABLE) + data) + 1 for data in cut]
        made.tables = [table * SECTOR for table in where]
        directory = made.append(marker(places, GRAIN_DIRECTORY) + words(where)) + 1
        made.directory = directory * SECTOR
        footer = change(made.file[:SECTOR], directory=directory)
        made.file = change(made.file, directory=directory if layout == "patched" else AT_END)
        made.footer = (made.append(marker(1, FOOTER) + footer) + 1) * SECTOR
    made.append(marker(0, END_OF_STREAM))
    return made


def cowd(disk, keep=(), grain=1, child=False):
    """An extent of vmfsSparse."""
    made = Extent(grain_size=grain * SECTOR, entries=4096)
    tables = -(-len(disk) // (made.grain_size * 4096))
    made.file = b"COWD" + struct.pack("<7I", 1, 3, len(disk) // SECTOR, grain, 4, tables, 0)
    made.file = made.file.ljust(4 * SECTOR, b"\0")
    made.directory = 4 * SECTOR
    made.append(bytes(tables * 4))
    values = [0] * (tables * 4096)
    parts = grains(disk, made.grain_size, keep)
    # Only the tables that name something are there.
    for table in sorted({number // 4096 for number in parts}):
        place = made.append(bytes(4096 * 4))
        made.tables.append(place * SECTOR)
        made.file = put(made.file, made.directory + table * 4, place)
    for number, data in sorted(parts.items()):
        values[number] = made.append(data.ljust(made.grain_size, b"\0"))
        made.grains[number] = values[number] * SECTOR
    for table, place in zip(sorted({number // 4096 for number in parts}), made.tables):
        made.file = put(made.file, place, words(values[table * 4096:(table + 1) * 4096]))
    return put(made.file, 28, len(made.file) // SECTOR), made


def se_sparse(disk, keep=(), unmapped=(), zeroed=()):
    """An extent of seSparse: grains of 4 KiB, tables of 4096 entries."""
    made = Extent(grain_size=4096, entries=4096)
    tables = -(-len(disk) // (4096 * 4096))
    parts = grains(disk, 4096, keep)
    used = sorted({number // 4096 for number in [*parts, *unmapped, *zeroed]})
    volatile, directory = 1, 2
    first_table = directory + -(-tables * 8 // SECTOR)
    first_grain = first_table + 64 * len(used)
    first_grain += -first_grain % 8
    file = bytes(SECTOR)
    for at, value in ((0, 0xCAFEBABE), (8, 0x200000001), (16, len(disk) // SECTOR), (24, 8), (32, 64), (80, volatile), (88, 1),
                      (128, directory), (136, first_table - directory), (144, first_table), (152, 64 * len(used)),
                      (192, first_grain), (200, 8 * len(parts))):
        file = put(file, at, value, 8)
    file = put(file, volatile * SECTOR, 0xCAFECAFE, 8)
    made.directory = directory * SECTOR
    for slot, table in enumerate(used):
        file = put(file, made.directory + table * 8, 0x10000000 << 32 | slot, 8)
        made.tables.append((first_table + 64 * slot) * SECTOR)
    file = file.ljust(first_grain * SECTOR, b"\0")

    def entry(at):
        return made.tables[used.index(at // 4096)] + at % 4096 * 8

    for slot, (at, data) in enumerate(sorted(parts.items())):
        file = put(file, entry(at), 3 << 60 | (slot & 0xFFF) << 48 | slot >> 12, 8)
        made.grains[at] = len(file)
        file += data.ljust(4096, b"\0")
    for kind, numbers in ((1, unmapped), (2, zeroed)):
        for at in numbers:
            file = put(file, entry(at), kind << 60, 8)
    made.file = file
    return made
