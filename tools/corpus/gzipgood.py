"""The good gzip files: by gzip and by zlib, by hand in the ways of other writers, and bit by bit."""

import zlib

import data
import disks
import vmdk
from deflatebits import DISTANCES, END, Deflate, Match, complete, deflate, expand, header, member, steep, subfield, trailer
from tars import SPARSE, by_gnu, by_python
from tools import qemu_convert, run, xz_compress

# The empty member that bgzip writes at the end.
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def gzip(disk, level=6):
    """By gzip, without a name and a time."""
    return run(["gzip", "-n", f"-{level}", "-c"], disk)


def base():
    """One member of one block: what most bad files derive from."""
    disk = data.text(3000, "gzip base")
    return disk, gzip(disk)


def two_members():
    first, second = data.text(2000, "first member"), data.text(1500, "second member")
    return first, second, gzip(first), gzip(second)


def far(distance, before, *after):
    """Text, `before` bytes of output altogether, then a match of a distance, and more: what the items stand for, and they."""
    text = data.text(300, f"distance {distance}")
    items, left = [text], before - len(text)
    while left:
        # No rest that is too short for a match.
        length = left if left <= 258 else min(258, left - 3)
        items.append(Match(length, 300))
        left -= length
    return [*items, Match(258, distance), *after]


def make(corpus):
    levels(corpus)
    headers(corpus)
    members(corpus)
    writers(corpus)
    behind(corpus)
    blocks(corpus)
    matches(corpus)
    codes(corpus)
    layers(corpus)


def add(corpus, name, file, disk, layers="raw in gzip", **more):
    corpus.good(f"good-gzip-{name}.gz", file, disk, layers, **more)


def add_in_xz(corpus, name, file, disk, **more):
    """What is large, and says little."""
    corpus.good(f"good-gzip-{name}.gz.xz", xz_compress(file, "-T1"), disk, "raw in gzip in xz", **more)


def levels(corpus):
    corpus.about("gzip base", "3000 bytes of text, `gzip -n -6`: one member of one block.")
    disk, file = base()
    add(corpus, "base", file, disk)
    corpus.about("gzip levels", "`gzip -n` with each level.")
    disk = data.mix(20_480, "gzip levels")
    for level in (1, 6, 9):
        add(corpus, f"level-{level}", gzip(disk, level), disk)
    disk = data.text(2500, "gzip strategies") + bytes(2000) + data.noise(300, "gzip strategies")
    corpus.about("gzip levels", "by zlib, level 0: stored blocks only.")
    add(corpus, "stored", member(disk, deflate(disk, 0)), disk)
    corpus.about("gzip levels", "by zlib's strategies: fixed codes only, no matches, matches of distance 1 only.")
    for name, strategy in (("fixed", zlib.Z_FIXED), ("huffman-only", zlib.Z_HUFFMAN_ONLY), ("rle", zlib.Z_RLE)):
        add(corpus, name, member(disk, deflate(disk, 9, strategy)), disk)
    corpus.about("gzip levels", "noise, which gzip stores.")
    disk = data.noise(3000, "gzip noise")
    add(corpus, "incompressible", gzip(disk), disk)
    corpus.about("gzip levels", "8 MiB of zeroes by gzip, a byte for 1027 of them: about the most that deflate can do.")
    add(corpus, "zeroes-8m", gzip(bytes(8 << 20), 9), bytes(8 << 20))
    corpus.about("gzip levels", "so many bytes.")
    for size in (1, 511, 513):
        disk = data.text(size, f"gzip {size} bytes")
        add(corpus, f"size-{size}", gzip(disk), disk)


