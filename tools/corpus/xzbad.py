"""The bad and the unsupported xz files: a good one, and one thing wrong with it.

Where the broken field is covered by a CRC32, that is computed again, so that only the intended check can fire.
The note of each file says which field at which offset, what is found and expected, and when it must be noticed:
"at open" (stream headers, footers and indexes are read then) or "when read" (block headers and data).
"""

import container as xz
import data
import lzmabits
from tools import xz_compress
from xzgood import base, base_sizes, lzma2, piece, two_streams


def make(corpus):
    disk, good = base()
    where = xz.layout(good)
    _, sized = base_sizes()
    sizes = xz.layout(sized)
    cut(corpus, good, where)
    headers_and_footers(corpus, good, where)
    indexes(corpus, good, where)
    streams(corpus, good, where)
    block_headers(corpus, good, where, sized, sizes)
    block_contents(corpus, good, where, disk)
    chunks(corpus)
    filters(corpus, disk)


def cut(corpus, good, where):
    bad, size = corpus.bad, len(good)
    corpus.about("bad xz cut", "the base's first 6 bytes (the magic).")
    bad("bad-xz-cut-6.xz", good[:6], "file of 6 bytes, just the magic: too short for a stream; must fail at open")
    corpus.about("bad xz cut", "the base's first 12 bytes (the stream header).")
    bad("bad-xz-cut-12.xz", good[:12], "file of 12 bytes, just a stream header; the footer magic YZ is not at 10; must fail at open")
    at = (where.blocks[1].data + 200) // 4 * 4
    corpus.about("bad xz cut", "cut inside block 2.")
    bad("bad-xz-cut-block.xz", good[:at],
        f"cut inside block 2, at {at} of {size}: no footer magic YZ at {at - 2}; must fail at open")
    at = where.index + 4
    corpus.about("bad xz cut", "cut inside the index.")
    bad("bad-xz-cut-index.xz", good[:at], f"cut inside the index, at {at} of {size}: no footer magic YZ at {at - 2}; must fail at open")
    corpus.about("bad xz cut", "without the footer.")
    bad("bad-xz-cut-footer.xz", good[:-12], f"the 12 bytes of the footer are missing: no footer magic YZ at {size - 14}; must fail at open")
    corpus.about("bad xz cut", "without the last byte.")
    bad("bad-xz-cut-last-byte.xz", good[:-1], f"the last byte is missing: size {size - 1} is no multiple of 4; must fail at open")
    corpus.about("bad xz cut", "block 1 is missing: the blocks of the index do not fit between header and index.")
    bad("bad-xz-cut-start.xz", good[:12] + good[where.blocks[1].at:],
        f"block 1 is missing: the index at {where.blocks[0].at + where.index - where.blocks[1].at} puts the stream header "
        f"{where.blocks[1].at - 12} bytes before the file; must fail at open")


