"""The bad and the unsupported gzip files: a good one, and one thing wrong with it.

A gzip file does not tell its size: all of it is decoded when it is opened, and so all of these are refused then. The note of each
says which field at which offset and what is expected, and how many bytes come before the damage: those are there with --recover.
Where a careless reader can make something of the data, CRC32 and ISIZE fit that, so that they do not help out.
"""

import data
from deflatebits import ALL_LENGTHS, END, FHCRC, Deflate, Match, Symbol, complete, deflate, expand, header, member, subfield, trailer
from gzipgood import base, far, gzip, two_members
from tars import by_gnu
from tools import xz_compress
from xzgood import base as xz_base

OPEN = "; must fail at open"


def make(corpus):
    by_hand(corpus)
    checks(corpus)
    cut(corpus)
    headers(corpus)
    data_blocks(corpus)
    tables(corpus)
    distances(corpus)
    second(corpus)
    layers(corpus)


def bad(corpus, name, file, note, verdict="bad", **more):
    corpus.bad(f"{verdict}-gzip-{name}.gz", file, note + OPEN, **more)


def flip(file, at, bit=1):
    return file[:at] + bytes([file[at] ^ bit]) + file[at + 1:]


def counted(count):
    return f"{count} byte{'' if count == 1 else 's'}"


def kept(count):
    return f"; with --recover {'nothing is' if count == 0 else f'{count} bytes are'} there"


def by_hand(corpus):
    corpus.about("gzip by hand", "two literals and a match, with fixed codes and with dynamic ones; bad files below are written the same way.")
    items = [b"ab", Match(6, 2)]
    corpus.good("good-gzip-by-hand-fixed.gz", member(b"abababab", Deflate().fixed(*items, final=True)), b"abababab", "raw in gzip")
    corpus.good("good-gzip-by-hand-dynamic.gz",
                member(b"abababab", Deflate().dynamic(*items, literals=complete(97, 98, END, 260, count=286), distances=[0, 1], final=True)),
                b"abababab", "raw in gzip")


def checks(corpus):
    disk, good = base()
    first, second, a, b = two_members()
    size = len(good)
    corpus.about("bad gzip checks", "the CRC32 is wrong.")
    bad(corpus, "crc", flip(good, size - 8), f"CRC32 at {size - 8} is wrong{kept(len(disk))}")
    corpus.about("bad gzip checks", "ISIZE is wrong: one more, 2^31 more, or 0.")
    for name, value in (("more", len(disk) + 1), ("high-bit", len(disk) + (1 << 31)), ("zero", 0)):
        bad(corpus, f"isize-{name}", good[:-4] + value.to_bytes(4, "little"),
            f"ISIZE at {size - 4} is {value}, expected {len(disk)}{kept(len(disk))}")
    both = a + b
    corpus.about("bad gzip checks", "the CRC32 or ISIZE of the first of two members is wrong.")
    bad(corpus, "crc-first", flip(both, len(a) - 8), f"CRC32 of the first member, at {len(a) - 8}, is wrong{kept(len(first))} at least")
    bad(corpus, "isize-first", flip(both, len(a) - 4), f"ISIZE of the first member, at {len(a) - 4}, is {len(first) ^ 1}, expected {len(first)}"
        f"{kept(len(first))} at least")
    corpus.about("bad gzip checks", "the CRC32 or ISIZE of the second of two members is wrong.")
    bad(corpus, "crc-second", flip(both, len(both) - 8), f"CRC32 of the second member, at {len(both) - 8}, is wrong{kept(len(first + second))}")
    bad(corpus, "isize-second", flip(both, len(both) - 4),
        f"ISIZE of the second member, at {len(both) - 4}, is {len(second) ^ 1}, expected {len(second)}{kept(len(first + second))}")
    corpus.about("bad gzip checks", "ISIZE of the second member is the size of both.")
    bad(corpus, "isize-sum", both[:-4] + len(first + second).to_bytes(4, "little"),
        f"ISIZE of the second member, at {len(both) - 4}, is {len(first + second)}, expected {len(second)}{kept(len(first + second))}")
    corpus.about("bad gzip checks", "an empty member whose CRC32 is 1.")
    bad(corpus, "crc-empty", flip(gzip(b""), 12), f"CRC32 at 12 is 1, expected 0{kept(0)}")


