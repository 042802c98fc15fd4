"""The bad, unsupported and refused qcow2 and qcow images: a good one, and one thing wrong with it.

What is wrong with a header shows in `nothing`, which is little more than a header; with tables and clusters in
`good-qcow2-base.qcow2` and its like. Broken snapshots and bitmaps leave the disk itself good: it must be read, with a warning.
"""

import tempfile
import zlib

import data
import qcow2
from qcow2 import Image, Tables, change, field, get, number, put, with_extensions
from qcow2good import base, deflate, replace_compressed, zstd
from tools import xz_compress

MAX32, MAX64 = (1 << 32) - 1, (1 << 64) - 1


def make(corpus):
    with tempfile.TemporaryDirectory() as folder:
        nothing = Image(folder, "nothing", 32_768, "cluster_size=512").file
        header(corpus, nothing)
        features(corpus, nothing)
        extensions(corpus, nothing)
        names(corpus, nothing)
        l1(corpus, nothing)
        cut(corpus, nothing, base(folder).file)
        entries(corpus, folder)
        clusters(corpus, folder)
        data_file(corpus, folder)
        snapshots(corpus, folder)
        bitmaps(corpus, folder)
        qcow(corpus, folder)


def header(corpus, nothing):
    def bad(name, note, verdict="bad", qemu_accepts=False, **fields):
        corpus.bad(f"{verdict}-qcow2-{name}.qcow2", change(nothing, **fields), note + "; must fail at open", qemu_accepts=qemu_accepts)

    corpus.about("bad qcow2", "only its name says that it is a qcow2 file.")
    bad("magic", "magic at 0 ends with fc, expected fb; by its name it is a qcow2 file", magic=0x514649FC)
    corpus.about("unsupported qcow2", "other versions.")
    bad("version-0", "version at 4 is 0, expected 2 or 3", "unsupported", version=0)
    bad("version-4", "version at 4 is 4, expected 2 or 3", "unsupported", version=4)
    corpus.about("bad qcow2", "clusters of 256 bytes, 4 MiB, and more.")
    for bits in (8, 22, MAX32):
        bad(f"cluster-bits-{'max' if bits == MAX32 else bits}", f"cluster_bits at 20 is {bits}, expected 9...21", cluster_bits=bits)
    corpus.about("bad qcow2", "a size of more than there can be.")
    bad("size-max", "size at 24 is 2^64 - 1", size=MAX64)
    bad("size-2-63", "size at 24 is 2^63", size=1 << 63)
    corpus.about("bad qcow2", "a size of more than the L1 table covers.")
    bad("size-past-l1", "size at 24 is 32769, for which the L1 table of 1 entry is too short", size=32_769)
    bad("size-huge", "size at 24 is 2^63 - 1: far more than the L1 table covers", size=(1 << 63) - 1)
    corpus.about("unsupported qcow2", "an encryption that means nothing (yet).")
    bad("crypt-3", "crypt_method at 32 is 3, expected 0...2", "unsupported", crypt_method=3)
    corpus.about("unsupported qcow2", "encrypted by AES.")
    bad("aes", "crypt_method at 32 is 1: AES", "unsupported", crypt_method=1)
    corpus.about("bad qcow2", "a header shorter than it must be, or longer than a cluster.")
    for length in (96, 520, MAX32 - 7):
        bad(f"header-length-{'max' if length > 520 else length}", f"header_length at 100 is {length}, expected 104...512",
            header_length=length)
    corpus.about("bad qcow2", "the header's length is no multiple of 8, which qemu does not mind.")
    bad("header-length-108", "header_length at 100 is 108, no multiple of 8", header_length=108, qemu_accepts=True)
    corpus.about("bad qcow2", "another compression without the feature bit for it.")
    bad("compression-type-1", "compression_type at 104 is 1, without the feature bit for it", compression_type=1)
    corpus.about("bad qcow2", "the feature bit for another compression without that.")
    bad("compression-type-0", "compression_type at 104 is 0, with the feature bit for others", incompatible_features=qcow2.COMPRESSION_TYPE)
    corpus.about("unsupported qcow2", "a compression that means nothing (yet).")
    bad("compression-type-2", "compression_type at 104 is 2, which means nothing (yet)", "unsupported",
        incompatible_features=qcow2.COMPRESSION_TYPE, compression_type=2)
    corpus.about("bad qcow2", "extended L2 entries with clusters of 512 bytes.")
    bad("extended-512", "extended L2 entries with clusters of 512 bytes, expected 16 KiB at least",
        incompatible_features=qcow2.EXTENDED_L2)


