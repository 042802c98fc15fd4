"""The good xz files, and the two kinds of containers around small disks that are not read."""

import io
import zipfile

import container as xz
import data
import lzmabits
from tools import run, xz_compress

SAMPLES = {  # every file's disk is made from its own seed
    "x86": data.x86, "powerpc": data.powerpc, "ia64": data.ia64, "arm": data.arm,
    "armthumb": data.armthumb, "sparc": data.sparc, "arm64": data.arm64,
}


def base():
    """Three blocks of 4096, 4096 and 808 bytes, without sizes in their headers: what most bad files derive from."""
    disk = data.text(9000, "base")
    return disk, xz_compress(disk, "-T1", "--block-size=4096")


def base_sizes(check="crc64"):
    """The same disk by the threaded encoder, which writes the sizes into the block headers."""
    disk = data.text(9000, "base")
    return disk, xz_compress(disk, "-T2", "--block-size=4096", "-C", check)


def two_streams():
    first, second = data.text(6000, "first stream"), data.text(5000, "second stream")
    return first, second, xz_compress(first, "-T1"), xz_compress(second, "-T1")


def lzma2(disk, dictionary="64KiB"):
    """The Compressed Data of a block."""
    return run(["xz", "-c", "--format=raw", f"--lzma2=dict={dictionary}"], disk)


def piece(disk, payload=None, check=xz.CRC32, filters=(xz.LZMA2_64K,), sizes=(), **header):
    payload = lzma2(disk) if payload is None else payload
    if "compressed" in sizes:
        header["compressed"] = len(payload)
    if "uncompressed" in sizes:
        header["uncompressed"] = len(disk)
    return xz.Piece(xz.block_header(filters, **header), payload, len(disk), xz.check_value(check, disk))


def chunk_mix():
    """Every kind of LZMA2 chunk in one block.

    A chunk from `xz --format=raw` refers to nothing before itself, so any reset can be put in front of it, as long as
    the chunks before it have lengths divisible by 16 and end in a byte below 32 (the literal context it was coded in).
    """
    def part(number):
        return data.text(2047, f"chunk {number}")[:-1].ljust(2047, b".") + b"\n"

    def coded(control, body):
        raw = lzma2(body)
        size = int.from_bytes(raw[3:5], "big") + 1
        assert raw[0] == 0xE0 and raw[6 + size:] == b"\0"
        return lzmabits.lzma_chunk(control, len(body), raw[6:6 + size], raw[5] if control >= 0xC0 else None)

    parts = [part(number) for number in range(8)]
    repeat = parts[6][-400:]
    chunks = [
        lzmabits.stored(parts[0]), coded(0xC0, parts[1]), lzmabits.stored(parts[2], reset=False), coded(0xA0, parts[3]),
        coded(0xE0, parts[4]), lzmabits.stored(parts[5]), coded(0xC0, parts[6]), coded(0xA0, parts[7]),
        lzmabits.stored(repeat, reset=False),
    ]
    return b"".join(parts) + repeat, b"".join(chunks) + b"\0"