def cut(corpus):
    corpus.about("bad gzip cut", "the first bytes of the base: fewer than the 18 that every gzip file has, the header whole from 10 on.")
    disk, good = base()
    for count in (1, 2, 3, 4, 6, 8, 9, 10, 17):
        what = "by its name it is a gzip file" if count < 3 else f"the {'header' if count < 10 else 'data'} ends at {count}"
        bad(corpus, f"cut-{count}", good[:count], f"a file of {counted(count)}: {what}{kept(0)}")
    corpus.about("bad gzip cut", "an empty file.")
    bad(corpus, "cut-0", b"", "an empty file, by its name a gzip file")
    fields = {"extra": subfield(b"VT", bytes(20)), "name": b"disk.raw", "comment": b"a comment", "checked": True}
    whole = header(**fields)
    corpus.about("bad gzip cut", "cut inside each field of the header, none of which is shorter than 2 bytes.")
    at = 10
    for name, length in (("extra-length", 2), ("extra", 24), ("name", 9), ("comment", 10), ("header-crc", 2)):
        bad(corpus, f"cut-{name}", whole[:at + 1], f"the header ends at {at + 1}, inside the field at {at} that is {length} bytes long{kept(0)}")
        at += length
    assert at == len(whole)
    corpus.about("bad gzip cut", "cut right after a header with each field.")
    bad(corpus, "cut-header-full", whole, f"the file ends at {at}, behind the header{kept(0)}")
    stored = Deflate().stored(disk[:500]).bytes()
    corpus.about("bad gzip cut", "cut inside a stored block: its LEN, its NLEN, right behind them, its data.")
    start = header() + stored
    for name, count, there in (("stored-len", 12, 0), ("stored-nlen", 14, 0), ("stored-start", 15, 0), ("stored", 15 + 400, 400)):
        bad(corpus, f"cut-{name}", start[:count], f"the file ends at {count}, inside the stored block at 10{kept(there)}")
    corpus.about("bad gzip cut", "cut between two blocks.")
    bad(corpus, "cut-between-blocks", start, f"the file ends at {len(start)}, behind a block that is not the last{kept(500)}")
    corpus.about("bad gzip cut", "no block is the last: what follows is CRC32 and ISIZE, and then nothing.")
    bad(corpus, "no-last-block", start + trailer(disk[:500]), f"the block at 10 is not the last, and what follows at {len(start)} is no block{kept(500)}")
    corpus.about("bad gzip cut", "cut inside the codes of a dynamic block.")
    bad(corpus, "cut-tables", good[:30], f"the file ends at 30, inside the codes of the block at 10{kept(0)}")
    corpus.about("bad gzip cut", "cut in the middle of the data.")
    at = len(good) // 2
    bad(corpus, "cut-data", good[:at], f"the file ends at {at} of {len(good)}, inside the block at 10; with --recover what comes before is there")
    corpus.about("bad gzip cut", "cut right before the trailer, inside its CRC32, before ISIZE, and inside that.")
    for left in (8, 7, 4, 1):
        bad(corpus, f"cut-trailer-{8 - left}", good[:-left], f"the file ends at {len(good) - left}, {counted(left)} before the trailer does{kept(len(disk))}")