def headers_and_footers(corpus, good, where):
    bad, end = corpus.bad, len(good)
    corpus.about("bad xz header and footer",
                 "the first byte is fe. By its contents this is no xz file; it must not be served as a raw disk under this name.")
    bad("bad-xz-header-magic.xz", xz.edit(good, 0, b"\xfe"),
        "header magic at 0 begins with fe, expected fd, so by its contents this is no xz file; "
        "must fail at open by its name or when the format xz is given")
    corpus.about("bad xz header and footer", "stream header CRC32.")
    bad("bad-xz-header-crc.xz", xz.flip(good, 8), "stream header CRC32 at 8 is wrong; must fail at open")
    corpus.about("bad xz header and footer", "`Yz` for `YZ`.")
    bad("bad-xz-footer-magic.xz", xz.edit(good, end - 1, b"z"), f"footer magic at {end - 2} is Yz, expected YZ; must fail at open")
    corpus.about("bad xz header and footer", "footer CRC32.")
    bad("bad-xz-footer-crc.xz", xz.flip(good, where.footer), f"footer CRC32 at {where.footer} is wrong; must fail at open")
    corpus.about("bad xz header and footer", "the footer says CRC32, the header CRC64.")
    bad("bad-xz-footer-flags.xz", xz.mend_footer(xz.edit(good, end - 4, b"\0\x01")),
        f"stream flags at {end - 4} are 00 01 (CRC32), in the stream header at 6 they are 00 04 (CRC64); must fail at open")
    stored = int.from_bytes(good[end - 8:end - 4], "little")
    size = (stored + 1) * 4

    def backward(name, value, what):
        bad(f"bad-xz-backward-size-{name}.xz", xz.mend_footer(xz.edit(good, end - 8, value.to_bytes(4, "little"))),
            f"backward size at {end - 8} says an index of {(value + 1) * 4} bytes: {what}; must fail at open")

    corpus.about("bad xz header and footer", "4 bytes too large: no index indicator there.")
    backward("large", stored + 1, f"it has {size}; at {where.index - 4} is {good[where.index - 4]:02x}, part of block 3's check, expected the index indicator 00")
    corpus.about("bad xz header and footer", "4 bytes too small: no index indicator there.")
    backward("small", stored - 1, f"it has {size}; at {where.index + 4} is {good[where.index + 4]:02x}, part of a record, expected the index indicator 00")
    corpus.about("bad xz header and footer", "an index of 4 bytes; the smallest there is has 8.")
    backward("zero", 0, "an index has at least 8 bytes")
    corpus.about("bad xz header and footer", "the index would begin before the file, by 4 bytes.")
    backward("outside", end // 4, f"more than the {where.footer - 12} bytes in front of the footer")
    corpus.about("bad xz header and footer", "the index would begin before the file, by 16 GiB.")
    backward("max", 0xFFFFFFFF, f"16 GiB, more than the {where.footer - 12} bytes in front of the footer")
    corpus.about("unsupported xz", "stream flags 01 04, 00 14 and 00 84: reserved bits.")
    for name, flags, what in (("1", b"\x01\x04", "01 04"), ("2", b"\x00\x14", "00 14"), ("3", b"\x00\x84", "00 84")):
        file = xz.mend_stream_header(xz.edit(good, 6, flags))
        bad(f"unsupported-xz-stream-flags-{name}.xz", xz.mend_footer(xz.edit(file, end - 4, flags)),
            f"stream flags at 6 and at {end - 4} are {what}, with a reserved bit set; must fail at open")


def indexes(corpus, good, where):
    bad, records = corpus.bad, where.records
    first, count_at = where.record_offsets[0], where.index + 1
    encoded = b"".join(xz.vli(a) + xz.vli(b) for a, b in records)

    corpus.about("bad xz index", "the index indicator is 01.")
    bad("bad-xz-index-indicator.xz", xz.mend_index(xz.edit(good, where.index, b"\x01"), where),
        f"index indicator at {where.index} is 01, expected 00; must fail at open")
    corpus.about("bad xz index", "the CRC32 itself is broken.")
    bad("bad-xz-index-crc.xz", xz.flip(good, where.footer - 4), f"index CRC32 at {where.footer - 4} is wrong; must fail at open")
    corpus.about("bad xz index", "a record is broken and the CRC32 is not mended.")
    bad("bad-xz-index-record-crc.xz", xz.flip(good, first[1]),
        f"uncompressed size in record 1 at {first[1]} has a flipped bit, so the index CRC32 at {where.footer - 4} does not fit; must fail at open")
    corpus.about("bad xz index", "4 records announced; there are 3.")
    bad("bad-xz-index-count-large.xz", xz.reindex(where, count=4),
        f"number of records at {count_at} is 4, there are 3; record 4 would be the padding 00 00; must fail at open")
    corpus.about("bad xz index", "2 records announced; there are 3.")
    bad("bad-xz-index-count-small.xz", xz.reindex(where, count=2),
        f"number of records at {count_at} is 2, there are 3; record 3 stands where padding is expected; must fail at open")
    corpus.about("bad xz index", "0 records announced; there are 3.")
    bad("bad-xz-index-count-zero.xz", xz.reindex(where, count=0),
        f"number of records at {count_at} is 0, there are 3; must fail at open")
    corpus.about("bad xz index",
                 '2^40 and 2^63 - 1 records announced. Nothing may be allocated for them. (`xz -l` tries to, and says "Cannot '
                 'allocate memory".)')
    for name, count in (("2-40", 1 << 40), ("max", (1 << 63) - 1)):
        bad(f"bad-xz-index-count-{name}.xz", xz.reindex(where, count=count),
            f"number of records at {count_at} is {count}, the index has room for 3; must fail at open, without allocating for them")
    corpus.about("bad xz index", "the count 3 as 83 00.")
    bad("bad-xz-index-count-non-minimal.xz", xz.reindex(where, count=xz.vli(3, width=2)),
        f"number of records at {count_at} is 83 00, a two-byte encoding of 3; must fail at open")
    corpus.about("bad xz index", "the count in 10 bytes.")
    bad("bad-xz-index-count-10-bytes.xz", xz.reindex(where, count=b"\x83" + b"\x80" * 8 + b"\x01"),
        f"number of records at {count_at} is encoded in 10 bytes, the maximum is 9; must fail at open")
    body = b"\0\x04" + encoded
    body += b"\x80" * (-len(body) % 4 or 4)
    corpus.about("bad xz index", "a number that does not end before the CRC32.")
    bad("bad-xz-index-vli-endless.xz", xz.reindex(where, body=body),
        f"unpadded size in record 4 at {where.index + 2 + len(encoded)} runs into the index CRC32 at {where.index + len(body)}; must fail at open")

    def changed(number, unpadded=None, uncompressed=None):
        out = list(records)
        old = out[number]
        out[number] = (old[0] if unpadded is None else unpadded, old[1] if uncompressed is None else uncompressed)
        return xz.reindex(where, out)

    corpus.about("bad xz index", "an unpadded size of 0; the minimum is 5.")
    bad("bad-xz-index-unpadded-0.xz", changed(0, unpadded=0), f"unpadded size in record 1 at {first[0]} is 0, the minimum is 5; must fail at open")
    corpus.about("bad xz index", "an unpadded size of 4; the minimum is 5.")
    bad("bad-xz-index-unpadded-4.xz", changed(0, unpadded=4), f"unpadded size in record 1 at {first[0]} is 4, the minimum is 5; must fail at open")
    corpus.about("bad xz index", "an unpadded size of 2^63 - 1; the maximum is 2^63 - 4.")
    bad("bad-xz-index-unpadded-huge.xz", changed(0, unpadded=(1 << 63) - 1),
        f"unpadded size in record 1 at {first[0]} is 2^63 - 1, the maximum is 2^63 - 4; must fail at open")
    corpus.about("bad xz index", "unpadded sizes of three times 2^62: the sum passes 2^63 - 1.")
    bad("bad-xz-index-unpadded-sum.xz", xz.reindex(where, [(1 << 62, 4096), (1 << 62, 4096), (1 << 62, 808)]),
        f"unpadded sizes from {first[0]} are 2^62 each, their sum passes 2^63 - 1; must fail at open")
    corpus.about("bad xz index", "an unpadded size of 2^40: far before the file.")
    bad("bad-xz-index-unpadded-outside.xz", changed(1, unpadded=1 << 40),
        f"unpadded size in record 2 is 2^40: the stream header would lie before the file; must fail at open")
    corpus.about("bad xz index", "an unpadded size 4 too large: the stream header is not where the index puts it.")
    bad("bad-xz-index-unpadded-more.xz", changed(2, unpadded=records[2][0] + 4),
        "unpadded size in record 3 is 4 too large: the stream header would lie 4 bytes before the file; must fail at open")
    corpus.about("bad xz index", "an unpadded size 4 too small: the stream header is not where the index puts it.")
    bad("bad-xz-index-unpadded-less.xz", changed(2, unpadded=records[2][0] - 4),
        "unpadded size in record 3 is 4 too small: there is no stream header magic at 4; must fail at open")
    corpus.about("bad xz wrong index", "records 1 and 2 are 4 too large and 4 too small. Reads of 0..<8192 fail.")
    bad("bad-xz-index-unpadded-shifted.xz", xz.reindex(where, [(records[0][0] + 4, 4096), (records[1][0] - 4, 4096), records[2]]),
        f"unpadded sizes in records 1 and 2 are 4 too large and 4 too small, their sum is right: blocks 1 and 2 "
        f"do not end where the index says; opens, reads of 0..<8192 must fail, of 8192..<9000 work")
    padded = xz.index(records)
    assert padded[len(b"\0\x03" + encoded):-4] == bytes(len(padded) - 4 - 2 - len(encoded)) and len(padded) - 6 > len(encoded)
    at = where.footer - 5
    corpus.about("bad xz index", "index padding of 01.")
    bad("bad-xz-index-padding.xz", xz.mend_index(xz.edit(good, at, b"\x01"), where), f"index padding at {at} is 01, expected 00; must fail at open")
    corpus.about("bad xz index", "index padding of 80.")
    bad("bad-xz-index-padding-80.xz", xz.reindex(where, body=xz.pad4(b"\0\x03" + encoded)[:-1] + b"\x80"),
        f"index padding ends at {where.index + len(xz.pad4(b'..' + encoded)) - 1} with 80, expected 00; must fail at open")
    body = xz.pad4(b"\0\x03" + encoded) + bytes(4)
    corpus.about("bad xz index", "6 bytes of index padding, all zero; the maximum is 3.")
    bad("bad-xz-index-padding-long.xz", xz.reindex(where, body=body),
        f"index padding at {where.index + 2 + len(encoded)} is {len(body) - 2 - len(encoded)} bytes long, the maximum is 3; must fail at open")
    corpus.about("bad xz index", "an unpadded size encoded one byte longer than needed.")
    bad("bad-xz-index-unpadded-non-minimal.xz", changed(0, unpadded=xz.vli(records[0][0], width=len(xz.vli(records[0][0])) + 1)),
        f"unpadded size in record 1 at {first[0]} is encoded one byte longer than needed; must fail at open")
    corpus.about("bad xz index", "an uncompressed size encoded in 10 bytes.")
    bad("bad-xz-index-uncompressed-10-bytes.xz", changed(0, uncompressed=b"\xff" * 9 + b"\x01"),
        f"uncompressed size in record 1 at {first[1]} is encoded in 10 bytes, the maximum is 9; must fail at open")
    corpus.about("bad xz index", "uncompressed sizes of three times 2^63 - 1.")
    bad("bad-xz-index-uncompressed-sum.xz", xz.reindex(where, [(a, (1 << 63) - 1) for a, _ in records]),
        f"uncompressed sizes from {first[1]} are 2^63 - 1 each, their sum passes 2^63 - 1; must fail at open")
    corpus.about("bad xz index", "uncompressed sizes of three times 2^62: the sum passes 2^63 - 1, but not 2^64.")
    bad("bad-xz-index-uncompressed-wrap.xz", xz.reindex(where, [(a, b) for (a, _), b in zip(records, (1 << 62, 1 << 62, 1 << 62))]),
        f"uncompressed sizes from {first[1]} are 2^62 each, their sum 3 * 2^62 passes 2^63 - 1 but not 2^64; must fail at open")
    corpus.about("bad xz wrong index", "4097 bytes for block 2: the disk is one byte too long, and block 2 fails.")
    bad("bad-xz-index-uncompressed-more.xz", changed(1, uncompressed=4097),
        f"uncompressed size in record 2 at {where.record_offsets[1][1]} is 4097, block 2 gives 4096; opens as 9001 bytes, "
        "reads of 4096..<8193 must fail, of 0..<4096 and 8193..<9001 work")
    corpus.about("bad xz wrong index", "4095 bytes for block 2: the disk is one byte too short, and block 2 fails.")
    bad("bad-xz-index-uncompressed-less.xz", changed(1, uncompressed=4095),
        f"uncompressed size in record 2 at {where.record_offsets[1][1]} is 4095, block 2 gives more; opens as 8999 bytes, "
        "reads of 4096..<8191 must fail, of 0..<4096 and 8191..<8999 work")
    huge = xz.reindex(where, [(a, b) for (a, _), b in zip(records, (4096, 1 << 62, 808))])
    corpus.about("bad xz wrong index",
                 "2^62 bytes for block 2. The disk has 2^62 + 4904 bytes, 0..<4096 reads well, block 2 fails, and nothing is "
                 "allocated for it.")
    bad("bad-xz-index-uncompressed-2-62.xz", huge,
        f"uncompressed size in record 2 at {where.record_offsets[1][1]} is 2^62, block 2 gives 4096; opens as 2^62 + 4904 bytes, "
        "reads of 0..<4096 work, of 4096..<4096 + 2^62 must fail without allocating for them")


def streams(corpus, good, where):
    bad, end = corpus.bad, len(good)
    first, second, a, b = two_streams()
    corpus.about("bad xz streams", "1 byte after the footer.")
    bad("bad-xz-garbage-1.xz", good + b"x", f"a byte 78 at {end} after the footer: size {end + 1} is no multiple of 4; must fail at open")
    corpus.about("bad xz streams", "4 bytes after the footer.")
    bad("bad-xz-garbage-4.xz", good + b"\xff\xfe\xfd\xfc", f"4 bytes ff fe fd fc at {end} after the footer: no footer magic YZ at {end + 2}; must fail at open")
    corpus.about("bad xz streams", "512 bytes after the footer.")
    bad("bad-xz-garbage-512.xz", good + data.text(512, "garbage"), f"512 bytes of text at {end} after the footer: no footer magic YZ at {end + 510}; must fail at open")
    corpus.about("bad xz streams", "a byte 01 and then zeroes after the footer.")
    bad("bad-xz-garbage-then-padding.xz", good + b"\x01\0\0\0" + bytes(8),
        f"a byte 01 at {end} in the padding after the footer: no footer magic YZ at {end + 2}; must fail at open")
    corpus.about("bad xz streams", "5 zero bytes at the end; stream padding is a multiple of 4.")
    bad("bad-xz-padding-5.xz", good + bytes(5), f"5 zero bytes at {end} after the footer: stream padding is no multiple of 4; must fail at open")
    corpus.about("bad xz streams", "2 zero bytes between the streams and 2 at the end, so that the file's size is a multiple of 4 again.")
    bad("bad-xz-padding-2-between.xz", a + bytes(2) + b + bytes(2),
        f"2 zero bytes at {len(a)} between the streams, and 2 at the end: stream padding is no multiple of 4; must fail at open")
    corpus.about("bad xz streams", "4 zero bytes before the stream. By its contents no xz file, as `bad-xz-header-magic.xz`.")
    bad("bad-xz-padding-first.xz", bytes(4) + a,
        "4 zero bytes before the stream: no header magic at 0, so by its contents this is no xz file; "
        "must fail at open by its name or when the format xz is given")
    corpus.about("bad xz streams", "the second of two streams is broken in its header magic.")
    bad("bad-xz-second-magic.xz", a + xz.edit(b, 0, b"\xfe"), f"stream 2's header magic at {len(a)} begins with fe, expected fd; must fail at open")
    corpus.about("bad xz streams", "the second of two streams is broken in its header CRC32.")
    bad("bad-xz-second-header-crc.xz", a + xz.flip(b, 9), f"stream 2's header CRC32 at {len(a) + 8} is wrong; must fail at open")
    corpus.about("bad xz streams", "the second of two streams is broken in its index CRC32.")
    bad("bad-xz-second-index-crc.xz", a + xz.flip(b, xz.layout(b).footer - 3),
        f"stream 2's index CRC32 at {len(a) + xz.layout(b).footer - 4} is wrong; must fail at open")
    corpus.about("bad xz streams", "the first of two streams has the footer magic `YX`.")
    bad("bad-xz-first-footer.xz", xz.edit(a, len(a) - 2, b"\x59\x58") + b,
        f"stream 1's footer magic at {len(a) - 2} is YX, expected YZ; must fail at open")
    huge = (1 << 62) - 1
    one = [xz.reindex(xz.layout(part), [(xz.layout(part).records[0][0], huge)]) for part in (a, b, a)]
    corpus.about("bad xz streams", "three streams that say 2^62 - 1 bytes each.")
    bad("bad-xz-streams-uncompressed-sum.xz", b"".join(one),
        "three streams whose indexes say 2^62 - 1 bytes each: together they pass 2^63 - 1; must fail at open")


def block_headers(corpus, good, where, sized, sizes):
    bad = corpus.bad
    two, spot = where.blocks[1], sizes.blocks[1]
    fields = spot.at + 2
    compressed = spot.data_end - spot.data
    after = fields + len(xz.vli(compressed))
    chain = [(0x21, sized[after + 4:after + 5])]

    def header(number, **changes):
        block = sizes.blocks[number]
        known = {"compressed": block.data_end - block.data, "uncompressed": block.uncompressed}
        known.update(changes)
        return xz.reheader(sizes, number, xz.block_header(known.pop("filters", chain), **known))

    middle = "reads of 4096..<8192 must fail, of the rest work"
    corpus.about("bad xz block header", "CRC32.")
    bad("bad-xz-block-header-crc.xz", xz.flip(good, two.data - 4), f"block 2's header CRC32 at {two.data - 4} is wrong; opens, {middle}")
    corpus.about("bad xz block header", "size 00, which is an index indicator.")
    bad("bad-xz-block-header-size-0.xz", xz.edit(good, two.at, b"\0"),
        f"block 2's header size at {two.at} is 00, which is an index indicator; opens, {middle}")
    corpus.about("bad xz block header", "1024 bytes in block 3, which has 385.")
    bad("bad-xz-block-header-size-large.xz", xz.edit(good, where.blocks[2].at, b"\xff"),
        f"block 3's header size at {where.blocks[2].at} is ff (1024 bytes), the block has {where.blocks[2].unpadded} bytes; "
        "opens, reads of 8192..<9000 must fail")
    corpus.about("bad xz block header", "the filter's properties are longer than the header.")
    bad("bad-xz-block-header-cut-filter.xz", xz.mend_block_header(xz.edit(good, two.at + 3, b"\x05"), two),
        f"block 2's size of filter properties at {two.at + 3} is 5, more than the header holds; opens, {middle}")
    corpus.about("bad xz block header", "the compressed size differs from the index: it is 4 more.")
    bad("bad-xz-block-compressed-more.xz", header(1, compressed=compressed + 4),
        f"block 2's compressed size at {fields} is {compressed + 4}, by the index it is {compressed}; opens, {middle}")
    corpus.about("bad xz block header", "the compressed size differs from the index: it is 1 less.")
    bad("bad-xz-block-compressed-less.xz", header(1, compressed=compressed - 1),
        f"block 2's compressed size at {fields} is {compressed - 1}, by the index it is {compressed}; opens, {middle}")
    corpus.about("bad xz block header", "the compressed size differs from the index: it is 0.")
    bad("bad-xz-block-compressed-0.xz", header(1, compressed=0), f"block 2's compressed size at {fields} is 0; opens, {middle}")
    corpus.about("bad xz block header", "the compressed size differs from the index: it is 2^63 - 1.")
    bad("bad-xz-block-compressed-huge.xz", header(1, compressed=(1 << 63) - 1),
        f"block 2's compressed size at {fields} is 2^63 - 1, by the index it is {compressed}; opens, {middle}")
    corpus.about("bad xz block header", "the compressed size is encoded in 3 bytes for 2.")
    bad("bad-xz-block-compressed-non-minimal.xz", header(1, compressed=xz.vli(compressed, width=3)),
        f"block 2's compressed size at {fields} is encoded in 3 bytes where 2 would do; opens, {middle}")
    corpus.about("bad xz block header", "the uncompressed size differs from the index: it is 1 more.")
    bad("bad-xz-block-uncompressed-more.xz", header(1, uncompressed=4097),
        f"block 2's uncompressed size at {after} is 4097, by the index it is 4096; opens, {middle}")
    corpus.about("bad xz block header", "the uncompressed size differs from the index: it is 1 less.")
    bad("bad-xz-block-uncompressed-less.xz", header(1, uncompressed=4095),
        f"block 2's uncompressed size at {after} is 4095, by the index it is 4096; opens, {middle}")
    corpus.about("bad xz block header", "the uncompressed size is encoded in 10 bytes.")
    bad("bad-xz-block-uncompressed-10-bytes.xz", header(1, uncompressed=b"\x80\xa0" + b"\x80" * 7 + b"\x01"),
        f"block 2's uncompressed size at {after} is encoded in 10 bytes, the maximum is 9; opens, {middle}")
    records = sizes.records
    records[1] = (records[1][0], 4097)
    both = xz.edit(sized, after, xz.vli(4097))
    both = xz.mend_block_header(both, spot)
    corpus.about("bad xz block header", "4097 in header and index, the data has 4096. The disk has 9001 bytes.")
    bad("bad-xz-block-uncompressed-both.xz", both[:sizes.index] + xz.reindex(sizes, records)[sizes.index:],
        f"block 2's uncompressed size is 4097 in its header at {after} and in the index, the data gives 4096; opens as 9001 bytes, "
        "reads of 4096..<8193 must fail, of 0..<4096 and 8193..<9001 work")

    # What a later version of the format might use: the specification calls these unsupported, not corrupt.
    corpus.about("unsupported xz", "a reserved bit in the block flags.")
    bad("unsupported-xz-block-flags.xz", xz.mend_block_header(xz.edit(good, two.at + 1, b"\x04"), two),
        f"block 2's flags at {two.at + 1} are 04, with a reserved bit set; opens, {middle}")
    corpus.about("unsupported xz", "header padding of 01, perhaps a field that we do not know.")
    bad("unsupported-xz-block-header-padding.xz", xz.mend_block_header(xz.edit(good, two.data - 5, b"\x01"), two),
        f"block 2's header padding at {two.data - 5} is 01, expected 00; opens, {middle}")


def block_contents(corpus, good, where, disk):
    bad = corpus.bad
    number, block = next((i, block) for i, block in enumerate(where.blocks) if block.check > block.data_end)
    corpus.about("bad xz contents", "block padding of block 1 is 01.")
    bad("bad-xz-block-padding.xz", xz.edit(good, block.data_end, b"\x01"),
        f"block {number + 1}'s padding at {block.data_end} is 01, expected 00; opens, reads of "
        f"{block.start}..<{block.start + block.uncompressed} must fail, of the rest work")
    corpus.about("bad xz contents", "a flipped bit in the last byte of block 2's check.")
    for name, size in (("crc32", 4), ("crc64", 8), ("sha256", 32)):
        file = xz_compress(disk, "-T1", "--block-size=4096", "-C", name)
        block = xz.layout(file).blocks[1]
        bad(f"bad-xz-check-{name}.xz", xz.flip(file, block.check + size - 1, 0x80),
            f"block 2's check ({name}) at {block.check} has a flipped bit; opens, reads of 4096..<8192 must fail, of the rest work")
    two = where.blocks[1]
    one, three = where.blocks[0], where.blocks[2]
    corpus.about("bad xz contents", "a flipped bit in the compressed data of block 1.")
    bad("bad-xz-first-block-data.xz", xz.flip(good, one.data + 40, 0x10),
        f"a flipped bit at {one.data + 40} in the compressed data of block 1; opens, reads of 0..<4096 must fail, of the rest work")
    at = (two.data + two.data_end) // 2
    corpus.about("bad xz contents", "a flipped bit in the compressed data of block 2.")
    bad("bad-xz-middle-block-data.xz", xz.flip(good, at, 0x10),
        f"a flipped bit at {at} in the compressed data of block 2; opens, reads of 4096..<8192 must fail, of the rest work")
    corpus.about("bad xz contents", "a flipped bit in the compressed data of block 3.")
    bad("bad-xz-last-block-data.xz", xz.flip(good, three.data + 40, 0x10),
        f"a flipped bit at {three.data + 40} in the compressed data of block 3; opens, reads of 8192..<9000 must fail, of the rest work")
    zeroed = xz.edit(good, two.data + 100, bytes(512))
    corpus.about("bad xz contents", "512 bytes of block 2's compressed data are zero, as after a lost sector.")
    bad("bad-xz-middle-block-zeroes.xz", zeroed,
        f"512 zero bytes (a lost sector) at {two.data + 100} in the compressed data of block 2; opens, reads of 4096..<8192 must fail, of the rest work")
    swapped = xz.edit(xz.edit(good, one.check, good[two.check:two.end]), two.check, good[one.check:one.end])
    corpus.about("bad xz contents", "the checks of blocks 1 and 2 are swapped.")
    bad("bad-xz-blocks-swapped-checks.xz", swapped,
        f"the checks (CRC64) at {one.check} and {two.check} are swapped; opens, reads of 0..<8192 must fail, of 8192..<9000 work")
    noise = data.noise(3000, "stored block")
    stored = xz_compress(noise, "-T1")
    spot = xz.layout(stored).blocks[0]
    corpus.about("bad xz contents", "a flipped bit in a stored chunk: nothing but the check can notice.")
    bad("bad-xz-stored-data.xz", xz.flip(stored, spot.data + 1500),
        f"a flipped bit at {spot.data + 1500} in a stored chunk, found by the check (CRC64) at {spot.check} only; opens, every read must fail")
    inner = xz_compress(disk, "-T1", "--block-size=4096")
    broken = xz.flip(inner, (xz.layout(inner).blocks[1].data + xz.layout(inner).blocks[1].data_end) // 2, 0x10)
    corpus.about("bad xz contents",
                 "good xz around `bad-xz-middle-block-data.xz`: the same reads fail. xz sees no error in the outer layer.")
    bad("bad-xz-middle-block-in-xz.xz.xz", xz_compress(broken, "-T1"),
        "good xz around bad-xz-middle-block-data.xz: the inner layer's block 2 is corrupt; opens, reads of 4096..<8192 must fail, of the rest work",
        xz_accepts=True)
    corpus.about("bad xz streams", "good xz around a cut xz file: the inner layer must fail at open. xz sees no error in the outer layer.")
    bad("bad-xz-cut-in-xz.xz.xz", xz_compress(inner[:len(inner) // 2 // 4 * 4], "-T1"),
        "good xz around a cut xz file: the inner layer has no footer magic; must fail at open", xz_accepts=True)


def chunks(corpus):
    """LZMA2 data in one block of 4096 bytes with CRC32. All open; the one block fails when read."""
    bad = corpus.bad
    disk = data.text(4096, "lzma2")
    payload = lzma2(disk)
    good = xz.stream([piece(disk, payload)])
    at = xz.layout(good).blocks[0].data
    read = "opens, every read must fail"

    def control(name, value, what):
        bad(f"bad-xz-lzma2-{name}.xz", xz.edit(good, at, bytes([value])), f"LZMA2 chunk control at {at} is {value:02x}, {what}; {read}")

    corpus.about("bad xz lzma2", "reserved controls.")
    control("control-03", 0x03, "which is reserved")
    control("control-7f", 0x7F, "which is reserved")
    corpus.about("bad xz lzma2", "the first chunk, which is coded, does not reset the dictionary.")
    control("no-dict-reset", 0xC0, "but the first chunk must reset the dictionary")
    corpus.about("bad xz lzma2", "the first chunk, which is stored, does not reset the dictionary.")
    control("no-dict-reset-stored", 0x02, "but the first chunk must reset the dictionary")
    corpus.about("bad xz lzma2", "control 00 where the data should begin.")
    control("ends-at-once", 0x00, "the end, where 4096 bytes are expected")
    size = int.from_bytes(payload[1:3], "big")
    corpus.about("bad xz lzma2", "the chunk's uncompressed size is one too large.")
    bad("bad-xz-lzma2-chunk-longer.xz", xz.edit(good, at + 1, (size + 1).to_bytes(2, "big")),
        f"the chunk's uncompressed size at {at + 1} is one more than its data gives; {read}")
    corpus.about("bad xz lzma2", "the chunk's uncompressed size is one too small.")
    bad("bad-xz-lzma2-chunk-shorter.xz", xz.edit(good, at + 1, (size - 1).to_bytes(2, "big")),
        f"the chunk's uncompressed size at {at + 1} is one less than its data gives; {read}")
    size = int.from_bytes(payload[3:5], "big")
    corpus.about("bad xz lzma2", "the chunk's compressed size is one too large.")
    bad("bad-xz-lzma2-compressed-longer.xz", xz.edit(good, at + 3, (size + 1).to_bytes(2, "big")),
        f"the chunk's compressed size at {at + 3} is one more than it is; {read}")
    corpus.about("bad xz lzma2", "the chunk's compressed size is one too small.")
    bad("bad-xz-lzma2-compressed-shorter.xz", xz.edit(good, at + 3, (size - 1).to_bytes(2, "big")),
        f"the chunk's compressed size at {at + 3} is one less than it is; {read}")
    corpus.about("bad xz lzma2", "properties out of range; lc + lp over 4.")
    for name, value, what in (("225", 225, "the maximum is 224"), ("lc8", 8, "lc=8 lp=0 pb=0, but lc + lp must not pass 4"),
                              ("lc3-lp2", (2 * 5 + 2) * 9 + 3, "lc=3 lp=2 pb=2, but lc + lp must not pass 4")):
        bad(f"bad-xz-lzma2-props-{name}.xz", xz.edit(good, at + 5, bytes([value])),
            f"LZMA properties at {at + 5} are {value}: {what}; {read}")
    corpus.about("bad xz lzma2", "the range coder's first byte is not 00.")
    bad("bad-xz-lzma2-range-coder-start.xz", xz.edit(good, at + 6, b"\x01"),
        f"the range coder's first byte at {at + 6} is 01, expected 00; {read}")

    def built(name, disk, payload, what, filters=(xz.LZMA2_64K,)):
        file = xz.stream([piece(disk, payload, filters=filters)])
        bad(f"bad-xz-lzma2-{name}.xz", file, f"{what}; block data at {xz.layout(file).blocks[0].data}; {read}")

    raw = payload[6:-1]
    chunk, stored, coded = lzmabits.lzma_chunk, lzmabits.stored, lzmabits.Chunk
    head = data.text(512, "stored")[:511] + b"\n"
    props = coded.PROPERTIES
    corpus.about("bad xz lzma2", "all the data, but not the end marker 00.")
    built("no-end", disk, payload[:-1], "the end marker 00 is missing")
    corpus.about("bad xz lzma2", "4 more bytes in the block after the end marker.")
    built("slack", disk, payload + bytes(4), "4 more bytes in the block after the end marker")
    corpus.about("bad xz lzma2", "the coded chunk is longer than the block.")
    bad("bad-xz-lzma2-compressed-past-block.xz", xz.edit(good, at + 3, b"\xff\xff"),
        f"the chunk's compressed size at {at + 3} is 65536, it passes the end of the block; {read}")
    corpus.about("bad xz lzma2", "the stored chunk is longer than the block.")
    built("stored-past-block", disk, stored(disk)[:-100] + b"\0", "a stored chunk of 4096 bytes passes the end of the block by 99")
    corpus.about("bad xz lzma2", "the first coded chunk has control a0: no properties.")
    built("no-props", head + disk, stored(head) + chunk(0xA0, len(disk), raw) + b"\0",
          "the second chunk has control a0 but no chunk has set properties")
    corpus.about("bad xz lzma2", "the first coded chunk has control 80: no properties.")
    built("no-state", head + disk, stored(head) + chunk(0x80, len(disk), raw) + b"\0",
          "the second chunk has control 80 but no chunk has reset the state")
    corpus.about("bad xz lzma2", "control 80 right after a stored chunk that reset the dictionary.")
    built("no-props-after-reset", head * 2 + disk, chunk(0xE0, 512, lzma2(head)[6:-1], props) + stored(head) + chunk(0x80, len(disk), raw) + b"\0",
          "the third chunk has control 80 right after a dictionary reset")
    four = coded().literal(0x61).literal(0x62).match(2, 2).bytes()
    corpus.about("xz lzma2", "two literals and a match, written symbol by symbol; the bad files below are written the same way.")
    corpus.good("good-xz-lzma2-by-hand.xz", xz.stream([piece(b"abab", chunk(0xE0, 4, four, props) + b"\0")]), b"abab")
    # The checks fit what a careless reader would make of it: zeroes before the data.
    corpus.about("bad xz lzma2", "the first symbol repeats a byte; there is none yet.")
    built("first-short-rep", bytes(4), chunk(0xE0, 4, coded().short_rep().short_rep().short_rep().short_rep().bytes(), props) + b"\0",
          "the first symbol is a short rep: it points before the data")
    corpus.about("bad xz lzma2", "a match of distance 3 after 2 bytes.")
    built("distance", b"ab\0a", chunk(0xE0, 4, coded().literal(0x61).literal(0x62).match(3, 2).bytes(), props) + b"\0",
          "a match of distance 3 after 2 bytes")
    last = coded(position=512, previous=10).literal(0x61).match(129, 3)
    corpus.about("xz lzma2", "a coded chunk with a match that reaches into the stored chunk before it.")
    corpus.good("good-xz-lzma2-distance.xz",
                xz.stream([piece(head + b"a" + (head + b"a")[-129:][:3], stored(head) + chunk(0xC0, 4, last.bytes(), props) + b"\0")]),
                head + b"a" + (head + b"a")[-129:][:3])
    corpus.about("bad xz lzma2", "`good-xz-lzma2-distance.xz` with a dictionary reset between: the match reaches what is gone.")
    built("distance-after-reset", head + b"a" + (head + b"a")[-129:][:3], stored(head) + chunk(0xE0, 4, last.bytes(), props) + b"\0",
          "a match of distance 129 one byte after a dictionary reset")
    long = data.text(8192, "beyond the dictionary")[:8191] + b"\n"
    far = coded(position=8192, previous=10).match(8000, 4)
    whole = long + long[192:196]
    body = stored(long) + chunk(0xC0, 4, far.bytes(), props) + b"\0"
    corpus.about("xz lzma2", "the same with a distance of 8000.")
    corpus.good("good-xz-lzma2-distance-8000.xz", xz.stream([piece(whole, body)]), whole)
    corpus.about("bad xz lzma2", "`good-xz-lzma2-distance-8000.xz` with a dictionary of 4 KiB in the header.")
    built("distance-dictionary", whole, body, "a match of distance 8000 with a dictionary of 4096 bytes", filters=(xz.LZMA2_4K,))
    corpus.about("bad xz lzma2", "a match of 8 bytes where 2 are left.")
    built("match-past-chunk", b"ab" + b"ab", chunk(0xE0, 4, coded().literal(0x61).literal(0x62).match(2, 8).bytes(), props) + b"\0",
          "a match of 8 bytes where the chunk has 2 left")
    corpus.about("bad xz lzma2", "LZMA's own end marker, at the end.")
    built("end-marker", b"ab", chunk(0xE0, 2, coded().literal(0x61).literal(0x62).end_marker().bytes(), props) + b"\0",
          "the chunk ends with an LZMA end marker, which LZMA2 does not allow")
    corpus.about("bad xz lzma2", "LZMA's own end marker, before the end.")
    built("end-marker-early", b"abab", chunk(0xE0, 4, coded().literal(0x61).literal(0x62).end_marker().bytes(), props) + b"\0",
          "an LZMA end marker inside the chunk, which LZMA2 does not allow")


def filters(corpus, disk):
    """Filter chains of one block of 4096 bytes. All open; the one block fails when read."""
    disk = disk[:4096]
    payload, last = lzma2(disk), xz.LZMA2_64K

    def chain(name, filters, what, verdict="unsupported"):
        file = xz.stream([piece(disk, payload, filters=filters)])
        corpus.bad(f"{verdict}-xz-{name}.xz", file, f"block 1's filter flags at 14: {what}; opens, every read must fail")

    corpus.about("unsupported xz", "filter ids that mean nothing (yet).")
    chain("filter-7f", [(0x7F, b"\x01"), last], "filter id 7f is unknown")
    chain("filter-0c", [(0x0C, b""), last], "filter id 0c is unknown")
    corpus.about("bad xz filters", "filter id 2^62 + 5; from 2^62 on they are for use inside programs.")
    chain("filter-custom", [((1 << 62) + 5, b""), last], "filter id 2^62 + 5 is never allowed in a file", "bad")
    corpus.about("bad xz filters", "filter id 2^62 + 1; from 2^62 on they are for use inside programs.")
    chain("filter-lzma1", [((1 << 62) + 1, b"\x5d\0\0\x01\0")], "filter id 2^62 + 1 (liblzma's LZMA1) is never allowed in a file", "bad")
    corpus.about("unsupported xz", "filter id 0b, RISC-V, known to liblzma from 5.6.0 on. With such a liblzma xz decodes this file.")
    chain("riscv", [(0x0B, b""), last], "filter id 0b is RISC-V, which liblzma has from 5.6.0 on")
    corpus.about("unsupported xz", "chains in a wrong order.")
    chain("lzma2-not-last", [last, (0x03, b"\0")], "LZMA2 stands before Delta, it must be last")
    chain("lzma2-twice", [last, last], "LZMA2 stands twice, it must be last")
    chain("delta-only", [(0x03, b"\0")], "Delta is last, only LZMA2 may be")
    chain("x86-only", [(0x04, b"")], "x86 is last, only LZMA2 may be")
    corpus.about("unsupported xz", "filter properties of a wrong size.")
    chain("lzma2-props-0", [(0x21, b"")], "LZMA2 has 0 bytes of properties, expected 1")
    chain("lzma2-props-2", [(0x21, b"\x08\x00")], "LZMA2 has 2 bytes of properties, expected 1")
    chain("delta-props-0", [(0x03, b""), last], "Delta has 0 bytes of properties, expected 1")
    chain("x86-props-3", [(0x04, b"\0\0\0"), last], "x86 has 3 bytes of properties, expected 0 or 4")
    corpus.about("unsupported xz", "reserved dictionary sizes.")
    chain("dict-41", [(0x21, b"\x29")], "LZMA2 dictionary size 41 is reserved, the maximum is 40")
    chain("dict-reserved-bits", [(0x21, b"\x48")], "LZMA2 dictionary size has reserved bit 6 set")
    corpus.about("unsupported xz", "start offsets that are not aligned.")
    chain("arm-start-2", [(0x07, b"\x02\0\0\0"), last], "ARM has start offset 2, it must be a multiple of 4")
    chain("ia64-start-8", [(0x06, b"\x08\0\0\0"), last], "IA-64 has start offset 8, it must be a multiple of 16")