def make(corpus):
    good = corpus.good

    # Blocks.
    good("good-xz-base.xz", *swap(base()))
    good("good-xz-base-sizes.xz", *swap(base_sizes()))
    disk = data.mix(200_704, "single block")
    good("good-xz-single-block.xz", xz_compress(disk, "-T1"), disk)
    disk = data.mix(180_224, "many blocks")
    good("good-xz-blocks-sizes.xz", xz_compress(disk, "-T2", "--block-size=16KiB"), disk)
    good("good-xz-blocks-no-sizes.xz", xz_compress(disk, "-T1", "--block-size=16KiB"), disk)
    disk = data.mix(131_072, "block list")
    good("good-xz-block-list.xz", xz_compress(disk, "-T1", "--block-list=1,511,4096,16KiB,3,60KiB,0"), disk)
    good("good-xz-block-list-sizes.xz", xz_compress(disk, "-T2", "--block-size=64KiB", "--block-list=40KiB,1,20000,0"), disk)
    disk = data.text(3000, "1024 blocks") + bytes(1_048_576 - 3000)
    good("good-xz-1024-blocks.xz", xz_compress(disk, "-T1", "--block-size=1024", "-C", "none"), disk)
    disk = data.text(4096, "empty blocks")
    empty, full = piece(b"", b"\0"), piece(disk)
    good("good-xz-empty-blocks.xz", xz.stream([empty, full, empty, empty, full, empty]), disk * 2)
    good("good-xz-only-empty-blocks.xz", xz.stream([empty, empty]), b"")
    disk = data.text(4096, "block header")
    forms = [
        piece(disk, sizes=["compressed"]), piece(disk, sizes=["uncompressed"]),
        piece(disk, sizes=["compressed", "uncompressed"]), piece(disk, size=1024),
        piece(disk, sizes=["compressed", "uncompressed"], size=64),
    ]
    good("good-xz-block-header-forms.xz", xz.stream(forms), disk * len(forms))

    # Streams.
    first, second, a, b = two_streams()
    third = data.noise(700, "third stream")
    c = xz_compress(third, "-T1")
    good("good-xz-streams-2.xz", a + b, first + second)
    good("good-xz-streams-3.xz", a + b + c, first + second + third)
    blocks = data.mix(98_304, "streams of blocks")
    d = xz_compress(blocks, "-T2", "--block-size=32KiB")
    good("good-xz-streams-of-blocks.xz", d + a + d, blocks + first + blocks)
    e = b"".join(xz_compress(third, "-T1", "-C", check) for check in ("none", "crc32", "crc64", "sha256"))
    good("good-xz-streams-checks.xz", e, third * 4)
    tiny = [data.text(100 + number, f"tiny {number}") for number in range(150)]
    good("good-xz-streams-150.xz", b"".join(xz_compress(part, "-T1", "-0", "-C", "crc32") for part in tiny), b"".join(tiny))
    good("good-xz-padding-4-between.xz", a + bytes(4) + b, first + second)
    good("good-xz-padding-8-end.xz", a + b + bytes(8), first + second)
    good("good-xz-padding-64k.xz", a + bytes(65536) + b + bytes(65536), first + second)
    empty = xz_compress(b"", "-T1")
    good("good-xz-empty.xz", empty, b"")
    good("good-xz-empty-then-data.xz", empty + a, first)
    good("good-xz-data-then-empty.xz", a + empty, first)
    good("good-xz-empty-between.xz", a + empty + bytes(12) + empty + b + empty + bytes(4), first + second)
    good("good-xz-empty-padding.xz", empty + bytes(4) + empty + bytes(8), b"")

    # Checks.
    disk = data.mix(20_480, "checks")
    for check in ("none", "crc32", "crc64", "sha256"):
        good(f"good-xz-check-{check}.xz", xz_compress(disk, "-T1", "-C", check, "--block-size=8192"), disk)
    disk = data.text(2048, "reserved check")
    good("good-xz-check-reserved-2.xz", xz.stream([piece(disk, check=2), piece(disk, check=2)], check=2), disk * 2)
    reserved = [check for check in range(16) if check not in (xz.NONE, xz.CRC32, xz.CRC64, xz.SHA256)]
    good("good-xz-check-reserved-all.xz", b"".join(xz.stream([piece(disk, check=check)], check=check) for check in reserved),
         disk * len(reserved))

    # Filters.
    for name, code in SAMPLES.items():
        disk = code(24_576, name)
        good(f"good-xz-{name}.xz", xz_compress(disk, "-T1", f"--{name}", "--lzma2=dict=64KiB"), disk)
    disk = data.x86(24_576, "x86")
    good("good-xz-x86-blocks.xz", xz_compress(disk, "-T1", "--x86", "--lzma2=dict=64KiB", "--block-size=5000"), disk)
    good("good-xz-x86-start.xz", xz_compress(disk, "-T1", "--x86=start=4294963200", "--lzma2=dict=64KiB"), disk)
    disk = data.arm64(24_576, "arm64")
    good("good-xz-arm64-start.xz", xz_compress(disk, "-T1", "--arm64=start=1048576", "--lzma2=dict=64KiB"), disk)
    disk = data.samples(24_576, "delta")
    good("good-xz-delta-4.xz", xz_compress(disk, "-T1", "--delta=dist=4", "--lzma2=dict=64KiB"), disk)
    good("good-xz-delta-1.xz", xz_compress(disk, "-T1", "--delta=dist=1", "--lzma2=dict=64KiB"), disk)
    good("good-xz-delta-256.xz", xz_compress(disk, "-T1", "--delta=dist=256", "--lzma2=dict=64KiB"), disk)
    good("good-xz-delta-blocks.xz", xz_compress(disk, "-T2", "--delta=dist=4", "--lzma2=dict=64KiB", "--block-size=7001"), disk)
    disk = data.x86(12_000, "chain") + data.arm(8_000, "chain")
    good("good-xz-4-filters.xz", xz_compress(disk, "-T1", "--x86", "--arm=start=4096", "--delta=dist=2", "--lzma2=dict=64KiB"), disk)
    disk = data.x86(5_001, "short of a filter's window")
    good("good-xz-x86-odd-end.xz", xz_compress(disk + b"\xe8\x01\x02", "-T1", "--x86", "--lzma2=dict=4KiB"), disk + b"\xe8\x01\x02")
    good("good-xz-x86-empty-block.xz", xz.stream([piece(b"", b"\0", filters=((4, b""), xz.LZMA2_64K))]), b"")

    # LZMA2.
    disk = data.mix(65_536, "properties")
    for name, options in (("lc4", "lc=4,lp=0"), ("lp4", "lc=0,lp=4"), ("lc0-lp0", "lc=0,lp=0"), ("lc2-lp2", "lc=2,lp=2"),
                          ("pb0", "pb=0"), ("pb4", "pb=4")):
        good(f"good-xz-{name}.xz", xz_compress(disk, "-T1", f"--lzma2=dict=64KiB,{options}"), disk)
    disk = data.text(30_000, "dictionaries")
    good("good-xz-dict-4k.xz", xz_compress(disk, "-T1", "--lzma2=dict=4KiB"), disk)
    good("good-xz-dict-64m.xz", xz_compress(disk, "-T1", "--lzma2=dict=64MiB"), disk)
    good("good-xz-dict-max.xz", xz.stream([piece(disk, filters=((0x21, b"\x28"),))]), disk)
    disk = data.noise(80_000, "incompressible")
    good("good-xz-incompressible.xz", xz_compress(disk, "-T1"), disk)
    disk = data.noise(20_000, "incompressible, threaded")
    good("good-xz-incompressible-sizes.xz", xz_compress(disk, "-T2", "--block-size=8192"), disk)
    good("good-xz-zeroes-8m.xz", xz_compress(bytes(8 << 20), "-T1"), bytes(8 << 20))
    good("good-xz-zeroes-8m-blocks.xz", xz_compress(bytes(8 << 20), "-T2", "--block-size=1MiB"), bytes(8 << 20))
    disk = data.text(5_000, "a") + data.noise(132_000, "b") + data.text(30_000, "c") + bytes(2_200_000) + data.text(9_000, "d")
    good("good-xz-chunks.xz", xz_compress(disk, "-T1", "-9"), disk)
    disk, payload = chunk_mix()
    good("good-xz-chunk-mix.xz", xz.stream([piece(disk, payload)]), disk)

    # Sizes that are no multiple of a sector.
    for size in (1, 511, 513):
        disk = data.text(size, f"{size} bytes")
        good(f"good-xz-size-{size}.xz", xz_compress(disk, "-T1"), disk)
    disk = data.mix(1_000_003, "1000003 bytes")
    good("good-xz-size-1000003.xz", xz_compress(disk, "-T1"), disk)
    good("good-xz-size-1000003-blocks.xz", xz_compress(disk, "-T2", "--block-size=100000"), disk)

    # xz inside xz.
    disk = data.mix(150_000, "nested")
    inner = xz_compress(disk, "-T2", "--block-size=16KiB")
    good("good-xz-in-xz.raw.xz.xz", xz_compress(inner, "-T1", "--block-size=10000"), disk, "raw in xz in xz")
    good("good-xz-in-xz-in-xz.raw.xz.xz.xz", xz_compress(xz_compress(inner, "-T1"), "-T1"), disk, "raw in xz in xz in xz")