def headers(corpus):
    disk = data.text(700, "gzip headers")

    def one(name, about, /, **fields):
        corpus.about("gzip headers", about)
        add(corpus, name, member(disk, **fields), disk)

    one("name", "FNAME, `disk.raw`.", name=b"disk.raw")
    one("comment", "FCOMMENT, of two lines.", comment=b"A comment.\nOf two lines.")
    one("extra", "FEXTRA, with a subfield that means nothing.", extra=subfield(b"VT", b"any bytes\0\xff"))
    one("extra-empty", "FEXTRA of length 0.", extra=b"")
    one("header-crc", "FHCRC.", checked=True)
    one("text", "FTEXT: said to be text.", flags=1)
    everything = {"name": b"disk.raw", "comment": b"a comment", "extra": subfield(b"VT", bytes(20)), "checked": True, "flags": 1,
                  "time": 1704067200, "xfl": 2}
    one("header-full", "every field that there is.", **everything)
    one("name-empty", "a name of no bytes.", name=b"")
    one("name-latin-1", "a name in Latin-1, `Größe.raw`.", name="Größe.raw".encode("latin-1"))
    one("name-path", "names that lead somewhere else, which must never be used as a path.", name=b"../../etc/passwd")
    one("name-absolute", "names that lead somewhere else, which must never be used as a path.", name=b"/etc/passwd")
    one("name-escapes", "a name that would clear a terminal: it must be shown escaped.", name=b"\x1b[2J\r\n\x07\x9b.raw")
    one("name-40000", "a name of 40000 bytes.", name=b"n" * 40_000)
    one("fields-max", "MTIME, XFL and OS of all ones.", time=0xFFFFFFFF, xfl=0xFF, system=0xFF)
    one("fields-odd", "MTIME of 1, XFL 77 and OS 42, which mean nothing.", time=1, xfl=77, system=42)
    corpus.about("gzip headers", "a name of 1000000 bytes, in xz.")
    add_in_xz(corpus, "name-1000000", member(disk, name=b"n" * 1_000_000), disk)
    corpus.about("gzip headers", "FEXTRA of 65535 bytes, in xz.")
    add_in_xz(corpus, "extra-65535", member(disk, extra=bytes(65_535)), disk)
    corpus.about("unsupported gzip", "a name of 2 MiB, in xz: no more than 1 MiB is read. gzip reads it.")
    corpus.bad("unsupported-gzip-name-2m.gz.xz", xz_compress(member(disk, name=b"n" * (2 << 20)), "-T1"),
               "FNAME at 10 has not ended after 1 MiB; must fail at open", gzip=0)


def members(corpus):
    first, second, a, b = two_members()
    corpus.about("gzip members", "two gzip files, `cat` together.")
    add(corpus, "members-2", a + b, first + second)
    corpus.about("gzip members", "members of 1, 70000, 3, 2000, 513 and 1500 bytes.")
    parts = [b"1", bytes(69_000) + data.text(1000, "gzip unequal"), b"123", first, data.text(513, "gzip unequal"), second]
    add(corpus, "members-unequal", b"".join(gzip(part) for part in parts), b"".join(parts))
    corpus.about("gzip members", "200 members of one byte, in a row.")
    disk = data.text(200, "gzip bytes")
    add(corpus, "members-200", b"".join(member(disk[at:at + 1]) for at in range(200)), disk)
    corpus.about("gzip members", "members with the levels 0, 1 and 9 of zlib and with other headers.")
    add(corpus, "members-forms", member(first, deflate(first, 0), name=b"first.raw") + member(second, deflate(second, 1), checked=True)
        + member(first, deflate(first, 9), comment=b"third", extra=subfield(b"VT", b"")), first + second + first)
    corpus.about("gzip members", "each with its own history: the second is the first once more, and no match reaches across.")
    add(corpus, "members-same", a + a, first * 2)
    empty = gzip(b"")
    corpus.about("gzip members", "`gzip` of nothing: 20 bytes. The disk is empty.")
    add(corpus, "empty", empty, b"")
    corpus.about("gzip members", "three members of nothing.")
    add(corpus, "only-empty", empty * 3, b"")
    corpus.about("gzip members", "an empty member before, or after, one with data.")
    add(corpus, "empty-first", empty + a, first)
    add(corpus, "empty-last", a + empty, first)
    corpus.about("gzip members", "600 empty members between two with data: nothing may recurse.")
    add(corpus, "empty-600", a + empty * 600 + b, first + second)


def bgzf(part, size=None, level=6):
    """A member as bgzip writes it, which says how long it is."""
    body = deflate(part, level)
    size = 18 + len(body) + 8 - 1 if size is None else size
    return header(extra=subfield(b"BC", size.to_bytes(2, "little")), system=0xFF) + body + trailer(part)


def pieces(disk, size):
    return [disk[at:at + size] for at in range(0, len(disk), size)]


