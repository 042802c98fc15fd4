"""The bad, unsupported and refused VMDK images: a good one, and one thing wrong with it."""

import data
import vmdk
from tools import xz_compress
from vmdk import AT_END, change, descriptor, get, number, put

GRAIN = 512
MAX32, MAX64 = (1 << 32) - 1, (1 << 64) - 1
OPENING = "; must fail at open"


def make(corpus):
    header(corpus)
    tables(corpus)
    markers(corpus)
    footers(corpus)
    cowd(corpus)
    se_sparse(corpus)
    text(corpus)
    names(corpus)
    parents(corpus)


def small(seed):
    """Eight grains of one sector, of which the first two and the last hold something."""
    return data.text(2 * GRAIN, seed).ljust(7 * GRAIN, b"\0") + data.text(GRAIN, seed + " end")


def sparse(seed, **options):
    return vmdk.sparse(small(seed), descriptor('RW 8 SPARSE "it"'), grain=1, entries=16, **options)


def stream(seed, *options):
    return vmdk.stream(small(seed), descriptor('RW 8 SPARSE "it"'), *options, grain=1, entries=16)


def header(corpus):
    base = sparse("header").file
    alone = sparse("header", flags=1).file

    def bad(name, note, verdict="bad", file=alone, qemu_accepts=False, **fields):
        corpus.bad(f"{verdict}-vmdk-{name}.vmdk", change(file, **fields), note + OPENING, qemu_accepts=qemu_accepts)

    corpus.about("bad vmdk", "only its name says that it is a VMDK file.")
    bad("magic", "magic at 0 is KDMW, and only the name says that it is a VMDK file", magic=b"KDMW")
    corpus.about("bad vmdk", "cut off in the header.")
    for count in (4, 79, 511):
        bad(f"cut-{count}", f"the header ends after {count} bytes", file=base[:count])
    corpus.about("unsupported vmdk", "other versions. qemu reads the first.")
    for version in (0, 4, MAX32):
        bad(f"version-{'max' if version == MAX32 else version}", f"version at 4 is {version}, expected 1...3", "unsupported", version=version, qemu_accepts=version == 0)
    corpus.about("bad vmdk", "sent as text, with UNIX's ends of lines. qemu reads it.")
    bad("newlines-unix", "the newline bytes at 73 were made UNIX's", newlines=b"\n \n\n", qemu_accepts=True)
    corpus.about("bad vmdk", "sent as text, with DOS's ends of lines.")
    bad("newlines-dos", "the newline bytes at 73 were made DOS's, and all behind them moved", file=base[:73] + b"\r\n \r\r\n" + base[77:])
    corpus.about("bad vmdk", "a size that is out of range.")
    bad("capacity-max", "capacity at 12 is 2^64 - 1", capacity=MAX64)
    bad("capacity-2-54", "capacity at 12 is 2^54: 2^63 bytes", capacity=1 << 54)
    corpus.about("unsupported vmdk", "grain directories of 2^32 entries and more.")
    bad("capacity-huge", "capacity at 12 is 2^54 - 1: a grain directory of 2^50 entries", "unsupported", capacity=(1 << 54) - 1)
    bad("directory-2-32", "capacity at 12 is 2^36: a grain directory of 2^32 entries", "unsupported", capacity=1 << 36)
    corpus.about("bad vmdk", "a size that takes a larger grain directory than there is. qemu reads it.")
    bad("directory-past-end", "capacity at 12 is 2^20: a grain directory of 2^16 entries, which are not there", capacity=1 << 20, qemu_accepts=True)
    corpus.about("bad vmdk", "grain sizes that are out of range. qemu reads the one of 3.")
    for grain in (0, 3, MAX64):
        bad(f"grain-{'max' if grain == MAX64 else grain}", f"grainSize at 20 is {grain}, expected a power of 2", grain=grain, qemu_accepts=grain == 3)
    corpus.about("unsupported vmdk", "grains of 2 GiB and more.")
    bad("grain-huge", "grainSize at 20 is 2^22, expected 2^21 at most", "unsupported", grain=1 << 22)
    bad("grain-2-63", "grainSize at 20 is 2^63", "unsupported", grain=1 << 63)
    corpus.about("bad vmdk", "sizes of grain tables that are out of range. qemu reads the one of 500.")
    for entries in (0, 500, 1024):
        bad(f"entries-{entries}", f"numGTEsPerGT at 44 is {entries}, expected a power of 2, 512 at most", entries=entries, qemu_accepts=entries == 500)
    corpus.about("unsupported vmdk", "a compression that means nothing (yet). qemu reads it.")
    bad("algorithm-2", "compressAlgorithm at 77 is 2", "unsupported", algorithm=2, qemu_accepts=True)
    corpus.about("bad vmdk", "where the grain directory is. To qemu a file goes on in zeroes, here and below.")
    for name, at in (("outside", 1 << 30), ("max", MAX64 - 1), ("2-55", 1 << 55), ("0", 0), ("end", len(alone) // 512)):
        bad(f"directory-{name}", f"gdOffset at 56 is {at}", directory=at, qemu_accepts=name != "max")
    corpus.about("bad vmdk", "where the grain directory and its copy are.")
    bad("directories-outside", "gdOffset at 56 and rgdOffset at 48 are 2^30", file=base, directory=1 << 30, redundant=1 << 30, qemu_accepts=True)
    corpus.about("bad vmdk", "the grain directory should be by a footer.")
    bad("directory-at-end", "gdOffset at 56 says that there is a footer, in what is no stream", directory=AT_END)
    corpus.about("bad vmdk", "a header without data, whose descriptor names no extents.")
    bad("no-data", "capacity at 12 is 0, and the descriptor is there, which names no extents", file=change(
        vmdk.sparse(bytes(512), descriptor()).file, capacity=0))
    corpus.about("bad vmdk", "a header without data, whose descriptor is cut off.")
    bad("descriptor-cut", "capacity at 12 is 0, and the file ends before the descriptor", file=change(alone[:512], capacity=0))
    corpus.about("unsupported vmdk", "a descriptor of 512 GiB.")
    bad("descriptor-large", "capacity at 12 is 0, and the descriptor takes 2^30 sectors", "unsupported", capacity=0, descriptor_size=1 << 30)
    corpus.about("bad vmdk", "a header without data, whose descriptor is far away.")
    bad("descriptor-far", "capacity at 12 is 0, and the descriptor lies at 2^63", capacity=0, descriptor=1 << 63)


def tables(corpus):
    """What fails the reads that touch it."""
    made = sparse("tables", flags=1)
    file = made.file

    def bad(name, at, value, note, **more):
        corpus.bad(f"bad-vmdk-{name}.vmdk", put(file, at, value), note, **more)

    # To qemu a file goes on in zeroes.
    corpus.about("bad vmdk reads", "where a grain table is.")
    for name, value in (("outside", 1 << 30), ("max", MAX32), ("end", len(file) // 512), ("in-data", len(file) // 512 - 1)):
        bad(f"table-{name}", made.directory, value, f"the grain directory entry at {made.directory} is {value}; fails all reads", qemu_accepts=True)
    at = made.entry(1)
    corpus.about("bad vmdk reads", "where a grain is.")
    for name, value in (("outside", 1 << 30), ("max", MAX32), ("end", len(file) // 512)):
        bad(f"entry-{name}", at, value, f"the grain table entry at {at} is {value}; fails reads from 512 to 1023", qemu_accepts=True)
    bad("entry-1", at, 1, f"the grain table entry at {at} is 1, without the flag for grains of zeroes; fails reads from 512 to 1023",
        qemu_accepts=True)
    corpus.about("bad vmdk reads", "cut off before a grain.")
    corpus.bad("bad-vmdk-cut-grain.vmdk", file[:made.grains[7]], "cut off before the last grain", qemu_accepts=True)
    corpus.about("bad vmdk reads", "cut off in a grain table.")
    corpus.bad("bad-vmdk-cut-table.vmdk", file[:made.tables[0] + 10], "cut off in the grain table; fails all reads", qemu_accepts=True)
    corpus.about("bad vmdk", "cut off before the grain directory.")
    corpus.bad("bad-vmdk-cut-directory.vmdk", file[:made.directory], "cut off before the grain directory" + OPENING)


def markers(corpus):
    """Compressed grains; fails reads from 512 to 1023."""
    disk = small("markers")
    made = stream("markers", "front")
    at = made.grains[1]

    def bad(name, note, file, **more):
        corpus.bad(f"bad-vmdk-{name}.vmdk", file, f"the grain at {at}: {note}; fails reads from 512 to 1023", **more)

    def data_of(name, note, new, first=1, count=None, **more):
        """With other data for the grain, at the end of the file."""
        changed = vmdk.Extent(file=made.file)
        place = changed.append(number(first, 8) + number(len(new) if count is None else count, 4) + new)
        file = put(changed.file, made.entry(1), place)
        corpus.bad(f"bad-vmdk-{name}.vmdk", file, f"the grain at {place * 512}: {note}; fails reads from 512 to 1023", **more)

    # qemu does not look at it.
    corpus.about("bad vmdk reads", "the sector in the marker of a compressed grain. qemu does not look at it.")
    bad("marker-sector", "its marker is for sector 2, expected 1", put(made.file, at, 2, 8), qemu_accepts=True)
    bad("marker-sector-max", "its marker is for sector 2^64 - 1", put(made.file, at, MAX64, 8), qemu_accepts=True)
    corpus.about("bad vmdk reads", "the size in the marker of a compressed grain.")
    bad("marker-size-0", "its marker is one of no grain", put(made.file, at + 8, 0))
    bad("marker-size-max", "its marker says that there are 2^32 - 1 bytes", put(made.file, at + 8, MAX32))
    bad("marker-size-large", "its marker says that there are 8193 bytes, more than a grain can take", put(made.file, at + 8, 8193))
    bad("marker-size-less", "its marker says that there are 100 bytes, which is not all", put(made.file, at + 8, 100))
    grain = disk[GRAIN:2 * GRAIN]
    whole = vmdk.deflate(grain)
    corpus.about("bad vmdk reads", "the data of compressed grains.")
    data_of("zlib-garbage", "is no zlib data", data.noise(300, "zlib"))
    data_of("zlib-checksum", "its checksum is another", whole[:-1] + bytes([whole[-1] ^ 1]))
    data_of("zlib-bit", "a bit of its data is another", whole[:40] + bytes([whole[40] ^ 8]) + whole[41:])
    data_of("zlib-raw", "is raw deflate data", whole[2:-4])
    data_of("zlib-cut", "the end of its data is missing", whole[:-30])
    data_of("zlib-short", "holds 500 bytes, expected 512", vmdk.deflate(grain[:500]))
    data_of("zlib-long", "holds 513 bytes, expected 512", vmdk.deflate(grain + b"x"))
    data_of("zlib-empty", "holds nothing", vmdk.deflate(b""))
    data_of("zlib-bomb", "holds 4 MiB, expected 512 bytes", vmdk.deflate(bytes(4 << 20)))
    data_of("zlib-dictionary", "takes a dictionary", b"\x78\xbb" + data.noise(4, "dictionary") + whole[2:])
    data_of("zlib-past-end", "its data passes the end of the file", whole[:100], count=4000)
    last = vmdk.Extent(file=made.file)
    place = last.append(b"") - 1
    corpus.about("bad vmdk reads", "where the marker of a compressed grain should be is the end of the stream.")
    corpus.bad("bad-vmdk-marker-last-sector.vmdk", put(made.file, made.entry(1), place), f"the grain at {place * 512} is the end of the stream; "
               "fails reads from 512 to 1023")
    corpus.about("bad vmdk reads", "the marker of a compressed grain lies past the end of the file.")
    corpus.bad("bad-vmdk-marker-outside.vmdk", put(made.file, made.entry(1), 1 << 30), "the grain lies at 2^39; fails reads from 512 to 1023")
    corpus.about("bad vmdk", "a stream that is cut off in its last grain, with its directory in front.")
    corpus.bad("bad-vmdk-stream-front-cut.vmdk", made.file[:made.grains[7] + 40], "the stream is cut off in its last grain, and its directory is in front" + OPENING)


def footers(corpus):
    made = stream("footers")

    def bad(name, note, file, **more):
        corpus.bad(f"bad-vmdk-footer-{name}.vmdk", file, note + OPENING, **more)

    file = made.file
    corpus.about("bad vmdk", "a stream that is cut short before its tables, in its last grain.")
    bad("grain-cut", "the stream is cut off in its last grain", file[:made.grains[7] + 40])
    corpus.about("bad vmdk", "a stream that is cut short before its tables, in front of its grains.")
    bad("grains-none", "the stream is cut off after its descriptor", file[:made.grains[0]])
    corpus.about("bad vmdk", "a stream that is cut short before its tables, and a marker in front of that is damaged.")
    bad("marker", f"the marker at {made.grains[1]} is damaged, and the stream is cut off behind its last grain",
        put(file[:made.tables[0] - 512], made.grains[1], b"\xff" * 12))
    corpus.about("bad vmdk reads", "where a grain table is, in a stream.")
    corpus.bad("bad-vmdk-footer-table-outside.vmdk", put(file, made.directory, 1 << 30), "the grain table lies at 2^30; fails all reads",
               qemu_accepts=True)
    corpus.about("bad vmdk", "a stream of which nothing says where grains start.")
    corpus.bad("bad-vmdk-stream-overhead-max.vmdk", change(file[:made.footer - 512], overhead=MAX64),
               "no footer, and overHead at 64 is 2^64 - 1" + OPENING)
    corpus.about("unsupported vmdk", "compressed grains of 4 MiB.")
    corpus.bad("unsupported-vmdk-stream-grain-4m.vmdk", change(change(file, grain=8192), made.footer, grain=8192),
               "compressed grains of 4 MiB" + OPENING, qemu_accepts=False)


def cowd(corpus):
    file, made = vmdk.cowd(data.text(900, "cowd").ljust(8192, b"\0"))

    def bad(name, at, value, note, verdict="bad"):
        corpus.bad(f"{verdict}-vmdk-cowd-{name}.vmdk", put(file, at, value), note)

    corpus.about("unsupported vmdk", "another version of COWD.")
    bad("version-2", 4, 2, "version at 4 is 2, expected 1" + OPENING, "unsupported")
    corpus.about("bad vmdk", "headers of COWD.")
    for grain in (0, 3, 1 << 31):
        bad(f"grain-{grain if grain < 4 else '2-31'}", 16, grain, f"grainSize at 16 is {grain}" + OPENING)
    bad("capacity-max", 12, MAX32, "capacity at 12 is 2^32 - 1, for which the grain directory is too short" + OPENING)
    bad("directory-outside", 20, 1 << 30, "gdOffset at 20 is 2^30" + OPENING)
    bad("directory-max", 24, 0, "numGDEntries at 24 is 0" + OPENING)
    corpus.about("bad vmdk reads", "tables of COWD.")
    bad("table-outside", made.directory, 1 << 30, f"the grain directory entry at {made.directory} is 2^30; fails all reads")
    bad("entry-outside", made.tables[0], 1 << 30, f"the grain table entry at {made.tables[0]} is 2^30; fails reads from 0 to 511")
    corpus.about("bad vmdk", "a header of COWD that is cut off.")
    corpus.bad("bad-vmdk-cowd-cut.vmdk", file[:2047], "the header ends after 2047 bytes" + OPENING)


def se_sparse(corpus):
    disk = data.text(900, "sesparse").ljust(32_768, b"\0")
    made = vmdk.se_sparse(disk)

    def bad(name, at, value, note, verdict="bad", file=made.file, **more):
        extent = f"unsupported-vmdk-sesparse-{name}-extent.vmdk"
        file = put(file, at, value, 8)
        corpus.bad(extent, file, "an seSparse extent, which a descriptor names" + OPENING)
        corpus.bad(f"{verdict}-vmdk-sesparse-{name}.vmdk", descriptor(f'RW 64 SESPARSE "{extent}"', kind="seSparse"), note, needs=[extent], **more)

    corpus.about("unsupported vmdk", "seSparse of other versions.")
    bad("version", 8, 0x200000002, "version at 8 is 0x200000002" + OPENING, "unsupported")
    bad("flags", 40, 1, "flags at 40 are 1" + OPENING, "unsupported")
    corpus.about("unsupported vmdk", "seSparse that was not closed properly.")
    bad("journal", 512 + 24, 1, "the journal is to be replayed" + OPENING, "unsupported")
    corpus.about("bad vmdk", "headers of seSparse, in extents beside a descriptor.")
    bad("volatile-outside", 80, 1 << 40, "volatile_header_offset at 80 is 2^40" + OPENING)
    bad("directory-outside", 128, 1 << 40, "grain_dir_offset at 128 is 2^40" + OPENING, qemu_accepts=True)
    bad("directory-short", 136, 0, "grain_dir_size at 136 is 0" + OPENING)
    bad("capacity-max", 16, MAX64, "capacity at 16 is 2^64 - 1" + OPENING)
    corpus.about("bad vmdk reads", "tables of seSparse, in extents beside a descriptor.")
    bad("table-kind", made.directory, 0x20000000 << 32, "the grain directory entry is of no kind that there is; fails all reads")
    bad("table-outside", made.directory, 0x10000000 << 32 | 0xFFFF, "the grain directory names table 65535; fails all reads", qemu_accepts=True)
    bad("entry-kind", made.tables[0], 4 << 60, "the first grain table entry is of no kind that there is; fails reads from 0 to 4095")
    bad("entry-outside", made.tables[0], 3 << 60 | 0xFFFF, "the first grain lies far away; fails reads from 0 to 4095", qemu_accepts=True)


FLAT = "good-raw-vmdk-flat.raw"


def text(corpus):
    def bad(name, note, *lines, verdict="bad", kind="monolithicFlat", **more):
        corpus.bad(f"{verdict}-vmdk-text-{name}.vmdk", descriptor(*lines, kind=kind), note + OPENING, needs=[FLAT], **more)

    line = f'RW 96 FLAT "{FLAT}" 0'
    corpus.about("bad vmdk", "lines of descriptors. qemu passes over some of them.")
    bad("no-extents", "no extents")
    bad("sectors", "the size of an extent is no number", f'RW many FLAT "{FLAT}" 0')
    bad("sectors-negative", "the size of an extent is negative", f'RW -1 FLAT "{FLAT}" 0')
    bad("sectors-2-64", "the size of an extent is 2^64 sectors", f'RW {1 << 64} FLAT "{FLAT}" 0')
    bad("sectors-2-54", "the size of an extent is 2^54 sectors", f'RW {1 << 54} FLAT "{FLAT}" 0')
    bad("sum", "the sizes of the extents add up to 2^54 sectors", f'RW {(1 << 54) - 1} ZERO', f'RW 1 FLAT "{FLAT}" 0', qemu_accepts=True)
    bad("offset", "the offset of an extent is no number", f'RW 96 FLAT "{FLAT}" x')
    bad("offset-2-54", "the offset of an extent is 2^54 sectors", f'RW 96 FLAT "{FLAT}" {1 << 54}', qemu_accepts=True)
    bad("quote", "the name of an extent does not end", f'RW 96 FLAT "{FLAT}')
    bad("no-type", "an extent has no type", "RW 96 ", line, qemu_accepts=True)
    bad("no-name", "an extent has no name", "RW 96 FLAT")
    bad("identifier", "parentCID is no number", line, 'parentCID="warp"', qemu_accepts=True)
    bad("parent-no-name", "there is a parent, and no name of it", line, "parentCID=12345678", qemu_accepts=True)
    corpus.about("unsupported vmdk", "a type of extents that does not exist.")
    bad("type", "the type of an extent is WARP", f'RW 96 WARP "{FLAT}" 0', verdict="unsupported")
    corpus.about("refused vmdk", "disks that are kept on a device.")
    for name, kind, extent in (("device", "fullDevice", 'RW 63 FLAT "/dev/sda" 0'), ("partitions", "partitionedDevice", 'RW 63 FLAT "\\\\.\\PhysicalDrive0" 0'),
                               ("rdm", "vmfs", 'RW 63 VMFSRDM "disk-rdm.vmdk"'), ("raw", "vmfsRaw", 'RW 63 VMFSRAW "disk-rdmp.vmdk"')):
        corpus.refused(f"refused-vmdk-{name}.vmdk", descriptor(extent, kind=kind), None, None, "the disk is kept on a device" + OPENING)

    large = descriptor(line, kind="monolithicFlat")
    corpus.about("unsupported vmdk", "a descriptor of 1.5 MiB. qemu reads it.")
    corpus.bad("unsupported-vmdk-text-large.vmdk.xz", xz_compress(large + b"# and so on\n" * (1 << 17), "-T1"), "a descriptor of 1.5 MiB" + OPENING,
               needs=[FLAT], qemu_accepts=True)
    lines = [f'RW 1 FLAT "{FLAT}" {at % 96}' for at in range(4097)]
    corpus.about("unsupported vmdk", "4097 extents. qemu reads them.")
    corpus.bad("unsupported-vmdk-extents-4097.vmdk.xz", xz_compress(descriptor(*lines, kind="twoGbMaxExtentFlat"), "-T1"), "4097 extents" + OPENING,
               needs=[FLAT], qemu_accepts=True)
    most = b"# Disk DescriptorFile\n" + b"RW 1 ZERO\n" * ((1 << 20) // 10 - 3)
    corpus.about("unsupported vmdk", "1 MiB of extents.")
    corpus.bad("unsupported-vmdk-extents-1-mib.vmdk.xz", xz_compress(most, "-T1"), "a descriptor of 1 MiB, all of it extents" + OPENING)


def names(corpus):
    """What descriptors name, and how."""
    corpus.about("refused vmdk", "extents somewhere else, or that are no files.")
    for name, target, why in (
        ("absolute", "/etc/shadow", "lies in /etc"), ("outside", "../../../../../../../../../../etc/passwd", "leads out of the directory"), ("device", "/dev/zero", "is a device"),
        ("json", 'json:{"driver":"file","filename":"/etc/shadow"}', "is described by json:"), ("nbd", "nbd://127.0.0.1:1/", "is a server"),
        ("fat", f"fat:{FLAT}", "has a protocol"), ("directory", ".", "is a directory"), ("escape", "\x1b]0;title\x07.raw", "has control characters"),
        ("empty", "", "has no name"),
    ):
        corpus.refused(f"refused-vmdk-extent-{name}.vmdk", descriptor(f'RW 96 FLAT "{target}" 0', kind="monolithicFlat"), None, None,
                       f"the extent {why}; must be refused at open")
    # A descriptor behind a header names files no less.
    head = change(vmdk.sparse(bytes(512), descriptor('RW 96 FLAT "/etc/shadow" 0')).file, capacity=0)
    corpus.about("refused vmdk", "an extent somewhere else, named behind a header without data.")
    corpus.refused("refused-vmdk-header-extent-absolute.vmdk", head[:1024], None, None, "the extent lies in /etc; must be refused at open")

    def bad(name, note, *lines, kind="twoGbMaxExtentSparse", needs=(), **more):
        corpus.bad(f"bad-vmdk-{name}.vmdk", descriptor(*lines, kind=kind), note, needs=list(needs), **more)

    corpus.about("bad vmdk", "the extent is not there.")
    bad("extent-missing", "the extent is not there" + OPENING, 'RW 256 SPARSE "missing.vmdk"')
    own = "bad-vmdk-extent-itself.vmdk"
    corpus.about("bad vmdk", "the extent is the file itself.")
    bad("extent-itself", "the extent is the file itself" + OPENING, f'RW 256 SPARSE "{own}"')
    bad("extent-itself-flat", "the extent is the file itself" + OPENING, 'RW 1 FLAT "bad-vmdk-extent-itself-flat.vmdk" 0', kind="monolithicFlat")
    corpus.about("bad vmdk", "the extent is no sparse extent.")
    bad("extent-raw", "the extent is no sparse extent" + OPENING, f'RW 96 SPARSE "{FLAT}"', needs=[FLAT])
    other = "good-vmdk-descriptor-in-header.vmdk"
    corpus.about("bad vmdk", "the extent is a descriptor.")
    bad("extent-descriptor", "the extent holds a descriptor, and no data" + OPENING, f'RW 96 SPARSE "{other}"', needs=[other])
    corpus.about("bad vmdk", "the extent is bad, which qemu does not see.")
    bad("extent-bad", "the extent's grain size is 3" + OPENING, 'RW 8 SPARSE "bad-vmdk-grain-3.vmdk"', needs=["bad-vmdk-grain-3.vmdk"], qemu_accepts=True)
    corpus.about("bad vmdk reads", "a sparse extent with a bad table.")
    bad("extent-table", "the extent's grain table lies far away; fails all reads", 'RW 8 SPARSE "bad-vmdk-table-outside.vmdk"',
        needs=["bad-vmdk-table-outside.vmdk"], qemu_accepts=True)
    corpus.about("bad vmdk reads", "a flat extent that is shorter than the descriptor says.")
    bad("flat-short", "the extent is shorter than that; fails the reads past its end", f'RW 97 FLAT "{FLAT}" 0', kind="monolithicFlat", needs=[FLAT], qemu_accepts=True)
    corpus.about("bad vmdk reads", "a flat extent that starts past the end of the file.")
    bad("flat-offset", "the extent starts past the end of its file; fails all reads", f'RW 96 FLAT "{FLAT}" 1000', kind="monolithicFlat", needs=[FLAT], qemu_accepts=True)


def parents(corpus):
    parent = "good-vmdk-parent.vmdk"

    def child(name, note, target, verdict="bad", identifier="12345678", parent="0badcafe", qemu_accepts=False, needs=(), extra=()):
        hint = [f'parentFileNameHint="{target}"', *extra]
        file = vmdk.sparse(small("parents"), descriptor('RW 8 SPARSE "it"', *hint, identifier=identifier, parent=parent), grain=1, entries=16, flags=1).file
        name = f"{verdict}-vmdk-parent-{name}.vmdk"
        if verdict == "refused":
            corpus.refused(name, file, None, None, note)
        else:
            corpus.bad(name, file, note + OPENING, needs=list(needs), qemu_accepts=qemu_accepts)

    corpus.about("bad vmdk", "a parent with another CID.")
    child("other", "CID of the parent is 0badcafe, expected deadbeef", parent, parent="deadbeef", needs=[parent])
    corpus.about("bad vmdk", "a parent without a CID.")
    child("no-identifier", "the parent has no CID", "good-vmdk-no-descriptor.vmdk", needs=["good-vmdk-no-descriptor.vmdk"])
    corpus.about("bad vmdk", "a parent that is not there.")
    child("missing", "the parent is not there", "missing.vmdk")
    corpus.about("bad vmdk", "parents in a circle.")
    child("itself", "the parent is the file itself", "bad-vmdk-parent-itself.vmdk", identifier="0badcafe")
    first, second = "bad-vmdk-parent-circle-1.vmdk", "bad-vmdk-parent-circle-2.vmdk"
    child("circle-1", "the parent's parent is this file", second, identifier="00000001", parent="00000002", needs=[second])
    child("circle-2", "the parent's parent is this file", first, identifier="00000002", parent="00000001", needs=[first])
    corpus.about("bad vmdk", "a parent that is no VMDK file.")
    child("raw", "the parent is no VMDK file", FLAT, needs=[FLAT])
    corpus.about("bad vmdk", "a parent that is bad.")
    child("bad", "the parent's grain size is 3", "bad-vmdk-grain-3.vmdk", needs=["bad-vmdk-grain-3.vmdk"])
    corpus.about("refused vmdk", "parents somewhere else, or that are no files.")
    child("absolute", "the parent lies in /etc; must be refused at open", "/etc/shadow", "refused")
    child("outside", "the parent leads out of the directory; must be refused at open", "../../../../../../../../../../etc/passwd", "refused")
    child("json", "the parent is described by json:; must be refused at open", 'json:{\\"driver\\":\\"file\\"}', "refused")
    extent = "good-vmdk-2gb-sparse-s003.vmdk"
    file = descriptor(f'RW 48 SPARSE "{extent}"', f'parentFileNameHint="{parent}"', kind="twoGbMaxExtentSparse", parent="0badcaf0")
    corpus.about("bad vmdk", "a parent with another CID, of a child whose extent lies beside it. qemu reads it.")
    corpus.bad("bad-vmdk-parent-other-2gb.vmdk", file, "CID of the parent is 0badcafe, expected 0badcaf0" + OPENING, needs=[parent, extent], qemu_accepts=True)