def features(corpus, nothing):
    corpus.about("unsupported qcow2", "an incompatible feature that means nothing (yet).")
    for bit in (5, 63):
        corpus.bad(f"unsupported-qcow2-feature-{bit}.qcow2", change(nothing, incompatible_features=1 << bit),
                   f"incompatible_features at 72 has bit {bit} set; must fail at open")
    table = b"".join(bytes([kind, bit]) + name.ljust(46, b"\0") for kind, bit, name in (
        (0, 0, b"dirty bit"), (1, 6, b"another one"), (0, 6, b"warp \x1b[31mdrive"), (0, 7, b"a name of 46 bytes, which fills its field up..")))
    file = with_extensions(change(nothing, incompatible_features=0xC0), qcow2.extension(qcow2.FEATURE_NAMES, table))
    corpus.about("unsupported qcow2",
                 "incompatible features that mean nothing (yet), with names for them, one of which would colour a terminal.")
    corpus.bad("unsupported-qcow2-feature-names.qcow2", file,
               "incompatible_features at 72 has the bits 6 and 7 set, whose names are in the table; must fail at open")


def extensions(corpus, nothing):
    at = field(nothing, "header_length")

    def bad(name, note, *parts, verdict="bad", file=nothing, **more):
        corpus.bad(f"{verdict}-qcow2-extension-{name}.qcow2", with_extensions(file, *parts), note + "; must fail at open", **more)

    corpus.about("bad qcow2", "a header extension of more than there is room for.")
    bad("length", f"the extension at {at} has 512 bytes of data, more than there are", qcow2.extension(0x12345678, b"", 512))
    bad("length-max", f"the extension at {at} has 2^32 - 1 bytes of data", qcow2.extension(0x12345678, b"", MAX32))
    corpus.about("bad qcow2", "extensions that are known, and wrong.")
    bad("backing-format-16", f"the backing format at {at + 8} has 16 bytes, expected 15 at most",
        qcow2.extension(qcow2.BACKING_FORMAT, b"a" * 16))
    bad("bitmaps-16", f"the bitmaps extension at {at + 8} has 16 bytes, expected 24", qcow2.extension(qcow2.BITMAPS_EXTENSION, bytes(16)))
    bad("crypto-8", f"the encryption header pointer at {at + 8} has 8 bytes, expected 16", qcow2.extension(qcow2.CRYPTO, bytes(8)))
    bad("crypto-outside", f"the encryption header pointer at {at + 8} is 2^64 - 1", qcow2.extension(qcow2.CRYPTO, b"\xff" * 16),
        file=change(nothing, crypt_method=2))
    file = put(change(nothing, cluster_bits=11, l1_table_offset=2048, size=32_768), 2048, bytes(2048))
    bad("data-file-1024", f"the data file's name at {at + 8} has 1024 bytes, expected 1023 at most",
        qcow2.extension(qcow2.DATA_FILE_NAME, b"a" * 1024), file=change(file, incompatible_features=qcow2.DATA_FILE))
    corpus.about("bad qcow2", "the extension that names the data file is missing.")
    bad("data-file-none", "the data is in another file, and no extension names it",
        file=change(nothing, incompatible_features=qcow2.DATA_FILE))
    luks = with_extensions(change(nothing, crypt_method=2), qcow2.extension(qcow2.CRYPTO, number(1024, 8) + number(512, 8)))
    corpus.about("unsupported qcow2", "encrypted by LUKS.")
    corpus.bad("unsupported-qcow2-luks.qcow2", put(luks, 1024, b"LUKS\xba\xbe\0\1"), "crypt_method at 32 is 2: LUKS; must fail at open")


def with_backing(file, name, kind="raw", offset=None):
    offset = 512 - len(name) if offset is None else offset
    extensions = [qcow2.extension(qcow2.BACKING_FORMAT, kind.encode())] if kind else []
    file = with_extensions(change(file, backing_file_offset=offset, backing_file_size=len(name)), *extensions)
    return put(file, offset, name)


def with_data_file(file, name):
    return with_extensions(change(file, incompatible_features=qcow2.DATA_FILE), qcow2.extension(qcow2.DATA_FILE_NAME, name))


