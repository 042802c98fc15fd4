"""Small disks with partition tables, made by sfdisk, sgdisk, parted and the mkfs programs, and some by hand.

The first bytes of each partition say which one it is, so that a window at the wrong place is noticed.
The rows given with a disk are the truth for partitions.tsv; where none are given, `sfdisk --json` is asked.
"""

import json
import os
import tempfile
import zlib

import data
from tools import qemu_convert, run, xz_compress

LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
EFI = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
BIOS = "21686148-6449-6E6F-744E-656564454649"
KIB, MIB = 1024, 1 << 20


def guid(number):
    return f"5EED0000-0000-4000-8000-{number:012X}"


def guid_bytes(text):
    a, b, c, d, e = text.split("-")
    return bytes.fromhex(a)[::-1] + bytes.fromhex(b)[::-1] + bytes.fromhex(c)[::-1] + bytes.fromhex(d + e)


def with_file(disk, *commands):
    """The disk after each command (a list, and what it reads) has worked on it as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "disk")
        with open(path, "wb") as file:
            file.write(disk)
        for command, script in commands:
            run([*command, path] if "DISK" not in command else [path if word == "DISK" else word for word in command],
                script.encode())
        with open(path, "rb") as file:
            return file.read()


def sfdisk(size, script):
    return with_file(bytes(size), (["sfdisk", "-q", "--no-reread", "--no-tell-kernel"], script))


def fdisk(size, script, sector):
    """An sfdisk script loaded by fdisk, which has had an option for the sector size for longer."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(script)
        file.flush()
        return with_file(bytes(size), (["fdisk", "-b", str(sector), "-w", "never"], f"I\n{file.name}\nw\n"))


def sgdisk(size, *options):
    return with_file(bytes(size), (["sgdisk", *options], ""))