def headers(corpus):
    disk, good = base()
    corpus.about("bad gzip header", "the first byte is 1e. By its contents this is no gzip file; it must not be served as a raw disk under this name.")
    bad(corpus, "magic", b"\x1e" + good[1:], "magic at 0 begins with 1e, so by its contents this is no gzip file; by its name it is")
    corpus.about("bad gzip header", "likewise: 4 zero bytes before the member.")
    bad(corpus, "padding-first", bytes(4) + good, "4 zero bytes before the magic, so by its contents this is no gzip file; by its name it is")
    corpus.about("bad gzip header", "methods that nobody has used. With another than 8 it is no gzip file that anybody could read.")
    for method in (0, 7, 9):
        bad(corpus, f"method-{method}", member(disk, deflate(disk), method=method), f"CM at 2 is {method}, expected 8")
    corpus.about("unsupported gzip", "the reserved flags 5, 6 and 7, and all of them: they may come to mean fields that nobody knows yet (RFC 1952, 2.3.1.2).")
    for name, flags in (("5", 0x20), ("6", 0x40), ("7", 0x80), ("all", 0xE0)):
        bad(corpus, f"flags-{name}", member(disk[:300], flags=flags), f"FLG at 3 is {flags:02x}: reserved flags are set", "unsupported")
    corpus.about("bad gzip header", "FHCRC is wrong: in a header with nothing else, in one with every field, and where a byte of the name was changed.")
    small = disk[:300]
    file = member(small, checked=True)
    bad(corpus, "header-crc", flip(file, 10), "FHCRC at 10 is wrong")
    fields = {"extra": subfield(b"VT", bytes(20)), "name": b"disk.raw", "comment": b"a comment", "checked": True}
    at = len(header(**fields)) - 2
    bad(corpus, "header-crc-full", flip(member(small, **fields), at, 0x80), f"FHCRC at {at} is wrong")
    file = member(small, name=b"disk.raw", checked=True)
    bad(corpus, "header-crc-name", flip(file, 11), "FHCRC at 19 does not fit the name at 10, of which a byte was changed")
    corpus.about("bad gzip header", "FHCRC is the high half of the CRC32.")
    own = header(flags=FHCRC)
    bad(corpus, "header-crc-high", own + trailer(own)[2:4] + member(small)[10:], "FHCRC at 10 is wrong: the high half of the CRC32")
    corpus.about("bad gzip header", "a name, a comment and an extra field that go on to the end of the file.")
    bad(corpus, "name-endless", header(name=b"n" * 500)[:-1], f"FNAME at 10 has not ended at the end of the file{kept(0)}")
    bad(corpus, "comment-endless", header(comment=b"c" * 500)[:-1], f"FCOMMENT at 10 has not ended at the end of the file{kept(0)}")
    bad(corpus, "extra-endless", header(flags=4) + b"\xff\xff" + member(small)[10:], f"FEXTRA at 12 takes 65535 bytes, more than there are{kept(0)}")


def data_blocks(corpus):
    disk, good = base()
    corpus.about("bad gzip data", "a bit in the middle of the data is flipped.")
    at = len(good) // 2
    bad(corpus, "data", flip(good, at), f"a bit is flipped at {at}: damage of the block at 10 or of its CRC32; with --recover what comes before is there")
    stored = member(disk[:1500], Deflate().stored(disk[:700]).stored(disk[700:1500], final=True))
    corpus.about("bad gzip data", "a bit in a stored block is flipped: only the CRC32 can tell.")
    bad(corpus, "data-stored", flip(stored, 500), f"a bit is flipped at 500, so that the CRC32 at {len(stored) - 8} does not fit{kept(1500)}")
    corpus.about("bad gzip data", "512 bytes of the data are zeroes, as from a bad sector.")
    bad(corpus, "data-zeroes", good[:300] + bytes(512) + good[812:], "512 bytes from 300 on are zeroes: damage of the block at 10")
    corpus.about("bad gzip data", "block type 3, first, and after a good block.")
    bad(corpus, "block-type-3", member(b"", Deflate().header(3, True)), f"the block at 10 is of type 3, which is reserved{kept(0)}")
    body = Deflate().stored(disk[:400]).header(3, True)
    bad(corpus, "block-type-3-second", member(disk[:400], body), f"the second block, at 415, is of type 3, which is reserved{kept(400)}")
    corpus.about("bad gzip data", "NLEN is not the complement of LEN: by one bit, or as large as LEN.")
    bad(corpus, "stored-nlen", member(disk[:400], Deflate().stored(disk[:400], final=True, complement=400 ^ 0xFFFF ^ 0x100)),
        f"NLEN at 13 is no complement of LEN at 11, 400{kept(0)}")
    bad(corpus, "stored-nlen-same", member(disk[:400], Deflate().stored(disk[:400], final=True, complement=400)),
        f"NLEN at 13 is no complement of LEN at 11, 400{kept(0)}")
    corpus.about("bad gzip data", "a stored block that is longer than the file.")
    bad(corpus, "stored-past-end", member(disk[:400], Deflate().stored(disk[:400], final=True, length=60_000)),
        "the stored block at 10 has 60000 bytes, more than there are; with --recover some 400 bytes are there")

    def fixed(name, symbol, what, before=b"abcdefgh"):
        body = Deflate().fixed(before, symbol, b"more", final=True)
        bad(corpus, name, member(before, body), f"{what}, after {len(before)} bytes of the block at 10{kept(len(before))}")

    corpus.about("bad gzip data", "the symbols 286 and 287 of the fixed code for lengths, which must never be met.")
    fixed("symbol-286", Symbol(286), "symbol 286 for a length")
    fixed("symbol-287", Symbol(287), "symbol 287 for a length")
    corpus.about("bad gzip data", "the symbols 30 and 31 of the fixed code for distances, likewise.")
    fixed("distance-symbol-30", Symbol(257, 30), "symbol 30 for a distance")
    fixed("distance-symbol-31", Symbol(257, 31), "symbol 31 for a distance")