def names(corpus, nothing):
    """What images name, and how."""
    def bad(name, note, **fields):
        corpus.bad(f"bad-qcow2-{name}.qcow2", change(nothing, **fields), note + "; must fail at open")

    corpus.about("bad qcow2", "the name of the backing file does not lie in the first cluster, or in the file.")
    bad("backing-offset", "backing_file_offset at 8 is 513, past the first cluster", backing_file_offset=513, backing_file_size=4)
    bad("backing-offset-max", "backing_file_offset at 8 is 2^64 - 1", backing_file_offset=MAX64, backing_file_size=4)
    bad("backing-size", "backing_file_size at 16 is 17, but 16 bytes of the first cluster are left",
        backing_file_offset=496, backing_file_size=17)
    bad("backing-size-max", "backing_file_size at 16 is 2^32 - 1", backing_file_offset=496, backing_file_size=MAX32)
    large = put(change(nothing, cluster_bits=11, l1_table_offset=2048, size=32_768), 2048, bytes(2048))
    corpus.bad("bad-qcow2-backing-size-1024.qcow2", change(large, backing_file_offset=512, backing_file_size=1024),
               "backing_file_size at 16 is 1024, expected 1023 at most; must fail at open")
    corpus.bad("bad-qcow2-backing-cut.qcow2", change(large, backing_file_offset=2040, backing_file_size=8)[:2044],
               "the L1 table is cut off, and the backing file's name before it; must fail at open")

    def backing(name, target, why):
        corpus.refused(f"refused-qcow2-backing-{name}.qcow2", with_backing(nothing, target), None, None,
                       f"the backing file {why}; must be refused at open")

    absolute, parent = b"/etc/shadow", b"../../../../../../../../../../etc/passwd"
    protocol = b'json:{"driver":"file","filename":"/etc/shadow"}'
    corpus.about("refused qcow2", "backing files somewhere else.")
    backing("absolute", absolute, "lies in /etc")
    backing("parent", parent, "leads out of the directory")
    backing("device", b"/dev/zero", "is a device")
    backing("fd", b"/dev/fd/0", "is standard input")
    corpus.about("refused qcow2", "what qemu would open by a protocol.")
    backing("json", protocol, "is described by json:")
    backing("nbd", b"nbd://127.0.0.1:1/", "is a server")
    backing("nbd-unix", b"nbd:unix:/tmp/socket", "is a server")
    backing("fat", b"fat:good-raw-qcow2-backing.raw", "has a protocol")
    corpus.about("refused qcow2", "control characters in the name.")
    backing("nul", b"good-raw-qcow2-backing.raw\0.raw", "has a NUL in its name")
    backing("escape", b"\x1b]0;title\x07.raw", "has control characters in its name")
    corpus.about("refused qcow2", "a directory.")
    backing("directory", b".", "is a directory")
    corpus.about("refused qcow2", "data files somewhere else or by a protocol, and one without a name.")
    for name, target, why in (("absolute", absolute, "lies in /etc"), ("parent", parent, "leads out of the directory"),
                              ("json", protocol, "is described by json:"), ("empty", b"", "has an empty name")):
        corpus.refused(f"refused-qcow2-data-file-{name}.qcow2", with_data_file(nothing, target), None, None,
                       f"the data file {why}; must be refused at open")
    name = "bad-qcow2-backing-itself.qcow2"
    corpus.about("bad qcow2", "chains without an end.")
    corpus.bad(name, with_backing(nothing, name.encode(), "qcow2"), "the backing file is the file itself; must fail at open")
    first, second = "bad-qcow2-backing-circle-1.qcow2", "bad-qcow2-backing-circle-2.qcow2"
    for one, other in ((first, second), (second, first)):
        corpus.bad(one, with_backing(nothing, other.encode(), "qcow2"), f"the backing file's own one is this file; must fail at open",
                   needs=[other])
    corpus.about("unsupported qcow2", "the backing file is of a format that does not exist.")
    corpus.bad("unsupported-qcow2-backing-format.qcow2", with_backing(nothing, b"good-raw-qcow2-backing.raw", "warp"),
               "the format of the backing file is called warp; must fail at open", needs=["good-raw-qcow2-backing.raw"])
    corpus.about("bad qcow2", "the backing file is bad.")
    corpus.bad("bad-qcow2-backing-bad.qcow2", with_backing(nothing, b"bad-qcow2-cluster-bits-8.qcow2", "qcow2"),
               "the backing file's cluster_bits at 20 are 8; must fail at open", needs=["bad-qcow2-cluster-bits-8.qcow2"])
    corpus.about("bad qcow2", "the backing file is no qcow2 file.")
    corpus.bad("bad-qcow2-backing-not-qcow2.qcow2", with_backing(nothing, b"good-raw-qcow2-backing.raw", "qcow2"),
               "the backing file is a raw disk, and recorded as qcow2; must fail at open", needs=["good-raw-qcow2-backing.raw"])