def dictzip(disk, length, shorter=0):
    """As dictzip writes it: a full flush after each chunk, and in the header how long they are, compressed."""
    flushes = [(at, zlib.Z_FULL_FLUSH) for at in range(length, len(disk) + length, length)]
    flushes[-1] = (len(disk), zlib.Z_FULL_FLUSH)
    body = deflate(disk, 9, flushes=flushes)
    sizes, at = [], 0
    for part in pieces(disk, length):
        # A chunk refers to nothing before itself, and so compresses to the same bytes alone.
        packed = zlib.compressobj(9, zlib.DEFLATED, -15, 8)
        alone = packed.compress(part) + packed.flush(zlib.Z_FULL_FLUSH)
        assert body[at:at + len(alone)] == alone
        sizes.append(len(alone))
        at += len(alone)
    words = [1, length, len(sizes), *(size - shorter for size in sizes)]
    extra = subfield(b"RA", b"".join(word.to_bytes(2, "little") for word in words))
    return header(name=b"disk.raw", extra=extra, time=1704067200, xfl=2) + body + trailer(disk)


def writers(corpus):
    # Three members of 65,280 bytes each, with little in them that does not compress.
    disk = data.text(2500, "bgzip") + bytes(100_000) + data.text(2500, "bgzip two") + bytes(65_280 * 3 - 105_000 - 1000) + data.text(1500, "bgzip three")
    corpus.about("gzip writers", "as bgzip writes it: members of 65280 bytes with their length in a subfield BC, and the empty one at the end.")
    add(corpus, "bgzip", b"".join(map(bgzf, pieces(disk, 65_280))) + BGZF_END, disk)
    corpus.about("gzip writers", "the same without the empty member.")
    add(corpus, "bgzip-no-end", b"".join(map(bgzf, pieces(disk, 65_280))), disk)
    corpus.about("gzip writers", "the second of three members has no BC: hops from one to the next end there, the disk does not.")
    small = data.text(2400, "bgzip small")
    one, two, three = pieces(small, 800)
    add(corpus, "bgzip-mixed", bgzf(one) + gzip(two) + bgzf(three) + BGZF_END, small)
    corpus.about("gzip writers", "the first member's BC says that it is 7 bytes longer than it is. A length is a hint; gzip looks at none.")
    length = len(bgzf(one))
    add(corpus, "bgzip-size-long", bgzf(one, length - 1 + 7) + bgzf(two) + bgzf(three) + BGZF_END, small)
    corpus.about("gzip writers", "the first member's BC leads to the third member.")
    add(corpus, "bgzip-size-skips", bgzf(one, length + len(bgzf(two)) - 1) + bgzf(two) + bgzf(three) + BGZF_END, small)
    corpus.about("gzip writers", "the first member's BC says a length of 1 byte: a hop would not even leave the header.")
    add(corpus, "bgzip-size-0", bgzf(one, 0) + bgzf(two) + bgzf(three) + BGZF_END, small)
    corpus.about("gzip writers", "a subfield that is longer than the extra field, and one of a single byte.")
    add(corpus, "extra-broken", member(one, extra=b"BC\xff\xff\x01") + member(two, extra=b"B"), one + two)
    corpus.about("gzip writers", "as mgzip writes it: the length of the member, here 8 bytes, in a subfield SZ.")

    def mgzip(part, more=0):
        length = len(member(part, extra=subfield(b"SZ", bytes(8))))
        return member(part, extra=subfield(b"SZ", (length + more).to_bytes(8, "little")), xfl=2, system=0xFF)

    add(corpus, "mgzip", b"".join(map(mgzip, pieces(small, 1000))), small)
    corpus.about("gzip writers", "the first SZ says 2^64 - 1.")
    add(corpus, "mgzip-size-max", mgzip(one, (1 << 64) - 1 - len(mgzip(one))) + mgzip(two), one + two)
    corpus.about("gzip writers", "as dictzip writes it: chunks with a full flush after each, and their lengths in a subfield RA.")
    add(corpus, "dictzip", dictzip(disk[:150_000], 58_315), disk[:150_000])
    corpus.about("gzip writers", "the lengths in RA are one byte too small.")
    add(corpus, "dictzip-sizes-wrong", dictzip(small, 700, shorter=1), small)
    flushed = data.mix(12_000, "gzip flushes")
    kinds = (zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH)
    for name, kind, what in zip(("partial", "sync", "full"), kinds, ("Z_PARTIAL_FLUSH: an empty block of fixed codes",
                                                                  "Z_SYNC_FLUSH: an empty stored block",
                                                                  "Z_FULL_FLUSH: likewise, and no match reaches across")):
        corpus.about("gzip writers", f"by zlib, every 1500 bytes with {what}.")
        body = deflate(flushed, flushes=[(at, kind) for at in range(1500, 12_001, 1500)])
        add(corpus, f"flush-{name}", member(flushed, body), flushed)
    corpus.about("gzip writers", "as pigz writes it: after each piece fixed blocks and a stored one, all of them empty; matches reach across.")
    body = deflate(flushed, flushes=[(at, how) for at in range(4096, 12_000, 4096) for how in kinds[:1] + kinds[:1] + kinds[1:2]])
    add(corpus, "pigz", member(flushed, body, time=1704067200), flushed)