def tables(corpus):
    """Dynamic blocks with codes that cannot be. Their data is what a reader could make of them."""
    text = b"abcabcabcabc"
    good = complete(97, 98, 99, END, 257, 258, count=286)

    def built(name, what, body, disk=text, there=0, **more):
        bad(corpus, name, member(disk, body), f"{what} of the block at 10{kept(there)}", **more)

    def block(**tables):
        tables = {"literals": good, "distances": [1, 1], **tables}
        return Deflate().dynamic(text, final=True, **tables)

    corpus.about("bad gzip codes", "287 and 288 codes for literals and lengths; there are 286.")
    for count in (287, 288):
        built(f"hlit-{count}", f"HLIT says {count} codes", block(literals=good + [0] * (count - 286)))
    corpus.about("bad gzip codes", "31 and 32 codes for distances; there are 30.")
    for count in (31, 32):
        built(f"hdist-{count}", f"HDIST says {count} codes", block(distances=[1, 1] + [0] * (count - 2)))

    # The first codes are good in both: a careless reader would decode the text.
    over, under = list(good), list(good)
    over[100] = over[101] = 1
    under[258] = 0
    corpus.about("bad gzip codes", "more codes than there can be, for literals and lengths, for distances, and for the lengths of codes.")
    built("literals-over", "too many codes for literals and lengths", over_subscribed(text, over))
    built("distances-over", "too many codes for distances", block(distances=[1, 1, 1]))
    built("code-lengths-over", "too many codes for lengths of codes", over_code_lengths(text, good))
    corpus.about("bad gzip codes", "fewer codes than there must be, likewise.")
    built("literals-incomplete", "too few codes for literals and lengths", block(literals=under))
    built("distances-incomplete", "too few codes for distances", block(distances=[2, 2]))
    lengths = list(ALL_LENGTHS)
    lengths[15] = 0
    built("code-lengths-incomplete", "too few codes for lengths of codes", block(code_lengths=lengths))
    corpus.about("bad gzip codes", "a single code of 2 bits, for distances and for the end; only one of 1 bit may be alone.")
    built("distance-single-2-bits", "a single code for distances, of 2 bits", block(distances=[2]))
    built("literal-single-2-bits", "a single code for literals and lengths, of 2 bits",
          Deflate().dynamic(literals=[0] * 256 + [2], distances=[1], final=True), b"")
    corpus.about("bad gzip codes", "a single code of 1 bit for the lengths of codes: that one must be complete.")
    lengths = [0] * 19
    lengths[9] = 1
    built("code-lengths-single", "a single code for lengths of codes",
          Deflate().header(2, True).tables([9] * 257, [9], code_lengths=lengths, sequence=[(9, 0, 0)] * 258).put(0, 32), b"")
    corpus.about("bad gzip codes", "no codes for the lengths of codes.")
    built("code-lengths-none", "no codes for lengths of codes",
          Deflate().header(2, True).tables(good, [1], code_lengths=[0] * 19, hclen=4, sequence=[]).put(0, 320), b"")
    corpus.about("bad gzip codes", "no code for literals and lengths at all.")
    built("literals-none", "no codes for literals and lengths", Deflate().header(2, True).tables([0] * 257, [1]).put(0, 32), b"")
    corpus.about("bad gzip codes", "no code for the end of the block.")
    endless = complete(97, 98, 99, 257, count=286)
    built("no-end-code", "no code for the end (256)", Deflate().dynamic(text, literals=endless, distances=[1, 1], final=True, end=False))
    corpus.about("bad gzip codes", "the first length repeats the one before; there is none.")
    built("repeat-first", "the first length is a repeat (16)",
          Deflate().header(2, True).tables(good, [1, 1], sequence=[(16, 0, 2), (18, 94 - 11, 7)]).put(0, 64), b"")
    corpus.about("bad gzip codes", "repeats by 16, 17 and 18 that go one over the end of both codes.")
    # 257 codes for literals and 1 for distances: 97 and the end have 1 bit.
    start = [(18, 97 - 11, 7), (1, 0, 0), (18, 138 - 11, 7)]
    before = 97 + 1 + 138
    for symbol, rest in ((16, [(0, 0, 0)] * (258 - 2 - before) + [(16, 0, 2)]), (17, [(0, 0, 0)] * (258 - 2 - before) + [(17, 0, 3)]),
                         (18, [(18, 258 - before + 1 - 11, 7)])):
        built(f"repeat-{symbol}-past-end", f"a repeat ({symbol}) goes over the end of the lengths",
              Deflate().header(2, True).tables([0] * 257, [0], sequence=start + rest).put(0, 64), b"")
    corpus.about("bad gzip codes", "a match in a block without codes for distances.")
    for name, of_distances, bits, what in (("distance-no-code", [0], 0, "where there is no code for any"),
                                           ("distance-unused-code", [1], 1, "by the bit that the only code leaves unused")):
        if name == "distance-unused-code":
            corpus.about("bad gzip codes", "a match whose distance is the bit that the only code leaves unused.")
        body = Deflate().dynamic(b"abc", Symbol(257), literals=good, distances=of_distances, final=True, end=False)
        body.put(bits, 1).symbols([], good, of_distances)
        built(name, f"a distance {what}, after 3 bytes", body, b"abc" + b"ccc", 3)


