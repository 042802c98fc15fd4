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
    corpus.about("xz base",
                 "9000 bytes of text, `xz -T1 --block-size=4096`: blocks of 4096, 4096 and 808 bytes, no sizes in the block headers, "
                 "CRC64.")
    good("good-xz-base.xz", *swap(base()))
    corpus.about("xz base", "the same with `-T2`: the threaded encoder writes both sizes into the block headers.")
    good("good-xz-base-sizes.xz", *swap(base_sizes()))
    disk = data.mix(200_704, "single block")
    corpus.about("xz blocks", "`-T1`: one block, without sizes in its header.")
    good("good-xz-single-block.xz", xz_compress(disk, "-T1"), disk)
    disk = data.mix(180_224, "many blocks")
    corpus.about("xz blocks", "`--block-size=16KiB`, with `-T2`.")
    good("good-xz-blocks-sizes.xz", xz_compress(disk, "-T2", "--block-size=16KiB"), disk)
    corpus.about("xz blocks", "`--block-size=16KiB`, with `-T1`.")
    good("good-xz-blocks-no-sizes.xz", xz_compress(disk, "-T1", "--block-size=16KiB"), disk)
    disk = data.mix(131_072, "block list")
    corpus.about("xz blocks", "`--block-list=1,511,4096,16KiB,3,60KiB,0`: no two blocks of one size.")
    good("good-xz-block-list.xz", xz_compress(disk, "-T1", "--block-list=1,511,4096,16KiB,3,60KiB,0"), disk)
    corpus.about("xz blocks", "a list of 40 KiB, 1 and 20000 bytes with `-T2`, which splits the rest at 64 KiB.")
    good("good-xz-block-list-sizes.xz", xz_compress(disk, "-T2", "--block-size=64KiB", "--block-list=40KiB,1,20000,0"), disk)
    disk = data.text(3000, "1024 blocks") + bytes(1_048_576 - 3000)
    corpus.about("xz blocks", "1024 blocks of 1 KiB, mostly zeroes, no check.")
    good("good-xz-1024-blocks.xz", xz_compress(disk, "-T1", "--block-size=1024", "-C", "none"), disk)
    disk = data.text(4096, "empty blocks")
    empty, full = piece(b"", b"\0"), piece(disk)
    corpus.about("xz blocks", "by hand: blocks of 0, 4096, 0, 0, 4096 and 0 bytes. A lookup by offset must skip the empty ones.")
    good("good-xz-empty-blocks.xz", xz.stream([empty, full, empty, empty, full, empty]), disk * 2)
    corpus.about("xz blocks", "by hand: two blocks of 0 bytes; the disk is empty.")
    good("good-xz-only-empty-blocks.xz", xz.stream([empty, empty]), b"")
    disk = data.text(4096, "block header")
    forms = [
        piece(disk, sizes=["compressed"]), piece(disk, sizes=["uncompressed"]),
        piece(disk, sizes=["compressed", "uncompressed"]), piece(disk, size=1024),
        piece(disk, sizes=["compressed", "uncompressed"], size=64),
    ]
    corpus.about("xz blocks",
                 "by hand: five blocks, whose headers have only the compressed size, only the uncompressed size, both, neither in a "
                 "header of 1024 bytes (the maximum, nearly all padding), and both with padding to 64.")
    good("good-xz-block-header-forms.xz", xz.stream(forms), disk * len(forms))

    # Streams.
    first, second, a, b = two_streams()
    third = data.noise(700, "third stream")
    c = xz_compress(third, "-T1")
    corpus.about("xz streams", "two xz files, `cat` together.")
    good("good-xz-streams-2.xz", a + b, first + second)
    corpus.about("xz streams", "three xz files, `cat` together.")
    good("good-xz-streams-3.xz", a + b + c, first + second + third)
    blocks = data.mix(98_304, "streams of blocks")
    d = xz_compress(blocks, "-T2", "--block-size=32KiB")
    corpus.about("xz streams", "three streams, of three, one and three blocks.")
    good("good-xz-streams-of-blocks.xz", d + a + d, blocks + first + blocks)
    e = b"".join(xz_compress(third, "-T1", "-C", check) for check in ("none", "crc32", "crc64", "sha256"))
    corpus.about("xz streams", "four streams, with no check, CRC32, CRC64 and SHA-256.")
    good("good-xz-streams-checks.xz", e, third * 4)
    tiny = [data.text(100 + number, f"tiny {number}") for number in range(150)]
    corpus.about("xz streams", "150 streams of 100 to 249 bytes.")
    good("good-xz-streams-150.xz", b"".join(xz_compress(part, "-T1", "-0", "-C", "crc32") for part in tiny), b"".join(tiny))
    corpus.about("xz streams", "two streams, 4 zero bytes between them.")
    good("good-xz-padding-4-between.xz", a + bytes(4) + b, first + second)
    corpus.about("xz streams", "two streams, 8 zero bytes after them.")
    good("good-xz-padding-8-end.xz", a + b + bytes(8), first + second)
    corpus.about("xz streams", "two streams, 64 KiB of zero bytes after each.")
    good("good-xz-padding-64k.xz", a + bytes(65536) + b + bytes(65536), first + second)
    empty = xz_compress(b"", "-T1")
    corpus.about("xz streams", "`xz` of nothing: a stream without blocks. The disk is empty.")
    good("good-xz-empty.xz", empty, b"")
    corpus.about("xz streams", "an empty stream before another.")
    good("good-xz-empty-then-data.xz", empty + a, first)
    corpus.about("xz streams", "an empty stream after another.")
    good("good-xz-data-then-empty.xz", a + empty, first)
    corpus.about("xz streams", "empty streams between and after others, with padding.")
    good("good-xz-empty-between.xz", a + empty + bytes(12) + empty + b + empty + bytes(4), first + second)
    corpus.about("xz streams", "two empty streams, padded.")
    good("good-xz-empty-padding.xz", empty + bytes(4) + empty + bytes(8), b"")

    # Checks.
    disk = data.mix(20_480, "checks")
    corpus.about("xz checks", "`-C` with each name, three blocks each.")
    for check in ("none", "crc32", "crc64", "sha256"):
        good(f"good-xz-check-{check}.xz", xz_compress(disk, "-T1", "-C", check, "--block-size=8192"), disk)
    disk = data.text(2048, "reserved check")
    corpus.about("xz checks",
                 "by hand: check id 2, reserved, 4 bytes. The data must be served all the same, with a warning that it is not "
                 "verified; xz decodes it too, with a warning.")
    good("good-xz-check-reserved-2.xz", xz.stream([piece(disk, check=2), piece(disk, check=2)], check=2), disk * 2)
    reserved = [check for check in range(16) if check not in (xz.NONE, xz.CRC32, xz.CRC64, xz.SHA256)]
    corpus.about("xz checks", "by hand: twelve streams, with each of the twelve reserved check ids (4 to 64 bytes).")
    good("good-xz-check-reserved-all.xz", b"".join(xz.stream([piece(disk, check=check)], check=check) for check in reserved),
         disk * len(reserved))

    # Filters.
    corpus.about("xz filters", "one branch filter each, on machine code with calls for that processor.")
    for name, code in SAMPLES.items():
        disk = code(24_576, name)
        good(f"good-xz-{name}.xz", xz_compress(disk, "-T1", f"--{name}", "--lzma2=dict=64KiB"), disk)
    disk = data.x86(24_576, "x86")
    corpus.about("xz filters", "x86 filter in blocks of 5000 bytes: it begins anew in each.")
    good("good-xz-x86-blocks.xz", xz_compress(disk, "-T1", "--x86", "--lzma2=dict=64KiB", "--block-size=5000"), disk)
    corpus.about("xz filters", "x86 filter with start offset 4294963200.")
    good("good-xz-x86-start.xz", xz_compress(disk, "-T1", "--x86=start=4294963200", "--lzma2=dict=64KiB"), disk)
    disk = data.arm64(24_576, "arm64")
    corpus.about("xz filters", "ARM64 filter with start offset 1048576.")
    good("good-xz-arm64-start.xz", xz_compress(disk, "-T1", "--arm64=start=1048576", "--lzma2=dict=64KiB"), disk)
    disk = data.samples(24_576, "delta")
    corpus.about("xz filters", "delta filter, distance 4, on 16-bit stereo samples.")
    good("good-xz-delta-4.xz", xz_compress(disk, "-T1", "--delta=dist=4", "--lzma2=dict=64KiB"), disk)
    corpus.about("xz filters", "delta filter, distance 1 (the least), on 16-bit stereo samples.")
    good("good-xz-delta-1.xz", xz_compress(disk, "-T1", "--delta=dist=1", "--lzma2=dict=64KiB"), disk)
    corpus.about("xz filters", "delta filter, distance 256 (the most), on 16-bit stereo samples.")
    good("good-xz-delta-256.xz", xz_compress(disk, "-T1", "--delta=dist=256", "--lzma2=dict=64KiB"), disk)
    corpus.about("xz filters", "delta filter in blocks of 7001 bytes, with sizes.")
    good("good-xz-delta-blocks.xz", xz_compress(disk, "-T2", "--delta=dist=4", "--lzma2=dict=64KiB", "--block-size=7001"), disk)
    disk = data.x86(12_000, "chain") + data.arm(8_000, "chain")
    corpus.about("xz filters", "x86, ARM with start offset 4096, delta, LZMA2: the longest chain there can be.")
    good("good-xz-4-filters.xz", xz_compress(disk, "-T1", "--x86", "--arm=start=4096", "--delta=dist=2", "--lzma2=dict=64KiB"), disk)
    disk = data.x86(5_001, "short of a filter's window")
    corpus.about("xz filters", "x86 filter: the disk ends in the middle of a call, inside the filter's look-ahead.")
    good("good-xz-x86-odd-end.xz", xz_compress(disk + b"\xe8\x01\x02", "-T1", "--x86", "--lzma2=dict=4KiB"), disk + b"\xe8\x01\x02")
    corpus.about("xz filters", "by hand: an empty block with the x86 filter.")
    good("good-xz-x86-empty-block.xz", xz.stream([piece(b"", b"\0", filters=((4, b""), xz.LZMA2_64K))]), b"")

    # LZMA2.
    disk = data.mix(65_536, "properties")
    corpus.about("xz lzma2", "the extremes of the LZMA properties.")
    for name, options in (("lc4", "lc=4,lp=0"), ("lp4", "lc=0,lp=4"), ("lc0-lp0", "lc=0,lp=0"), ("lc2-lp2", "lc=2,lp=2"),
                          ("pb0", "pb=0"), ("pb4", "pb=4")):
        good(f"good-xz-{name}.xz", xz_compress(disk, "-T1", f"--lzma2=dict=64KiB,{options}"), disk)
    disk = data.text(30_000, "dictionaries")
    corpus.about("xz lzma2", "a dictionary of 4 KiB for 30000 bytes of data.")
    good("good-xz-dict-4k.xz", xz_compress(disk, "-T1", "--lzma2=dict=4KiB"), disk)
    corpus.about("xz lzma2", "a dictionary of 64 MiB for 30000 bytes of data.")
    good("good-xz-dict-64m.xz", xz_compress(disk, "-T1", "--lzma2=dict=64MiB"), disk)
    corpus.about("xz lzma2",
                 "by hand: the header asks for a dictionary of 4 GiB - 1 for 30000 bytes. A reader needs no more window than the "
                 "block is long; it must not allocate 4 GiB. (xz does ask for them, and fails where it does not get them.)")
    good("good-xz-dict-max.xz", xz.stream([piece(disk, filters=((0x21, b"\x28"),))]), disk)
    disk = data.noise(80_000, "incompressible")
    corpus.about("xz lzma2", "noise, kept by xz in stored chunks, more than one.")
    good("good-xz-incompressible.xz", xz_compress(disk, "-T1"), disk)
    disk = data.noise(20_000, "incompressible, threaded")
    corpus.about("xz lzma2", "noise in three blocks by the threaded encoder.")
    good("good-xz-incompressible-sizes.xz", xz_compress(disk, "-T2", "--block-size=8192"), disk)
    corpus.about("xz lzma2", "8 MiB of zeroes in one block.")
    good("good-xz-zeroes-8m.xz", xz_compress(bytes(8 << 20), "-T1"), bytes(8 << 20))
    corpus.about("xz lzma2", "8 MiB of zeroes in eight blocks.")
    good("good-xz-zeroes-8m-blocks.xz", xz_compress(bytes(8 << 20), "-T2", "--block-size=1MiB"), bytes(8 << 20))
    disk = data.text(5_000, "a") + data.noise(132_000, "b") + data.text(30_000, "c") + bytes(2_200_000) + data.text(9_000, "d")
    corpus.about("xz lzma2", "text, noise, text, zeroes, text in one block: chunks by xz with controls e0 02 a0 80.")
    good("good-xz-chunks.xz", xz_compress(disk, "-T1", "-9"), disk)
    disk, payload = chunk_mix()
    corpus.about("xz lzma2", "by hand from chunks by xz: every other kind of chunk in one block (controls 01 c0 02 a0 e0 01 c0 a0 02).")
    good("good-xz-chunk-mix.xz", xz.stream([piece(disk, payload)]), disk)

    # Sizes that are no multiple of a sector.
    corpus.about("xz sizes", "so many bytes. The last sector must not be rounded.")
    for size in (1, 511, 513):
        disk = data.text(size, f"{size} bytes")
        good(f"good-xz-size-{size}.xz", xz_compress(disk, "-T1"), disk)
    disk = data.mix(1_000_003, "1000003 bytes")
    corpus.about("xz sizes", "1000003 bytes in one block.")
    good("good-xz-size-1000003.xz", xz_compress(disk, "-T1"), disk)
    corpus.about("xz sizes", "1000003 bytes in blocks of 100000.")
    good("good-xz-size-1000003-blocks.xz", xz_compress(disk, "-T2", "--block-size=100000"), disk)

    # xz inside xz.
    disk = data.mix(150_000, "nested")
    inner = xz_compress(disk, "-T2", "--block-size=16KiB")
    corpus.about("xz layers", "xz (one stream, blocks of 10000) around xz (blocks of 16 KiB) around a disk.")
    good("good-xz-in-xz.raw.xz.xz", xz_compress(inner, "-T1", "--block-size=10000"), disk, "raw in xz in xz")
    corpus.about("xz layers", "one more layer.")
    good("good-xz-in-xz-in-xz.raw.xz.xz.xz", xz_compress(xz_compress(inner, "-T1"), "-T1"), disk, "raw in xz in xz in xz")