# What OpenWrt puts behind an image: JSON, and a block that says what it is, with magic, CRC, type and size.
OPENWRT = (b'{  "metadata_version": "1.1", "compat_version": "1.0", "supported_devices":["vitrine,corpus"], "version": '
           b'{ "dist": "OpenWrt", "version": "23.05.0", "revision": "r0", "target": "x86/64", "board": "generic" } }')


def fwtool(content, kind=1):
    end = b"FWx0" + zlib.crc32(content).to_bytes(4, "big") + bytes([kind, 0, 0, 0]) + (len(content) + 16).to_bytes(4, "big")
    return content + end


def behind(corpus):
    first, second, a, b = two_members()
    corpus.about("gzip padding", "so many zero bytes behind the member, which mean nothing. gzip says nothing of them either.")
    for count in (1, 512, 10_240):
        add(corpus, f"padding-{count}", a + bytes(count), first)
    corpus.about("gzip padding", "zero bytes behind the second of two members.")
    add(corpus, "padding-members", a + b + bytes(600), first + second)
    corpus.about("gzip padding", "3 MiB of zero bytes, in xz.")
    add_in_xz(corpus, "padding-3m", a + bytes(3 << 20), first)

    def trailing(name, about, end, disk=first, before=a, status=2):
        corpus.about("gzip trailing", about)
        add(corpus, name, before + end, disk, gzip=status)

    trailing("trailing-openwrt", "what OpenWrt puts behind its images: JSON, and a block `FWx0`.", fwtool(OPENWRT))
    trailing("trailing-text", "300 bytes of text.", data.text(300, "gzip trailing"))
    trailing("trailing-noise", "300 bytes of noise.", b"\x7f" + data.noise(299, "gzip trailing"))
    trailing("trailing-members", "text behind the second of two members.", b"and something else\n", first + second, a + b)
    trailing("trailing-1", "one byte, which is no header. gzip takes it for one that is cut, and says that the file ends unexpectedly.", b"x",
             status=1)
    trailing("trailing-after-zeroes", "zeroes, and then text.", bytes(100) + b"text")
    trailing("trailing-member-after-zeroes",
             "zeroes, and then a member, which is not part of the disk: gzip stops at the zeroes, and so do we.", bytes(512) + b)
    trailing("trailing-1f-00", "1f 00: no magic.", b"\x1f\x00")
    for name, end in (("1f", b"\x1f"), ("1f-8b", b"\x1f\x8b"), ("1f-8b-08", b"\x1f\x8b\x08"), ("1f-8b-08-00", b"\x1f\x8b\x08\x00"), ("header", b[:9]),
                      ("name", header(name=b"disk.raw")[:14])):
        trailing(f"trailing-cut-{name}",
                 "a header that is cut short. The disk is whole all the same; gzip has written it by then, and says that the file ends "
                 "unexpectedly.", end, status=1)