def rows_by_sfdisk(disk):
    """(partition, start, size, type, name) in bytes, as sfdisk reads the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "disk")
        with open(path, "wb") as file:
            file.write(disk)
        table = json.loads(run(["sfdisk", "--json", path]))["partitiontable"]
    return [(int(entry["node"][len(path):]), entry["start"] * 512, entry["size"] * 512, entry["type"], entry.get("name", ""))
            for entry in table.get("partitions", [])]


def mark(disk, rows):
    """The disk with a line of text at the start of each partition that can hold one."""
    out = bytearray(disk)
    for number, start, size, kind, _ in rows:
        line = f"partition {number}, {size} bytes from {start}\n".encode()
        if kind not in ("5", "f") and start + len(line) <= len(out) and size >= 512:
            out[start:start + len(line)] = line
    return bytes(out)


def le(value, size):
    return value.to_bytes(size, "little")


def mbr_entry(kind, start, sectors, boot=0):
    return bytes([boot, 0xFE, 0xFF, 0xFF, kind, 0xFE, 0xFF, 0xFF]) + le(start, 4) + le(sectors, 4)


def boot_sector(*entries, signature=0x5EED):
    table = b"".join(entries)
    return bytes(440) + le(signature, 4) + bytes(2) + table + bytes(64 - len(table)) + b"\x55\xaa"


def put(disk, at, new):
    assert at + len(new) <= len(disk)
    return disk[:at] + new + disk[at + len(new):]


# GPT, for the tables that the tools do not write and for breaking those that they do.

def gpt_crcs(disk, at, sector=512, entries_crc=True):
    """The header at `at` with its two CRCs computed again."""
    header = bytearray(disk[at:at + int.from_bytes(disk[at + 12:at + 16], "little")])
    if entries_crc:
        start = int.from_bytes(header[72:80], "little") * sector
        length = int.from_bytes(header[80:84], "little") * int.from_bytes(header[84:88], "little")
        header[88:92] = le(zlib.crc32(disk[start:start + length]), 4)
    header[16:20] = bytes(4)
    header[16:20] = le(zlib.crc32(header), 4)
    return put(disk, at, bytes(header))


def gpt_entry(kind, number, first, last, name="", size=128):
    encoded = name if isinstance(name, bytes) else name.encode("utf-16-le")
    return (guid_bytes(kind) + guid_bytes(guid(number)) + le(first, 8) + le(last, 8) + bytes(8) + encoded).ljust(size, b"\0")


def gpt(size, entries, count=128, entry_size=128, sector=512):
    """A disk with both headers, entry array in front of the backup header."""
    table = b"".join(entries).ljust(count * entry_size, b"\0")
    sectors, last = -(-len(table) // sector), size // sector - 1
    disk = put(bytes(size), 0, boot_sector(mbr_entry(0xEE, 1, min(last, 0xFFFFFFFF)), signature=0))

    def header(own, other, array):
        body = (b"EFI PART" + le(0x10000, 4) + le(92, 4) + bytes(8) + le(own, 8) + le(other, 8) + le(2 + sectors, 8) +
                le(last - 1 - sectors, 8) + guid_bytes(guid(0)) + le(array, 8) + le(count, 4) + le(entry_size, 4) + bytes(4))
        return body

    disk = put(put(disk, 2 * sector, table), (last - sectors) * sector, table)
    disk = put(put(disk, sector, header(1, last, 2)), last * sector, header(last, 1, last - sectors))
    return gpt_crcs(gpt_crcs(disk, sector, sector), last * sector, sector)


def five(size=2 * MIB):
    """The GPT that most of the broken ones derive from."""
    return sgdisk(
        size, "-o", "-U", guid(0), "-a", "8",
        "-n", "1:64:+128K", "-t", "1:ef02", "-c", "1:bios", "-u", "1:" + guid(1),
        "-n", "2:512:+256K", "-t", "2:ef00", "-c", "2:EFI system", "-u", "2:" + guid(2),
        "-n", "3:1024:+64K", "-t", "3:8300", "-c", "3:Grüße, Ελλάδα", "-u", "3:" + guid(3),
        "-n", "5:2048:+100K", "-t", "5:8300", "-c", "5:日本 🐧", "-u", "5:" + guid(5),
        "-n", "9:3000:4000", "-t", "9:8e00", "-u", "9:" + guid(9))


def make(corpus):
    mbr(corpus)
    gpts(corpus)
    plain(corpus)
    containers(corpus)


def mbr(corpus):
    disk = sfdisk(32 * KIB, "label: dos\nlabel-id: 0x5eed0001\nstart=8, size=16, type=83, bootable\nstart=32, size=32, type=c\n")
    corpus.about("mbr", "two primary partitions, by sfdisk, 32 KiB, not in xz.")
    corpus.disk("good-mbr-plain.raw", disk)
    four = "label: dos\nlabel-id: 0x5eed0002\nstart=63, size=1000, type=7\nstart=2048, size=1024, type=83, bootable\n" \
           "start=3072, size=1, type=82\nstart=3080, size=1016, type=c\n"
    corpus.about("mbr", "four primary partitions, one of a single sector, by sfdisk.")
    corpus.disk("good-mbr-primaries.raw.xz", sfdisk(2 * MIB, four))
    corpus.about("mbr", "only partitions 2 and 4, not in the order of the disk.")
    corpus.disk("good-mbr-sparse-numbers.raw.xz", sfdisk(2 * MIB, "label: dos\nlabel-id: 0x5eed0003\n2: start=2048, size=100, type=83\n"
                                                         "4: start=64, size=100, type=83\n"))
    logical = "label: dos\nlabel-id: 0x5eed0004\n1: start=64, size=512, type=83\n2: start=1024, size=7000, type=5\n" \
              "5: start=1100, size=900, type=83\n6: start=2100, size=900, type=82\n7: start=4096, size=2000, type=c\n"
    extended = sfdisk(4 * MIB, logical)
    corpus.about("mbr", "three logical partitions in an extended one, of type 5.")
    corpus.disk("good-mbr-extended.raw.xz", extended)
    corpus.about("mbr", "three logical partitions in an extended one, of type f.")
    corpus.disk("good-mbr-extended-lba.raw.xz", sfdisk(4 * MIB, logical.replace("type=5\n", "type=f\n").replace("2: ", "4: ")))
    unsorted = logical.replace("5: start=1100", "5: start=7000")
    corpus.about("mbr", "the first logical partition lies behind the others; numbers follow the chain, not the disk.")
    corpus.disk("good-mbr-extended-unsorted.raw.xz", sfdisk(4 * MIB, unsorted))
    corpus.about("mbr", "an extended partition without any logical one.")
    corpus.disk("good-mbr-extended-empty.raw.xz", sfdisk(4 * MIB, "label: dos\nlabel-id: 0x5eed0005\n1: start=1024, size=7000, type=5\n"))
    parted = with_file(bytes(4 * MIB), (["parted", "-s", "-a", "none", "DISK", "mklabel", "msdos", "mkpart", "primary", "ext4", "64s", "2047s",
                                         "mkpart", "extended", "2048s", "8191s", "mkpart", "logical", "fat32", "2100s", "3000s",
                                         "mkpart", "logical", "linux-swap", "4000s", "8191s", "set", "1", "boot", "on"], ""))
    corpus.about("mbr", "a primary and two logical partitions by parted, its random disk signature replaced.")
    corpus.disk("good-mbr-parted.raw.xz", put(parted, 440, le(0x5EED0006, 4)))

    # The chain of extended boot records, broken by hand. It is cut there; what came before it stays.
    rows = rows_by_sfdisk(extended)
    chain = ebr_chain(extended, 1024)
    assert len(chain) == 3

    def link(name, position, entry, expected):
        corpus.disk(name, put(extended, chain[position] * 512 + 446 + 16, entry), expected)

    corpus.about("mbr chain", "the third record points to the second. (sfdisk lists 58 partitions.)")
    link("good-mbr-ebr-loop.raw.xz", 2, mbr_entry(5, chain[1] - 1024, 100), rows)
    corpus.about("mbr chain", "the third record points to the first. (sfdisk lists 58 partitions.)")
    link("good-mbr-ebr-loop-first.raw.xz", 2, mbr_entry(5, 0, 100), rows)
    corpus.about("mbr chain", "the second record points to itself.")
    link("good-mbr-ebr-self.raw.xz", 1, mbr_entry(5, chain[1] - 1024, 100), rows[:4])
    corpus.about("mbr chain", "the second record points outside the disk.")
    link("good-mbr-ebr-outside.raw.xz", 1, mbr_entry(5, 1 << 20, 100), rows[:4])
    corpus.about("mbr chain", "the second record points outside the disk, with 2^32 - 1 as start and size.")
    link("good-mbr-ebr-overflow.raw.xz", 1, mbr_entry(5, 0xFFFFFFFF, 0xFFFFFFFF), rows[:4])
    corpus.about("mbr chain", "the third record lacks 55 AA.")
    corpus.disk("good-mbr-ebr-no-signature.raw.xz", put(extended, chain[2] * 512 + 510, b"\0\0"), rows[:4])
    corpus.about("mbr chain", "the first record lacks 55 AA.")
    corpus.disk("good-mbr-ebr-first-no-signature.raw.xz", put(extended, chain[0] * 512 + 510, b"\0\0"), rows[:2])
    disk = put(bytes(512 * 700), 0, boot_sector(mbr_entry(5, 4, 690)))
    expected = [(1, 4 * 512, 690 * 512, "5", "")]
    for number in range(300):
        disk = put(disk, (4 + 2 * number) * 512, boot_sector(mbr_entry(0x83, 1, 1), *([mbr_entry(5, 2 * number + 2, 2)] if number < 299 else [])))
        expected.append((5 + number, (5 + 2 * number) * 512, 512, "83", ""))
    corpus.about("mbr", "by hand: 300 logical partitions (sfdisk lists 56 of them).")
    corpus.disk("good-mbr-300-logicals.raw.xz", disk, expected)

    # Tables that do not fit the disk. A partition that begins outside is none; one that ends outside ends with the disk.
    disk = put(bytes(MIB), 0, boot_sector(mbr_entry(0x83, 64, 100), mbr_entry(0x83, 2000, 5000), mbr_entry(0x83, 4000, 8),
                                          mbr_entry(0x83, 0xFFFFFFFF, 0xFFFFFFFF)))
    corpus.about("mbr by hand", "one partition inside, one that ends outside, two outside.")
    corpus.disk("good-mbr-beyond-end.raw.xz", disk, [(1, 64 * 512, 100 * 512, "83", ""), (2, 2000 * 512, MIB - 2000 * 512, "83", "")])
    disk = put(bytes(MIB), 0, boot_sector(mbr_entry(0x83, 64, 1000), mbr_entry(0x83, 500, 1000), mbr_entry(0xC, 64, 1000)))
    corpus.about("mbr by hand", "three partitions that overlap, two of them with the same start. All are listed.")
    corpus.disk("good-mbr-overlap.raw.xz", disk, [(1, 32768, 512000, "83", ""), (2, 256000, 512000, "83", ""), (3, 32768, 512000, "c", "")])
    disk = put(bytes(MIB), 0, boot_sector(mbr_entry(0x83, 64, 0), mbr_entry(0, 100, 100), mbr_entry(0x83, 200, 100)))
    corpus.about("mbr by hand", "an entry of size 0 is none; one of type 0 is, as in Linux.")
    corpus.disk("good-mbr-empty-entries.raw.xz", disk, [(2, 100 * 512, 100 * 512, "0", ""), (3, 200 * 512, 100 * 512, "83", "")])
    corpus.about("mbr by hand", "a signature and four empty entries.")
    corpus.disk("good-mbr-no-partitions.raw.xz", put(bytes(64 * KIB), 0, boot_sector()), [])
    disk = put(bytes(513), 0, boot_sector(mbr_entry(0x83, 1, 1)))
    corpus.about("mbr by hand", "a disk of 513 bytes with a partition of one sector, of which one byte is there.")
    corpus.disk("good-mbr-odd-size.raw", disk, [(1, 512, 1, "83", "")])

    # What a guest wrote into its disk is never looked into.
    inner = xz_compress(data.text(3000, "in a partition"), "-T1")
    disk = put(sfdisk(64 * KIB, "label: dos\nlabel-id: 0x5eed0007\nstart=8, size=64, type=83\n"), 8 * 512, inner)
    corpus.about("mbr by hand", "the partition's contents are an xz file: no line of text, and never decoded.")
    corpus.disk("good-mbr-partition-holds-xz.raw.xz", disk, marked=False)
    corpus.about("mbr by hand", "`good-gpt-5.raw.xz` with an ordinary MBR over the protective one: the MBR counts.")
    corpus.disk("good-mbr-stale-gpt.raw.xz", put(five(), 446, mbr_entry(0x83, 64, 1000) + bytes(48)), [(1, 32768, 512000, "83", "")])


def ebr_chain(disk, first):
    """The sectors of the extended boot records, in their order."""
    chain, at = [], first
    while True:
        chain.append(at)
        link = disk[at * 512 + 462:at * 512 + 478]
        if link[4] not in (5, 15):
            return chain
        at = first + int.from_bytes(link[8:12], "little")


def gpts(corpus):
    disk = five()
    rows = rows_by_sfdisk(disk)
    last = len(disk) - 512
    corpus.about("gpt", "one partition, by sgdisk.")
    corpus.disk("good-gpt-1.raw.xz", sgdisk(MIB, "-o", "-U", guid(0), "-a", "1", "-n", "1:40:2000", "-c", "1:only", "-u", "1:" + guid(1)))
    corpus.about("gpt",
                 "five partitions (numbers 1, 2, 3, 5, 9; names in Greek, German and Japanese, and a penguin outside the basic "
                 "plane), by sgdisk.")
    corpus.disk("good-gpt-5.raw.xz", disk)
    options = []
    for number in range(1, 129):
        options += ["-n", f"{number}:{34 + 4 * number}:{37 + 4 * number}", "-c", f"{number}:part {number:03d}", "-u", f"{number}:{guid(number)}"]
    corpus.about("gpt", "128 partitions, by sgdisk.")
    corpus.disk("good-gpt-128.raw.xz", sgdisk(MIB, "-o", "-U", guid(0), "-a", "1", *options))
    small = "label: gpt\nlabel-id: {}\ntable-length: 4\nfirst-lba: 6\nunit: sectors\n1: start=8, size=16, uuid={}, name=\"small\"\n" \
            "3: start=24, size=30, uuid={}, type={}\n".format(guid(0), guid(1), guid(3), EFI)
    corpus.about("gpt", "an array of four entries, by sfdisk, 32 KiB, not in xz.")
    corpus.disk("good-gpt-plain.raw", sfdisk(32 * KIB, small))
    big = "label: gpt\nlabel-id: {}\n1: start=256, size=16, uuid={}, name=\"4096-byte sectors\"\n2: start=300, size=100, uuid={}, type={}\n" \
        .format(guid(0), guid(1), guid(2), EFI)
    corpus.about("gpt", "sectors of 4096 bytes, by fdisk: the header is at 4096.")
    corpus.disk("good-gpt-4096.raw.xz", fdisk(4 * MIB, big, 4096),
                [(1, MIB, 64 * KIB, LINUX, "4096-byte sectors"), (2, 300 * 4096, 100 * 4096, EFI, "")])
    script = "label: gpt\nlabel-id: {}\n1: start=2048, size=100, uuid={}, name=\"{}\"\n".format(guid(0), guid(1), "n" * 36)
    corpus.about("gpt", "a name of 36 characters, which fills its field: no terminator.")
    corpus.disk("good-gpt-name-36.raw.xz", sfdisk(2 * MIB, script))
    corpus.about("gpt", "an empty table.")
    corpus.disk("good-gpt-no-partitions.raw.xz", sfdisk(MIB, f"label: gpt\nlabel-id: {guid(0)}\n"), [])
    parted = with_file(bytes(2 * MIB), (["parted", "-s", "-a", "none", "DISK", "mklabel", "gpt", "mkpart", "EFI", "fat32", "64s", "1000s",
                                         "mkpart", "root", "ext4", "1024s", "4000s", "set", "1", "esp", "on"], ""))
    corpus.about("gpt", "by parted, its random GUIDs replaced and the CRCs mended.")
    corpus.disk("good-gpt-parted.raw.xz", fixed_guids(parted))
    hybrid = with_file(disk, (["sgdisk", "-h", "2:3"], ""))
    corpus.about("gpt", "`good-gpt-5.raw.xz` with a hybrid MBR by `sgdisk -h`: the GPT counts.")
    corpus.disk("good-gpt-hybrid.raw.xz", hybrid, rows)
    corpus.about("gpt", "`good-gpt-5.raw.xz` in blocks of 100 KiB with sizes.")
    corpus.disk("good-gpt-in-xz-blocks.raw.xz", disk, options=["-T2", "--block-size=100KiB"])

    # One header or one array broken by hand: the other one counts.
    corpus.about("gpt broken", "the primary header's CRC is wrong.")
    corpus.disk("good-gpt-primary-crc.raw.xz", put(disk, 512 + 16, b"\0\0\0\0"), rows)
    corpus.about("gpt broken", "the whole primary header is zero.")
    corpus.disk("good-gpt-primary-zeroed.raw.xz", put(disk, 512, bytes(512)), rows)
    corpus.about("gpt broken", "the primary array does not fit its CRC: a name was changed there.")
    corpus.disk("good-gpt-primary-entries-crc.raw.xz", put(disk, 1024 + 56, b"BIOS"), rows)
    corpus.about("gpt broken", "the primary header says that it lies in sector 7.")
    corpus.disk("good-gpt-primary-own-lba.raw.xz", gpt_crcs(put(disk, 512 + 24, le(7, 8)), 512), rows)
    corpus.about("gpt broken", "the backup header's CRC is wrong; the primary one is good.")
    corpus.disk("good-gpt-backup-crc.raw.xz", put(disk, last + 16, b"\0\0\0\0"), rows)
    corpus.about("gpt broken",
                 "the disk ends 46 sectors early, so there is no backup header, and the last usable sector lies outside. All "
                 "partitions are there, and listed. (sfdisk and libblkid list none.)")
    corpus.disk("good-gpt-backup-cut-off.raw.xz", disk[:4050 * 512], rows)
    corpus.about("gpt broken", "1 MiB of zeroes follows: the backup header is not in the last sector.")
    corpus.disk("good-gpt-grown.raw.xz", disk + bytes(MIB), rows)
    huge = gpt_crcs(put(disk, 512 + 80, b"\xff\xff\xff\xff"), 512, entries_crc=False)
    corpus.about("gpt broken", "2^32 - 1 entries in the primary header.")
    corpus.disk("good-gpt-count-max.raw.xz", huge, rows)
    both = gpt_crcs(put(huge, last + 80, b"\xff\xff\xff\xff"), last, entries_crc=False)
    corpus.about("gpt none", "2^32 - 1 entries in both headers. Nothing may be allocated for them.")
    corpus.disk("good-gpt-count-max-both.raw.xz", both, [])
    size_zero = gpt_crcs(put(disk, 512 + 84, le(0, 4)), 512, entries_crc=False)
    corpus.about("gpt broken", "entries of 0 bytes.")
    corpus.disk("good-gpt-entry-size-0.raw.xz", size_zero, rows)
    header_size = put(disk, 512 + 12, le(0xFFFFFFFF, 4))
    corpus.about("gpt broken", "a header of 4 GiB.")
    corpus.disk("good-gpt-header-size-max.raw.xz", header_size, rows)
    array = gpt_crcs(put(disk, 512 + 72, le((1 << 64) - 1, 8)), 512, entries_crc=False)
    corpus.about("gpt broken", "the array at sector 2^64 - 1.")
    corpus.disk("good-gpt-entries-lba-max.raw.xz", array, rows)
    corpus.about("gpt none", "both headers' CRCs are wrong.")
    corpus.disk("good-gpt-both-crc.raw.xz", put(put(disk, 512 + 16, b"\0\0\0\0"), last + 16, b"\0\0\0\0"), [])
    corpus.about("gpt none", "sector 0 is zero: without a protective MBR a GPT does not count.")
    corpus.disk("good-gpt-no-protective-mbr.raw.xz", put(disk, 0, bytes(512)), [])

    # Tables that no tool writes.
    wide = [gpt_entry(LINUX, 1, 100, 199, "wide 1", 256), gpt_entry(EFI, 2, 200, 299, "wide 2", 256)]
    corpus.about("gpt", "by hand: entries of 256 bytes. (libblkid finds no table; sfdisk reads it.)")
    corpus.disk("good-gpt-entry-size-256.raw.xz", gpt(MIB, wide, count=128, entry_size=256),
                [(1, 51200, 51200, LINUX, "wide 1"), (2, 102400, 51200, EFI, "wide 2")])
    odd = [gpt_entry(LINUX, 1, 100, 199, "\ud800".encode("utf-16-le", "surrogatepass") + "x".encode("utf-16-le")),
           gpt_entry(LINUX, 2, 200, 299, "a\0b"), gpt_entry(LINUX, 3, 300, 399, "line\nfeed\ttab\x1b[31mred\x7f"),
           gpt_entry(LINUX, 4, 400, 499, "\u202eright to left"), gpt_entry(LINUX, 5, 500, 599, "-")]
    corpus.about("gpt",
                 "by hand: a lone surrogate (to be shown as U+FFFD), a name with a NUL in the middle (ends there), line feed, tab "
                 "and escape, a right-to-left override, and the name `-`. Terminals and logs must not see these as they are.")
    corpus.disk("good-gpt-names-odd.raw.xz", gpt(MIB, odd),
                [(1, 51200, 51200, LINUX, "\ufffdx"), (2, 102400, 51200, LINUX, "a"), (3, 153600, 51200, LINUX, "line\nfeed\ttab\x1b[31mred\x7f"),
                 (4, 204800, 51200, LINUX, "\u202eright to left"), (5, 256000, 51200, LINUX, "-")])
    lies = [gpt_entry(LINUX, 1, 100, 99, "size 0"), gpt_entry(LINUX, 2, 300, 200, "ends before it begins"),
            gpt_entry(LINUX, 3, 400, 3000, "ends outside"), gpt_entry(LINUX, 4, 3000, 4000, "begins outside"),
            gpt_entry(LINUX, 5, 0, (1 << 64) - 1, "everything"), gpt_entry(LINUX, 6, (1 << 55), (1 << 55) + 7, "overflow"),
            gpt_entry(LINUX, 7, 450, 550, "overlap"), gpt_entry(LINUX, 8, 500, 500, "one sector")]
    corpus.about("gpt",
                 "by hand: entries that end before they begin (none), end outside, begin outside, span everything up to sector 2^64 "
                 "- 1, begin at 2^55, overlap, and one of a single sector. No lines of text.")
    corpus.disk("good-gpt-entries-odd.raw.xz", gpt(MIB, lies),
                [(3, 204800, MIB - 204800, LINUX, "ends outside"), (5, 0, MIB, LINUX, "everything"),
                 (7, 230400, 51712, LINUX, "overlap"), (8, 256000, 512, LINUX, "one sector")], marked=False)


def fixed_guids(disk):
    """A table by parted, with its random GUIDs replaced."""
    last = len(disk) - 512
    for at in (512, last):
        array = int.from_bytes(disk[at + 72:at + 80], "little") * 512
        for number in range(128):
            entry = array + 128 * number
            if any(disk[entry:entry + 16]):
                disk = put(disk, entry + 16, guid_bytes(guid(number + 1)))
        disk = gpt_crcs(put(disk, at + 56, guid_bytes(guid(0))), at)
    return disk


def plain(corpus):
    """Disks without a partition table."""
    disk = with_file(bytes(MIB), (["mke2fs", "-q", "-t", "ext2", "-L", "vitrine", "-U", guid(1).lower(), "-E", f"hash_seed={guid(2).lower()},root_owner=0:0",
                                   "-O", "^dir_index", "-N", "16", "-b", "1024", "DISK"], ""))
    corpus.about("no table", "a file system on the whole disk, by mke2fs.")
    corpus.disk("good-fs-ext2.raw.xz", disk, [])
    fat = with_file(bytes(MIB), (["mkfs.fat", "--invariant", "-i", "5EED0001", "-n", "VITRINE", "DISK"], ""))
    assert fat[510:512] == b"\x55\xaa"
    corpus.about("no table", "by mkfs.fat. The boot sector ends in 55 AA as an MBR does, but is none.")
    corpus.disk("good-fs-fat.raw.xz", fat, [])
    fat32 = with_file(bytes(40 * MIB), (["mkfs.fat", "--invariant", "-F", "32", "-s", "1", "-i", "5EED0002", "-n", "VITRINE32", "DISK"], ""))
    corpus.disk("good-fs-fat32.raw.xz", fat32, [])
    message = b"\r\nRemove disks or other media.\xff\r\nDisk error\xff\r\nPress any key to restart\r\n"
    corpus.about("no table",
                 "the FAT file system with text where an MBR has its entries, as boot sectors by other systems have. (sfdisk lists "
                 "four partitions of nonsense.)")
    corpus.disk("good-fs-fat-boot-code.raw.xz", put(fat, 446, message[:64].ljust(64, b"\xcc")), [])
    corpus.about("no table", "8 KiB of zeroes.")
    corpus.disk("good-raw-zeroes.raw", bytes(8 * KIB), [])
    corpus.about("no table", "1 byte.")
    corpus.disk("good-raw-1-byte.raw", b"\x42", [])
    corpus.about("no table", "10007 bytes.")
    corpus.disk("good-raw-odd-size.raw", data.mix(10_007, "odd raw"), [])
    corpus.about("no table", "an empty file, which must fail at open.")
    corpus.bad("bad-raw-empty.raw", b"", "an empty file; must fail at open")


def containers(corpus):
    """Disk formats of other programs; those that come later are recognised, and refused until then."""
    raw = data.text(3000, "qcow2").ljust(70_000, b"\0") + data.noise(500, "qcow2")
    raw = raw.ljust(256 * KIB, b"\0")

    qcow2 = qemu_convert(raw, "raw", "qcow2", "-c", "-o", "cluster_size=4096")
    corpus.about("other containers", "a compressed qcow2 image by qemu-img.")
    corpus.good("good-qcow2.qcow2", qcow2, raw, "qcow2")
    corpus.about("other containers", "the same in xz.")
    corpus.good("good-qcow2-in-xz.qcow2.xz", xz_compress(qcow2, "-T1"), raw, "qcow2 in xz")
    vmdk = qemu_convert(raw, "raw", "vmdk", "-o", "subformat=streamOptimized")
    at = vmdk.index(b"\nCID=") + 5  # a random number without leading zeroes, in a text that is padded with NULs
    line, text_end = vmdk.index(b"\n", at), vmdk.index(b"\0", at)
    assert line - at <= 8 and not any(vmdk[text_end:text_end + 8])
    vmdk = put(vmdk, at, (b"5eed0001" + vmdk[line:text_end]).ljust(text_end - at, b"\0"))
    corpus.about("other containers", "a streamOptimized VMDK by qemu-img, its random CID replaced.")
    corpus.good("good-vmdk-stream.vmdk", vmdk, raw, "vmdk")