def swap(pair):
    return pair[1], pair[0]


def make_unsupported(corpus):
    """Containers that are recognised, and refused with a clear error until they are read."""
    disk = data.mix(16_384, "other containers")
    alone = run(["xz", "-c", "--format=lzma", "--lzma1=dict=64KiB,lc=3,lp=0,pb=2"], disk)
    corpus.bad("unsupported-lzma.raw.lzma", alone,
               "an LZMA_Alone file: byte 0 is the LZMA properties 0x5d, no magic; must be refused at open", xz_accepts=True)
    size = len(alone) - 13 + 26
    lzip = (b"LZIP\x01\x10" + alone[13:] + xz.crc32(disk) + len(disk).to_bytes(8, "little") + size.to_bytes(8, "little"))
    corpus.bad("unsupported-lzip.raw.lz", lzip, "an lzip file: magic LZIP at 0; must be refused at open", xz_accepts=True)
    corpus.bad("unsupported-gzip.raw.gz", run(["gzip", "-n", "-6", "-c"], disk), "a gzip file: magic 1f 8b at 0; must be refused at open")
    corpus.bad("unsupported-bzip2.raw.bz2", run(["bzip2", "-c"], disk), "a bzip2 file: magic BZh at 0; must be refused at open")
    corpus.bad("unsupported-zstd.raw.zst", run(["zstd", "-q", "-c"], disk), "a zstd file: magic 28 b5 2f fd at 0; must be refused at open")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("disk.raw", (2024, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, disk)
    corpus.bad("unsupported-zip.zip", packed.getvalue(), "a zip archive: magic PK 03 04 at 0; must be refused at open")
    corpus.bad("unsupported-gzip-in-xz.raw.gz.xz", xz_compress(run(["gzip", "-n", "-6", "-c"], disk), "-T1"),
               "gzip inside xz: magic 1f 8b at 0 of the xz stream's contents; must be refused at open", xz_accepts=True)

    depth = xz_compress(disk, "-T1")
    for _ in range(19):
        depth = xz_compress(depth, "-T1", "-0")
    corpus.bad("unsupported-xz-nested-20.xz", depth,
               "20 xz layers, each good: more than the limit of nested layers; must fail at open, early", xz_accepts=True)