def swap(pair):
    return pair[1], pair[0]


def make_unsupported(corpus):
    """Containers that are recognised, and refused with a clear error until they are read."""
    disk = data.mix(16_384, "other containers")
    alone = run(["xz", "-c", "--format=lzma", "--lzma1=dict=64KiB,lc=3,lp=0,pb=2"], disk)
    corpus.about("other containers", "`xz --format=lzma`. It has no magic, just plausible header fields.")
    corpus.bad("unsupported-lzma.raw.lzma", alone,
               "an LZMA_Alone file: byte 0 is the LZMA properties 0x5d, no magic; must be refused at open", xz_accepts=True)
    size = len(alone) - 13 + 26
    lzip = (b"LZIP\x01\x10" + alone[13:] + xz.crc32(disk) + len(disk).to_bytes(8, "little") + size.to_bytes(8, "little"))
    corpus.about("other containers", "the same data with lzip's header and trailer, by hand.")
    corpus.bad("unsupported-lzip.raw.lz", lzip, "an lzip file: magic LZIP at 0; must be refused at open", xz_accepts=True)
    corpus.about("other containers", "by these programs.")
    corpus.bad("unsupported-bzip2.raw.bz2", run(["bzip2", "-c"], disk), "a bzip2 file: magic BZh at 0; must be refused at open")
    corpus.bad("unsupported-zstd.raw.zst", run(["zstd", "-q", "-c"], disk), "a zstd file: magic 28 b5 2f fd at 0; must be refused at open")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("disk.raw", (2024, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, disk)
    corpus.about("other containers", "by Python's zipfile.")
    corpus.bad("unsupported-zip.zip", packed.getvalue(), "a zip archive: magic PK 03 04 at 0; must be refused at open")

    depth = xz_compress(disk, "-T1")
    for _ in range(19):
        depth = xz_compress(depth, "-T1", "-0")
    corpus.about("unsupported xz",
                 "twenty layers of xz, each good. There is a limit of layers; it must be noticed early. xz sees one good layer.")
    corpus.bad("unsupported-xz-nested-20.xz", depth,
               "20 xz layers, each good: more than the limit of nested layers; must fail at open, early", xz_accepts=True)