def l1(corpus, nothing):
    size, at = len(nothing), field(nothing, "l1_table_offset")

    def bad(name, note, verdict="bad", qemu_accepts=False, **fields):
        corpus.bad(f"{verdict}-qcow2-l1-{name}.qcow2", change(nothing, **fields), note + "; must fail at open", qemu_accepts=qemu_accepts)

    corpus.about("bad qcow2", "the L1 table. To qemu a file goes on in zeroes, here and below.")
    bad("size-0", "l1_size at 36 is 0, the disk takes 1 entry", l1_size=0)
    bad("size-past-end", f"l1_size at 36 is {(size - at) // 8 + 1}: 8 bytes more than the file has", l1_size=(size - at) // 8 + 1,
        qemu_accepts=True)
    bad("offset-unaligned", f"l1_table_offset at 40 is {at + 8}, no multiple of 512", l1_table_offset=at + 8)
    bad("offset-outside", "l1_table_offset at 40 is 1 MiB, past the end", l1_table_offset=1 << 20, qemu_accepts=True)
    bad("offset-2-63", "l1_table_offset at 40 is 2^63", l1_table_offset=1 << 63)
    bad("offset-max", "l1_table_offset at 40 is 2^64 - 512: the end of the table overflows", l1_table_offset=MAX64 - 511)
    corpus.about("unsupported qcow2", "an L1 table of 16 GiB.")
    bad("size-2-31", "l1_size at 36 is 2^31: 16 GiB, and 32 MiB are the limit", "unsupported", l1_size=1 << 31)
    corpus.about("unsupported qcow2", "an L1 table of 32 GiB.")
    bad("size-max", "l1_size at 36 is 2^32 - 1", "unsupported", l1_size=MAX32)


def cut(corpus, nothing, file):
    corpus.about("bad qcow2", "cut off in the header.")
    for count in (0, 4, 71, 103):
        if count:
            corpus.bad(f"bad-qcow2-cut-{count}.qcow2", nothing[:count], f"the header ends after {count} bytes; must fail at open")
    at = field(nothing, "l1_table_offset")
    corpus.about("bad qcow2", "cut off in the L1 table.")
    corpus.bad("bad-qcow2-cut-l1.qcow2", nothing[:at + 4], f"the L1 table at {at} is cut off after 4 bytes; must fail at open",
               qemu_accepts=True)
    tables = Tables(file)
    table = get(file, tables.l1_entry(2)) & qcow2.OFFSET
    last = get(file, tables.l2_entry(159)) & qcow2.OFFSET
    assert table < last == len(file) - 512
    corpus.about("bad qcow2 reads", "cut off in an L2 table.")
    corpus.bad("bad-qcow2-cut-l2.qcow2", file[:table + 256], f"the L2 table at {table} is cut off after 256 bytes; "
               "fails reads from 65536 on", qemu_accepts=True)
    corpus.about("bad qcow2 reads", "cut off before the last cluster.")
    corpus.bad("bad-qcow2-cut-cluster.qcow2", file[:last], f"the cluster at {last} is missing; fails reads from 81408 on",
               qemu_accepts=True)