def over_subscribed(text, lengths):
    """The block with these lengths; its symbols are coded as if the surplus were not there."""
    body = Deflate().header(2, True).tables(lengths, [1, 1])
    fitting = list(lengths)
    fitting[100] = fitting[101] = 0
    return body.symbols([text], fitting, [1, 1])


def over_code_lengths(text, literals):
    """The block with one code too many for the lengths of codes."""
    lengths = list(ALL_LENGTHS)
    body = Deflate().header(2, True)
    body.tables(literals, [1, 1], code_lengths=lengths)
    # The lengths are stored from bit 17 on, 3 bits each; that of 16, the first, is made 1 in place of 5.
    whole = int.from_bytes(body.out, "little")
    whole = whole & ~(7 << 17) | 1 << 17
    body.out = bytearray(whole.to_bytes(len(body.out), "little"))
    return body.symbols([text], literals, [1, 1])


def distances(corpus):
    corpus.about("bad gzip distances",
                 "a match that begins before the member, where GNU gzip finds zeroes; the CRC32 fits these. gzip does not look, and accepts it.")
    for name, items in (("first", [b"abc", Match(6, 4), b"x"]), ("start", [Match(10, 1)]), ("far", [b"abc", Match(258, 32_768)])):
        disk, there = expand(*items), len(items[0]) if isinstance(items[0], bytes) else 0
        bad(corpus, f"distance-{name}", member(disk, Deflate().fixed(*items, final=True)),
            f"a match of distance {next(item.distance for item in items if isinstance(item, Match))} after {there} bytes of the member{kept(there)}",
            gzip=0)
    corpus.about("bad gzip distances", "distance 32768 where the member has 32767 bytes. gzip accepts it.")
    items = far(32_768, 32_767)
    bad(corpus, "distance-32768", member(expand(*items), Deflate().fixed(*items, final=True)),
        f"a match of distance 32768 after 32767 bytes of the member{kept(32_767)}", gzip=0)
    first, _, a, _ = two_members()
    items = [b"abc", Match(100, 103)]
    note = f"a match of distance 103 after 3 bytes of the second member, at {len(a)}{kept(len(first) + 3)}"
    corpus.about("bad gzip distances", "a match of the second member reaches into the first, and the CRC32 fits that. gzip finds zeroes there as well.")
    bad(corpus, "distance-second", a + member(expand(*items, window=first), Deflate().fixed(*items, final=True)), note)
    corpus.about("bad gzip distances", "likewise, and the CRC32 fits the zeroes: gzip accepts it.")
    bad(corpus, "distance-second-zeroes", a + member(expand(*items), Deflate().fixed(*items, final=True)), note, gzip=0)
    # gzip begins each member at the start of its window, and has the one before behind that.
    items = [b"abc", Match(100, 32_768 - 500)]
    corpus.about("bad gzip distances", "likewise, and there gzip does find the first member, which the CRC32 fits: it accepts that too.")
    bad(corpus, "distance-second-far", a + member(b"abc" + first[503:603], Deflate().fixed(*items, final=True)),
        f"a match of distance 32268 after 3 bytes of the second member, at {len(a)}{kept(len(first) + 3)}", gzip=0)
    corpus.about("bad gzip distances", "a match of the second block of the second member reaches into the first, and the CRC32 fits that.")
    items = [data.text(200, "gzip distances"), Match(50, 400)]
    disk = expand(*items, window=first)
    bad(corpus, "distance-second-block", a + member(disk, Deflate().stored(items[0]).fixed(items[1], final=True)),
        f"a match of distance 400 after 200 bytes of the second member, at {len(a)}{kept(len(first) + 200)}")