def blocks(corpus):
    disk = data.text(500, "gzip blocks")
    corpus.about("gzip blocks", "one stored block of 65535 bytes, the most there can be, and one of 1; in xz.")
    whole = (data.text(2000, "gzip stored") * 33)[:65_535]
    add_in_xz(corpus, "stored-65535", member(whole + b"1", Deflate().stored(whole).stored(b"1", final=True)), whole + b"1")
    corpus.about("gzip blocks", "2000 stored blocks of no bytes before and after those with data: nothing comes of 10 KB.")
    body = Deflate()
    for count, content in ((1000, disk[:300]), (1000, disk[300:])):
        for _ in range(count):
            body.stored(b"")
        body.stored(content)
    add(corpus, "stored-empty-2000", member(disk, body.stored(b"", final=True)), disk)
    corpus.about("gzip blocks", "100000 stored blocks of no bytes before the data, in xz.")
    body = Deflate()
    for _ in range(100_000):
        body.stored(b"")
    add_in_xz(corpus, "stored-empty-100000", member(disk, body.stored(disk, final=True)), disk)
    corpus.about("gzip blocks", "2000 blocks of fixed codes with no bytes before the data, 10 bits each.")
    body = Deflate()
    for _ in range(2000):
        body.fixed()
    add(corpus, "fixed-empty-2000", member(disk, body.fixed(disk, final=True)), disk)
    corpus.about("gzip blocks", "200 blocks of dynamic codes with no bytes, each with one code only, of 1 bit.")
    body = Deflate()
    only_end = complete(END, count=257)
    for _ in range(200):
        body.dynamic(literals=only_end)
    add(corpus, "dynamic-empty-200", member(disk, body.fixed(disk, final=True)), disk)
    corpus.about("gzip blocks", "each kind of block, ten times in turn, with matches into the ones before.")
    body, items = Deflate(), []
    plain = complete(*range(32, 127), 10, END, *range(257, 286), count=286)
    for turn in range(10):
        part = data.text(60, f"gzip turn {turn}")
        # No match goes into a stored block, nor comes from one.
        own = [part, *([Match(40 + turn, 70), Match(30, 60 * turn + 9)] if turn else [])]
        body.stored(part).fixed(*own).dynamic(*own, literals=plain, distances=complete(*range(30), count=30))
        items += [part, *own, *own]
    add(corpus, "block-turns", member(expand(*items), body.stored(b"", final=True)), expand(*items))
    corpus.about("gzip blocks", "ones in the bits that mean nothing: before LEN, and after the last block.")
    body = Deflate().fixed(disk[:200]).stored(disk[200:300], fill=1).fixed(disk[300:], final=True)
    add(corpus, "filling-bits", member(disk, body.bytes(fill=1)), disk)
    corpus.about("gzip blocks", "one block of 8 MiB of zeroes, two bits for 258 of them. zlib writes hardly larger ones; there is no bound.")
    count = (8 << 20) // 258
    items = [b"\0", *[Match(258, 1)] * count]
    disk = bytes(1 + 258 * count)
    lengths = [0] * 286
    lengths[0], lengths[END], lengths[285] = 2, 2, 1
    add(corpus, "giant-block-zeroes", member(disk, Deflate().dynamic(*items, literals=lengths, distances=[1], final=True)), disk)
    corpus.about("gzip blocks", "one block of text, and 1800 matches of any length and distance.")
    picks = data.noise(3 * 1800, "giant block")
    items, size = [data.text(1500, "giant block")], 1500
    for at in range(0, len(picks), 3):
        items.append(Match(3 + picks[at], 1 + int.from_bytes(picks[at + 1:at + 3], "big") % min(size, 32_768)))
        size += items[-1].length
    body = Deflate().dynamic(*items, literals=plain, distances=complete(*range(30), count=30), final=True)
    add(corpus, "giant-block-matches", member(expand(*items), body), expand(*items))


def matches(corpus):
    corpus.about("gzip matches", "a match of distance 32768, the largest, and one of 32767.")
    items = [*far(32_768, 40_000), b"more", Match(258, 32_767), Match(3, 32_768)]
    add(corpus, "distance-32768", member(expand(*items), Deflate().fixed(*items, final=True)), expand(*items))
    corpus.about("gzip matches", "distance 32768 as soon as there is so much, to the first byte of the member.")
    items = far(32_768, 32_768)
    add(corpus, "distance-32768-first", member(expand(*items), Deflate().fixed(*items, final=True)), expand(*items))
    corpus.about("gzip matches", "distance 32768 into another block, in the second member.")
    items = far(32_768, 33_000, b"end")
    before, after = items[:-2], items[-2:]
    second = expand(*items)
    add(corpus, "distance-32768-blocks", gzip(b"first member") + member(second, Deflate().fixed(*before).fixed(*after, final=True)),
        b"first member" + second)

    # Every length with one of the least and the largest distances of each symbol.
    bounds = sorted({value for least, extra in DISTANCES for value in (least, least + (1 << extra) - 1)})
    everything = far(32_768, 33_000)
    for index, length in enumerate(range(3, 259)):
        everything.append(Match(length, bounds[index % len(bounds)]))
    assert {match.length for match in everything[1:]} == set(range(3, 259)) and set(bounds) <= {match.distance for match in everything[1:]}
    corpus.about("gzip matches", "every length, and the least and the largest distance of each symbol; with fixed codes, and with codes of one length.")
    add(corpus, "every-match-fixed", member(expand(*everything), Deflate().fixed(*everything, final=True)), expand(*everything))
    lengths = complete(*range(32, 127), 10, END, *range(257, 286), count=286)
    body = Deflate().dynamic(*everything, literals=lengths, distances=complete(*range(30), count=30), final=True)
    add(corpus, "every-match-dynamic", member(expand(*everything), body), expand(*everything))
    corpus.about("gzip matches", "matches that overlap themselves: distances 1 to 40, with lengths around them.")
    items = [data.noise(40, "overlap")]
    for distance in range(1, 41):
        items += [Match(max(3, distance * 2 + more), distance) for more in (-1, 0, 1)] + [Match(258, distance), bytes([distance])]
    add(corpus, "overlap", member(expand(*items), Deflate().fixed(*items, final=True)), expand(*items))
    corpus.about("gzip matches", "length 258 by the symbol 284 with extra bits of 31, and by its own.")
    items = [b"abc", Match(258, 3, symbol=284), b"x", Match(258, 4), Match(258, 262, symbol=284)]
    add(corpus, "length-258-by-284", member(expand(*items), Deflate().fixed(*items, final=True)), expand(*items))