def entries(corpus, folder):
    file = base(folder).file
    tables, size = Tables(file), len(file)

    def bad(name, at, value, note, **more):
        corpus.bad(f"bad-qcow2-{name}.qcow2", put(file, at, value), note, **more)

    larger = base(folder, "larger", size=4096, clusters=8, unit=1024).file
    larger_tables = Tables(larger)

    def unaligned(name, at, value, note):
        corpus.bad(f"bad-qcow2-{name}-unaligned.qcow2.xz", xz_compress(put(larger, at, value), "-T1"), note)

    at = tables.l1_entry(1)
    corpus.about("bad qcow2 reads", "where an L2 table is.")
    for name, value, what in (("outside", 1 << 40, "2^40"), ("last-sector", (size + 511) // 512 * 512, "the end of the file"),
                              ("max", qcow2.OFFSET, "2^56 - 512")):
        bad(f"l1-entry-{name}", at, value | qcow2.COPIED, f"the L2 table that the L1 entry at {at} names lies at {what}; "
            "fails reads from 32768 to 65535", qemu_accepts=True)
    at = larger_tables.l1_entry(0)
    unaligned("l1-entry", at, get(larger, at) + 512, f"the L1 entry at {at} names an L2 table at no multiple of 4096; fails all reads")
    at = tables.l2_entry(5)
    corpus.about("bad qcow2 reads", "where a cluster is.")
    for name, value, what in (("outside", 1 << 40, "2^40"), ("end", (size + 511) // 512 * 512, "the end of the file"),
                              ("max", qcow2.OFFSET, "2^56 - 512")):
        bad(f"l2-entry-{name}", at, value | qcow2.COPIED, f"the cluster that the L2 entry at {at} names lies at {what}; "
            "fails reads from 2560 to 3071", qemu_accepts=True)
    at = larger_tables.l2_entry(1)
    unaligned("l2-entry", at, get(larger, larger_tables.l2_entry(0)) + 2048,
              f"the L2 entry at {at} names a cluster at no multiple of 4096; fails reads from 4096 to 8191")
    at = tables.l2_entry(5)
    corpus.about("bad qcow2 reads", "where a compressed cluster is.")
    for name, value, what in (("outside", 1 << 40, "2^40"), ("end", size, "the end of the file"), ("max", (1 << 61) - 1, "2^61 - 1")):
        bad(f"compressed-{name}", at, qcow2.COMPRESSED | value,
            f"the compressed cluster that the L2 entry at {at} names lies at {what}; fails reads from 2560 to 3071")

    old = base(folder, "base v2", "compat=0.10").file
    at = Tables(old).l2_entry(5)
    corpus.about("bad qcow2 reads", "a cluster of zeroes in version 2.")
    corpus.bad("bad-qcow2-v2-zero.qcow2", put(old, at, qcow2.ZERO),
               f"the L2 entry at {at} is a cluster of zeroes, which version 2 does not have; fails reads from 2560 to 3071")

    extended = Image(folder, "extended", 262_144, "cluster_size=16384", "extended_l2=on")
    extended.write(0, data.text(2048, "extended"))
    extended = extended.file
    at = Tables(extended).l2_entry(0)
    corpus.about("bad qcow2 reads", "subclusters that are both allocated and zero, and allocated in no cluster.")
    for name, entry, bitmap, note in (
        ("both", get(extended, at), 0xF | 1 << 33, "has a subcluster that is both allocated and zero"),
        ("nowhere", 0, 1, "has an allocated subcluster, and no cluster"),
    ):
        corpus.bad(f"bad-qcow2-extended-{name}.qcow2.xz", xz_compress(put(put(extended, at, entry), at + 8, bitmap), "-T1"),
                   f"the L2 entry at {at} {note}; fails reads from 0 to 16383")


def clusters(corpus, folder):
    """Compressed data that is damaged. Cluster 24 of the disk begins at 12288.

    To qemu a file goes on in zeroes, which it may decompress to something.
    """
    file, where = base(folder).file, "fails reads from 12288 to 12799"
    content = data.text(512, "cluster")
    whole = deflate(content)

    def bad(name, stream, note, file=file, verdict="bad", **more):
        corpus.bad(f"{verdict}-qcow2-{name}.qcow2", replace_compressed(file, 24, stream), f"{note}; {where}", **more)

    corpus.about("bad qcow2 reads", "compressed data that is none, or not enough.")
    bad("deflate-garbage", b"\xff" * 100, "the deflate data starts with a block of type 3")
    bad("deflate-short", deflate(content[:511]), "the deflate data ends after 511 bytes, expected 512")
    bad("deflate-cut", whole[:len(whole) // 2], "the deflate data is cut off", qemu_accepts=True)
    bad("deflate-wrapped", zlib.compress(content), "a zlib header before the deflate data")
    bad("deflate-empty", deflate(b""), "the deflate data holds nothing")
    bad("deflate-zstd", zstd(content), "a zstd frame in an image with deflate")
    stored = b"\0" + (600).to_bytes(2, "little") + (~600 & 0xFFFF).to_bytes(2, "little") + content[:300]
    bad("deflate-stored-cut", stored, "a stored block of 600 bytes, of which there are 300")

    file = base(folder, "zstd", "compression_type=zstd").file
    frame = zstd(content)
    more = dict(file=file)
    corpus.about("bad qcow2 reads", "likewise.")
    bad("zstd-garbage", b"\xff" * 100, "no zstd magic", **more)
    bad("zstd-short", zstd(content[:511]), "the zstd frame holds 511 bytes, expected 512", **more)
    bad("zstd-long", zstd(content + b"x"), "the zstd frame holds 513 bytes, expected 512", **more)
    bad("zstd-cut", frame[:-3], "the zstd frame is cut off at the end of the file", **more)
    bad("zstd-empty-frames", zstd(b"") * 20, "zstd frames that hold nothing, and then no more", **more)
    bad("zstd-skippable", b"\x50\x2a\x4d\x18" + (MAX32).to_bytes(4, "little"), "a skippable frame of 2^32 - 1 bytes", **more)
    bad("zstd-content-size", b"\x28\xb5\x2f\xfd\xe0" + (1 << 62).to_bytes(8, "little") + frame[-20:],
        "the zstd frame says that it holds 2^62 bytes", **more)
    bad("zstd-dictionary", b"\x28\xb5\x2f\xfd\x21\x07\xff" + frame[-20:], "the zstd frame asks for dictionary 7", **more)
    bad("zstd-checksum", zstd(content, "--check")[:-1] + b"\0", "the checksum of the zstd frame is wrong", **more)
    bad("zstd-deflate", deflate(content), "deflate data in an image with zstd", **more)
    corpus.about("unsupported qcow2", "frames that ask for a window of 256 MiB and 2 GiB. They open, and the reads of that cluster fail.")
    for bits in (28, 31):
        header = b"\x28\xb5\x2f\xfd\x00" + bytes([bits - 10 << 3])
        block = (len(content) << 3 | 1).to_bytes(3, "little") + content
        bad(f"zstd-window-{bits}", header + block, f"the zstd frame asks for a window of 2^{bits} bytes", verdict="unsupported", **more)


def data_file(corpus, folder):
    image = Image(folder, "data file", 24_576, "cluster_size=512", "data_file=good-raw-qcow2-data-file.raw", "data_file_raw=off")
    image.write(0, data.text(2048, "data file"))
    file, needs = image.file, ["good-raw-qcow2-data-file.raw"]
    at = Tables(file).l2_entry(1)
    corpus.about("bad qcow2 reads", "a cluster at another offset of the data file than it has on the disk, and a compressed one.")
    for name, entry, note in (
        ("elsewhere", 1024 | qcow2.COPIED, "names offset 1024 in the data file, expected 512 as on the disk"),
        ("compressed", qcow2.COMPRESSED | 512, "names a compressed cluster, which there is none of with a data file"),
    ):
        corpus.bad(f"bad-qcow2-data-file-{name}.qcow2", put(file, at, entry), f"the L2 entry at {at} {note}; fails reads from 512 to 1023",
                   needs=needs)
    image = Image(folder, "large", 25_088, "cluster_size=512", "data_file=large.raw", "data_file_raw=on")
    file = with_extensions(change(image.file, autoclear_features=2), qcow2.extension(qcow2.DATA_FILE_NAME, b"good-raw-qcow2-data-file.raw"))
    corpus.about("bad qcow2 reads", "a data file that is cut short.")
    corpus.bad("bad-qcow2-data-file-short.qcow2", file, "the data file, which alone is the disk, has 24576 bytes, expected 25088; "
               "fails reads from 24576 on", needs=needs, qemu_accepts=True)


def snapshots(corpus, folder):
    image = Image(folder, "snapshots", 32_768, "cluster_size=512")
    image.write(0, data.text(1024, "snapshots"))
    first = image.snapshot("first")
    image.write(0, data.noise(512, "snapshots"))
    second = image.snapshot("second")
    image.write(512, data.noise(512, "snapshots"))
    file, disk = image.file, bytes(image.disk)
    entry, next_entry = qcow2.snapshots(file)

    def broken(name, changed, held, qemu_accepts=False):
        corpus.good(f"good-qcow2-snapshots-{name}.qcow2", changed, disk, "qcow2", snapshots=held, qemu_accepts=qemu_accepts)

    def error(note):
        return [("1", f"?: {note}"), ("2", f"?: {note}")]

    corpus.about("qcow2 broken snapshots", "how many there are.")
    broken("65537", change(file, nb_snapshots=65_537), error("nb_snapshots at 60 is 65537, expected 65536 at most"))
    broken("count-max", change(file, nb_snapshots=MAX32), error("nb_snapshots at 60 is 2^32 - 1"))
    broken("one-too-many", change(file, nb_snapshots=3), [("1", first), ("2", second), ("3", "?: the third entry is not there")], qemu_accepts=True)
    corpus.about("qcow2 broken snapshots", "where the list is.")
    broken("unaligned", change(file, snapshots_offset=field(file, "snapshots_offset") + 8), error("snapshots_offset is no multiple of 512"))
    broken("outside", change(file, snapshots_offset=1 << 40), error("snapshots_offset is 2^40"), qemu_accepts=True)
    broken("offset-max", change(file, snapshots_offset=MAX64 - 511), error("snapshots_offset is 2^64 - 512"))
    corpus.about("qcow2 broken snapshots", "how long an entry is.")
    broken("extra-1025", put(file, entry + 36, 1025, 4), error(f"extra length at {entry + 36} is 1025, expected 1024 at most"))
    broken("id-past-end", put(file, next_entry + 12, 0xFFFF, 2),
           [("1", first), ("2", f"?: the ID of the second entry, at {next_entry}, is 65535 bytes long")], qemu_accepts=True)

    def of_first(name, at, value, width, what):
        # qemu looks at no table of a snapshot that is not asked for.
        broken(name, put(file, at, value, width), [("1", f"?: snapshot 1: {what}"), ("2", second)], qemu_accepts=True)

    corpus.about("qcow2 broken snapshots", "the L1 table of the first one.")
    of_first("l1-outside", entry, 1 << 40, 8, "the L1 table lies at 2^40")
    of_first("l1-unaligned", entry, get(file, entry) + 8, 8, "the L1 table lies at no multiple of 512")
    of_first("l1-offset-max", entry, MAX64 - 511, 8, "the end of the L1 table overflows")
    of_first("l1-size-0", entry + 8, 0, 4, "the L1 table has no entries")
    of_first("l1-size-max", entry + 8, MAX32, 4, "the L1 table has 2^32 - 1 entries")
    corpus.about("qcow2 broken snapshots", "the size of its disk.")
    of_first("disk-size-max", entry + 48, MAX64, 8, "the disk has 2^64 - 1 bytes")
    of_first("disk-size-larger", entry + 48, 1 << 40, 8, "the disk has 2^40 bytes, for which the L1 table is too short")


def bitmaps(corpus, folder):
    image = Image(folder, "bitmaps", 32_768, "cluster_size=512")
    image.img("bitmap", "--add", "-g", "512", image.name, "one")
    image.write(0, data.text(1024, "bitmaps"))
    file, disk = image.file, bytes(image.disk)
    extension, directory = qcow2.bitmap_directory(file)

    def broken(name, at, value, width, qemu_accepts=False):
        corpus.good(f"good-qcow2-bitmaps-{name}.qcow2", put(file, at, value, width), disk, "qcow2", qemu_accepts=qemu_accepts)

    corpus.about("qcow2 broken bitmaps", "how many there are; there is one.")
    broken("count-0", extension, 0, 4)
    broken("count-65536", extension, 65_536, 4)
    broken("count-2", extension, 2, 4)
    corpus.about("qcow2 broken bitmaps", "where the list is.")
    broken("directory-size-max", extension + 8, MAX64, 8)
    broken("directory-unaligned", extension + 16, directory + 8, 8)
    broken("directory-outside", extension + 16, 1 << 40, 8)
    broken("directory-overflow", extension + 16, MAX64 - 511, 8)
    corpus.about("qcow2 broken bitmaps", "where the table is.")
    broken("table-unaligned", directory, get(file, directory) + 8, 8)
    broken("table-outside", directory, 1 << 40, 8, qemu_accepts=True)
    broken("table-overflow", directory, MAX64 - 511, 8)
    broken("table-size-0", directory + 8, 0, 4)
    broken("table-size-max", directory + 8, MAX32, 4)
    corpus.about("qcow2 broken bitmaps", "not saved properly.")
    broken("in-use", directory + 12, 1, 4, qemu_accepts=True)
    corpus.about("qcow2 broken bitmaps", "the other fields.")
    broken("flags", directory + 12, 8, 4)
    broken("type-2", directory + 16, 2, 1)
    broken("granularity-8", directory + 17, 8, 1)
    broken("granularity-32", directory + 17, 32, 1)
    broken("name-0", directory + 18, 0, 2)
    broken("name-1024", directory + 18, 1024, 2)
    broken("extra-max", directory + 20, MAX32, 4)


def qcow(corpus, folder):
    image = Image(folder, "qcow", 16_384, format="qcow")
    nothing = image.file
    image.write_compressed(0, data.text(4096, "qcow"))
    image.write(8192, data.text(512, "qcow"))
    file = image.file

    def bad(name, at, value, width, note, verdict="bad", base=nothing, **more):
        corpus.bad(f"{verdict}-qcow-{name}.qcow", put(base, at, value, width), note, **more)

    opening = "; must fail at open"
    corpus.about("bad qcow", "fields that are out of range.")
    for bits in (8, 17, 255):
        bad(f"cluster-bits-{bits}", 32, bits, 1, f"cluster_bits at 32 are {bits}, expected 9...16" + opening)
    for bits in (5, 14, 255):
        bad(f"l2-bits-{bits}", 33, bits, 1, f"l2_bits at 33 are {bits}, expected 6...13" + opening)
    bad("size-max", 24, MAX64, 8, "size at 24 is 2^64 - 1" + opening)
    corpus.about("bad qcow", "an L1 table of 16 TiB.")
    bad("size-huge", 24, 1 << 62, 8, "size at 24 is 2^62: an L1 table of 2^41 entries" + opening, "unsupported")
    corpus.about("bad qcow", "encryption.")
    bad("aes", 36, 1, 4, "crypt_method at 36 is 1: AES" + opening, "unsupported")
    bad("crypt-2", 36, 2, 4, "crypt_method at 36 is 2, expected 0 or 1" + opening, "unsupported")
    corpus.about("bad qcow", "where the L1 table is.")
    bad("l1-outside", 40, 1 << 40, 8, "l1_table_offset at 40 is 2^40" + opening, qemu_accepts=True)
    bad("l1-overflow", 40, MAX64 - 7, 8, "l1_table_offset at 40 is 2^64 - 8" + opening)
    put_name = put(nothing, 8, number(48, 8) + number(1024, 4))
    corpus.about("bad qcow", "the name of the backing file.")
    corpus.bad("bad-qcow-backing-size-1024.qcow", put_name, "backing_file_size at 16 is 1024, expected 1023 at most" + opening)
    corpus.bad("bad-qcow-backing-outside.qcow", put(nothing, 8, number(1 << 40, 8) + number(8, 4)),
               "backing_file_offset at 8 is 2^40" + opening, qemu_accepts=True)
    corpus.about("bad qcow", "a header that is cut off.")
    corpus.bad("bad-qcow-cut-47.qcow", nothing[:47], "the header ends after 47 bytes" + opening, qemu_accepts=True)
    l1 = get(file, 40)
    table = get(file, l1)
    corpus.about("bad qcow reads", "table entries.")
    bad("l1-entry-outside", l1, 1 << 40, 8, f"the L1 entry at {l1} names an L2 table at 2^40; fails all reads", base=file, qemu_accepts=True)
    bad("l1-entry-max", l1, MAX64, 8, f"the L1 entry at {l1} names an L2 table at 2^64 - 1; fails all reads", base=file)
    at = table + 8
    bad("l2-entry-unaligned", at, 8200, 8, f"the L2 entry at {at} is 8200, no multiple of 512; fails reads from 4096 to 8191", base=file)
    bad("l2-entry-outside", at, 1 << 40, 8, f"the L2 entry at {at} is 2^40; fails reads from 4096 to 8191", base=file, qemu_accepts=True)
    bad("l2-entry-max", at, (1 << 63) - 512, 8, f"the L2 entry at {at} is 2^63 - 512; fails reads from 4096 to 8191", base=file)
    corpus.about("bad qcow reads", "compressed clusters.")
    bad("compressed-outside", at, 1 << 63 | 100 << 51 | 1 << 40, 8, f"the L2 entry at {at} names compressed data at 2^40; "
        "fails reads from 4096 to 8191", base=file)
    bad("compressed-0-bytes", at, 1 << 63 | table, 8, f"the L2 entry at {at} names 0 bytes of compressed data; "
        "fails reads from 4096 to 8191", base=file)
    bad("compressed-garbage", at, 1 << 63 | 100 << 51 | table, 8, f"the L2 entry at {at} names compressed data that is none; "
        "fails reads from 4096 to 8191", base=file)