def second(corpus):
    first, _, a, b = two_members()
    at = len(a)
    corpus.about("bad gzip second member", "damage behind the sound header of a second member. It is no trailing garbage: the disk would be shorter.")
    cases = [
        ("data", flip(b, len(b) // 2), f"a bit is flipped at {at + len(b) // 2}"),
        ("noise", b[:10] + b"\x07" + data.noise(200, "second member"), f"the block at {at + 10} is of type 3, which is reserved"),
        ("zeroes", b[:10] + bytes(500), f"the stored block at {at + 10} has LEN 0 and NLEN 0"),
        ("cut-header", b[:10], "the file ends behind its header"),
        ("cut-data", b[:len(b) // 2], "the file ends inside its data"),
        ("cut-trailer", b[:-3], "the file ends inside its ISIZE"),
    ]
    for name, end, what in cases:
        bad(corpus, f"second-{name}", a + end, f"the second member, at {at}, is damaged: {what}{kept(len(first))} at least")
    corpus.about("bad gzip second member",
                 "a second header that is whole and wrong. gzip does not take that for trailing garbage either.")
    wrong = header(checked=True)
    bad(corpus, "second-header-crc", a + flip(wrong, 10) + b[10:], f"FHCRC of the second member, at {at + 10}, is wrong{kept(len(first))}")
    bad(corpus, "second-method-7", a + header(method=7) + b[10:], f"CM of the second member, at {at + 2}, is 7, expected 8{kept(len(first))}")
    corpus.about("unsupported gzip", "the reserved flags of a second member.")
    bad(corpus, "second-flags", a + header(flags=0xE0) + b[10:], f"FLG of the second member, at {at + 3}, is e0: reserved flags are set",
        "unsupported")
    corpus.about("bad gzip second member", "a third member that is damaged, behind an empty one.")
    before = a + gzip(b"")
    bad(corpus, "third-data", before + flip(b, len(b) // 2),
        f"the third member, at {len(before)}, is damaged: a bit is flipped at {len(before) + len(b) // 2}{kept(len(first))} at least")


def layers(corpus):
    disk, good = base()
    file = gzip(by_gnu(disk, "--format=ustar"))
    corpus.about("bad gzip layers", "a tar archive in gzip that was not loaded to the end.")
    corpus.bad("bad-gzip-tar-cut.tar.gz", file[:-600], f"the file ends at {len(file) - 600} of {len(file)}{OPEN}")
    _, xz = xz_base()
    corpus.about("bad gzip layers", "a cut xz file in good gzip: the inner layer must fail at open. gzip sees no error.")
    corpus.bad("bad-gzip-of-cut-xz.xz.gz", gzip(xz[:-1]), f"the last byte of the xz file inside is missing{OPEN}", gzip=0)
    corpus.about("bad gzip layers", "a cut gzip file in good xz, likewise.")
    corpus.bad("bad-gzip-cut-in-xz.gz.xz", xz_compress(good[:-20], "-T1"), f"the gzip file inside ends 20 bytes early{OPEN}")
    corpus.about("bad gzip layers", "a cut gzip file in good gzip, likewise. gzip sees no error.")
    corpus.bad("bad-gzip-cut-in-gzip.gz.gz", gzip(good[:-20]), f"the gzip file inside ends 20 bytes early{OPEN}", gzip=0)