def codes(corpus):
    corpus.about("gzip codes", "codes of 1 to 15 bits for literals, lengths and distances.")
    letters, away = b"abcdefghijkl", [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193]
    for name, turned in (("codes-15", False), ("codes-15-turned", True)):
        symbols = [*letters, END, 257, 270, 285]
        distances = list(range(16))
        if turned:
            symbols, distances = symbols[::-1], distances[::-1]
        items = [bytes(letters) * 20]
        for distance in away:
            items += [Match(3, distance), b"l", Match(24, distance), b"a", Match(258, distance)]
        body = Deflate().dynamic(*items, literals=steep(*symbols, count=286), distances=steep(*distances, count=16), final=True)
        add(corpus, name, member(expand(*items), body), expand(*items))
    corpus.about("gzip codes", "a block without a code for any distance, and one with one code of 1 bit.")
    items = [b"abcabc", Match(30, 1), b"cab"]
    of_letters, of_both = complete(97, 98, 99, END, count=257), complete(97, 98, 99, END, *range(257, 286), count=286)
    body = Deflate().dynamic(items[0], literals=of_letters).dynamic(*items[1:], literals=of_both, distances=[1], final=True)
    add(corpus, "distance-codes-0-1", member(expand(*items), body), expand(*items))
    corpus.about("gzip codes", "the only code for distances is that of symbol 29.")
    items = [*far(32_768, 33_000), Match(100, 30_000)]
    plain = complete(*range(32, 127), 10, END, *range(257, 286), count=286)
    body = Deflate().fixed(*items[:-2]).dynamic(*items[-2:], literals=plain, distances=[0] * 29 + [1], final=True)
    add(corpus, "distance-code-29", member(expand(*items), body), expand(*items))
    corpus.about("gzip codes", "30 codes for distances, 286 for literals and lengths: as many as there may be.")
    items = [bytes(range(256)), Match(258, 100), Match(3, 256)]
    body = Deflate().dynamic(*items, literals=complete(*range(286), count=286), distances=complete(*range(30), count=30), final=True)
    add(corpus, "hlit-286-hdist-30", member(expand(*items), body), expand(*items))
    corpus.about("gzip codes", "lengths of codes repeated across the border of literals and distances, by 16 and by 18.")
    # Literals a and b, the end, and the first two lengths: codes of 2, 2, 2, 3 and 3 bits; then distances of 3 bits eight times.
    literals = [0] * 259
    literals[97], literals[98], literals[END], literals[257], literals[258] = 2, 2, 2, 3, 3
    distances = [3] * 8
    # 258's length, and then those of the distances, are told by two repeats of the one before.
    sequence = [(18, 97 - 11, 7), (2, 0, 0), (2, 0, 0), (18, 138 - 11, 7), (18, 256 - 99 - 138 - 11, 7), (2, 0, 0), (3, 0, 0), (16, 3, 2),
                (16, 0, 2)]
    items = [b"abba", Match(4, 3), b"b", Match(3, 6)]
    body = Deflate().dynamic(*items, literals=literals, distances=distances, sequence=sequence, final=True)
    add(corpus, "repeat-16-across", member(expand(*items), body), expand(*items))
    literals = complete(97, 98, END, 257, count=286)
    distances = [0] * 5 + [1]
    sequence = [(18, 97 - 11, 7), (2, 0, 0), (2, 0, 0), (18, 138 - 11, 7), (18, 256 - 99 - 138 - 11, 7), (2, 0, 0), (2, 0, 0),
                (18, 28 + 5 - 11, 7), (1, 0, 0)]
    items = [b"abbabaabab", Match(3, 7), b"b", Match(3, 8)]
    body = Deflate().dynamic(*items, literals=literals, distances=distances, sequence=sequence, final=True)
    add(corpus, "repeat-18-across", member(expand(*items), body), expand(*items))
    corpus.about("gzip codes", "codes for the lengths of codes of 1 to 7 bits, and no more of them stored than there are.")
    # In the order they are stored: 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1; used are 18, 0, 1, 2, 3, 4, 16, 17.
    code_lengths = [0] * 19
    for symbol, length in ((2, 1), (18, 2), (1, 3), (0, 4), (3, 5), (4, 6), (16, 7), (17, 7)):
        code_lengths[symbol] = length
    literals = [0] * 286
    literals[97], literals[98], literals[99], literals[END], literals[257], literals[285] = 2, 2, 2, 3, 4, 4
    items = [b"abcacb", Match(3, 2), b"a", Match(258, 1)]
    body = Deflate().dynamic(*items, literals=literals, distances=[1, 1], code_lengths=code_lengths, hclen=18, final=True)
    add(corpus, "code-lengths-1-to-7", member(expand(*items), body), expand(*items))


def archive(members):
    """By Python, without the zeroes that fill the last record: two blocks of them end an archive."""
    packed = by_python(members)
    end = sum(512 + -(-len(content) // 512) * 512 for _, content in members) + 1024
    assert not any(packed[end - 1024:])
    return packed[:end]


def layers(corpus):
    disk = data.mix(16_384, "other containers")
    corpus.about("gzip layers", "a raw disk, by gzip.")
    corpus.good("good-gzip.raw.gz", gzip(disk), disk, "raw in gzip")
    corpus.about("gzip layers", "gzip inside xz.")
    corpus.good("good-gzip-in-xz.raw.gz.xz", xz_compress(gzip(disk), "-T1"), disk, "raw in gzip in xz")
    corpus.about("gzip layers", "xz inside gzip.")
    corpus.good("good-gzip-of-xz.raw.xz.gz", gzip(xz_compress(disk, "-T1", "--block-size=4096")), disk, "raw in xz in gzip")
    corpus.about("gzip layers", "gzip inside gzip, the inner one of two members.")
    corpus.good("good-gzip-in-gzip.raw.gz.gz", gzip(gzip(disk[:9000]) + gzip(disk[9000:])), disk, "raw in gzip in gzip")
    size = 64 << 10
    for kind, table, about in (
            ("mbr", disks.sfdisk(size, "label: dos\nlabel-id: 0x5eed0101\nstart=8, size=16, type=83, bootable\nstart=32, size=64, type=c\n"),
             "a disk with an MBR, by sfdisk."),
            ("gpt", disks.sgdisk(size, "-o", "-U", disks.guid(0x100), "-a", "8", "-n", "1:40:+8K", "-t", "1:ef00", "-c", "1:EFI system",
                                 "-u", f"1:{disks.guid(0x101)}", "-n", "2:64:+8K", "-t", "2:8300", "-c", "2:root", "-u", f"2:{disks.guid(0x102)}"),
             "a disk with a GPT, by sgdisk.")):
        rows = disks.rows_by_sfdisk(table)
        marked = disks.mark(table, rows)
        corpus.about("gzip layers", about)
        corpus.good(f"good-gzip-{kind}.raw.gz", gzip(marked), marked, "raw in gzip", rows=rows)
    qcow2 = qemu_convert(disk, "raw", "qcow2", "-o", "cluster_size=4096")
    corpus.about("gzip layers", "a qcow2 image by qemu-img.")
    corpus.good("good-gzip-qcow2.qcow2.gz", gzip(qcow2), disk, "qcow2 in gzip")
    text = vmdk.descriptor(f'RW {len(disk) // 512} SPARSE "generated-stream.vmdk"', kind="streamOptimized")
    stream = vmdk.stream(disk, text).file
    corpus.about("gzip layers", "a streamOptimized VMDK, made by hand.")
    corpus.good("good-gzip-vmdk.vmdk.gz", gzip(stream), disk, "vmdk in gzip")

    corpus.about("gzip layers", "a tar archive by GNU tar, under each of its names.")
    for name in ("tar.gz", "tgz"):
        corpus.good(f"good-gzip-tar.{name}", gzip(by_gnu(disk, "--format=ustar")), disk, "raw in tar in gzip")
    holes = disk[:8192] + bytes(4 << 20) + disk[8192:12_288] + bytes(65_536) + disk[12_288:] + bytes(1 << 20)
    corpus.about("gzip layers", "as images for Google Compute Engine are made: `tar --format=oldgnu -S`, of `disk.raw` alone.")
    sparse = by_gnu(holes, "--format=oldgnu", "-S", "--hole-detection=raw", "-b20", members=["disk.raw"])
    corpus.good("good-gzip-gce.tar.gz", gzip(sparse), holes, "raw in tar in gzip")
    corpus.about("gzip layers", "a sparse member in the newest form.")
    sparse = by_gnu(holes, "-S", "--hole-detection=raw", *SPARSE["pax-1.0"],
                    "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime")
    corpus.good("good-gzip-tar-sparse-pax-1.0.tar.gz", gzip(sparse), holes, "raw in tar in gzip")
    vagrantfile = b'Vagrant.configure("2") do |config|\nend\n'
    box = [("metadata.json", b'{"provider": "libvirt", "format": "qcow2", "virtual_size": 1}\n'), ("Vagrantfile", vagrantfile), ("box.img", qcow2)]
    corpus.about("gzip layers", "a box of Vagrant's for libvirt: a tar.gz with a qcow2 image `box.img`.")
    corpus.good("good-gzip-box-qcow2.box", gzip(archive(box)), disk, "qcow2 in tar in gzip")
    box = [("./metadata.json", b'{"provider": "virtualbox"}\n'), ("./Vagrantfile", vagrantfile),
           ("./box.ovf", envelope("box-disk001.vmdk", len(stream), len(disk))), ("./box-disk001.vmdk", stream)]
    corpus.about("gzip layers", "a box for VirtualBox: a descriptor, and a streamOptimized VMDK.")
    corpus.good("good-gzip-box-vmdk.box", gzip(archive(box)), disk, "vmdk in tar in gzip")
    appliance = [("appliance.ovf", envelope("appliance-disk1.vmdk", len(stream), len(disk))), ("appliance-disk1.vmdk", stream)]
    corpus.about("gzip layers", "an OVA inside gzip.")
    corpus.good("good-gzip-ova.ova.gz", gzip(archive(appliance)), disk, "vmdk in tar in gzip")
    corpus.about("gzip layers", "an OVA with a file whose `compression` is `gzip`, as DSP0243 has it; with and without gzip's name, and a raw disk.")
    for name, inner, content, what in (("", "appliance-disk1.vmdk.gz", stream, "vmdk"), ("-name", "appliance-disk1.vmdk", stream, "vmdk"),
                                       ("-raw", "appliance-disk1.img", disk, "raw")):
        packed = gzip(content)
        appliance = [("appliance.ovf", envelope(inner, len(packed), len(disk), "gzip")), (inner, packed)]
        corpus.good(f"good-gzip-in-ova{name}.ova", archive(appliance), disk, f"{what} in gzip in tar")
    corpus.about("gzip layers", "a plain tar archive with `disk.raw.gz`.")
    corpus.good("good-gzip-in-tar.tar", archive([("notes.txt", b"not a disk\n"), ("disk.raw.gz", gzip(disk))]), disk, "raw in gzip in tar")

    depth = gzip(disk)
    for _ in range(19):
        depth = gzip(depth)
    corpus.about("unsupported gzip", "twenty layers of gzip, each good. There is a limit of layers. gzip sees one good layer.")
    corpus.bad("unsupported-gzip-nested-20.gz", depth, "20 gzip layers, each good: more than the limit of nested layers; must fail at open", gzip=0)


def envelope(name, size, capacity, compression=None):
    """An OVF descriptor of one disk, a stream in VMDK by its name or of no certain kind."""
    attribute = f' ovf:compression="{compression}"' if compression else ""
    kind = ' ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"' if ".vmdk" in name else ""
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" '
            f'xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">\n<References>\n'
            f'<File ovf:id="file1" ovf:href="{name}" ovf:size="{size}"{attribute}/>\n</References>\n<DiskSection>\n<Info>Disks</Info>\n'
            f'<Disk ovf:diskId="disk1" ovf:fileRef="file1" ovf:capacity="{capacity}"{kind}/>\n</DiskSection>\n'
            f'</Envelope>\n').encode()
