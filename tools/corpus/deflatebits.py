"""Deflate data written bit by bit, and gzip members around it, for data that no encoder would write.

Names and numbers of sections are those of RFC 1951 and RFC 1952.
"""

import zlib
from dataclasses import dataclass

# Of each length and distance symbol: the least value, and the number of extra bits.
LENGTHS = [(3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1), (19, 2), (23, 2), (27, 2),
           (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4), (131, 5), (163, 5), (195, 5), (227, 5), (258, 0)]
DISTANCES = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3), (33, 4), (49, 4), (65, 5), (97, 5), (129, 6),
             (193, 6), (257, 7), (385, 7), (513, 8), (769, 8), (1025, 9), (1537, 9), (2049, 10), (3073, 10), (4097, 11), (6145, 11),
             (8193, 12), (12289, 12), (16385, 13), (24577, 13)]
END = 256

FIXED_LITERALS = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
FIXED_DISTANCES = [5] * 32

# The order in which the lengths of the codes for code lengths are stored (3.2.7).
ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
# A complete code for all of them.
ALL_LENGTHS = [4] * 13 + [5] * 6


@dataclass
class Match:
    length: int
    distance: int
    symbol: int = None      # the length's, where another than usual is to stand for it


@dataclass
class Symbol:
    """A symbol of the literal/length code; for lengths, that of the distance code and the extra bits of both."""
    literal: int
    distance: int = None
    extra: tuple = ()       # (value, bits), in order


def codes(lengths):
    """The code of each symbol, from the lengths (3.2.2)."""
    out, code = [0] * len(lengths), 0
    for length in range(1, max(lengths, default=0) + 1):
        code <<= 1
        for symbol, own in enumerate(lengths):
            if own == length:
                out[symbol] = code
                code += 1
    return out


def complete(*symbols, count):
    """Lengths of a complete code for these symbols, out of `count`: as short as can be, the first ones shorter."""
    lengths, bits = [0] * count, max(1, (len(symbols) - 1).bit_length())
    short = (1 << bits) - len(symbols) if len(symbols) > 1 else 0
    for index, symbol in enumerate(symbols):
        lengths[symbol] = bits - (index < short)
    return lengths


def steep(*symbols, count):
    """Lengths 1, 2, 3 and so on up to 15, all others the same: the longest codes there can be, for 16 symbols."""
    assert len(symbols) == 16
    lengths = [0] * count
    for index, symbol in enumerate(symbols):
        lengths[symbol] = min(index + 1, 15)
    return lengths


def slot(table, value):
    """The number of the last entry that is not above a value, and the extra bits for it."""
    number = max(index for index, (least, _) in enumerate(table) if least <= value)
    return number, (value - table[number][0], table[number][1])


class Deflate:
    """Blocks, one after another."""

    def __init__(self):
        self.out, self.held, self.count = bytearray(), 0, 0

    def put(self, value, bits):
        """A number, its lowest bit first."""
        assert 0 <= value < 1 << bits
        self.held |= value << self.count
        self.count += bits
        whole = self.count // 8
        self.out += (self.held & (1 << whole * 8) - 1).to_bytes(whole, "little")
        self.held >>= whole * 8
        self.count -= whole * 8
        return self

    def code(self, value, bits):
        """A code, its highest bit first."""
        return self.put(int(f"{value:0{bits}b}"[::-1], 2), bits)

    def align(self, fill=0):
        """Up to the next byte, with zeroes or with `fill` = 1 in the bits that mean nothing."""
        left = -self.count % 8
        return self.put((1 << left) - 1 if fill else 0, left)

    def header(self, kind, final=False):
        return self.put(int(final), 1).put(kind, 2)

    # The blocks. Each returns the data, so that they can be written in a row.

    def stored(self, content, final=False, length=None, complement=None, fill=0):
        """A stored block, where asked for with another LEN or NLEN, or ones in the bits before them."""
        length = len(content) if length is None else length
        self.header(0, final).align(fill).put(length, 16)
        self.put(length ^ 0xFFFF if complement is None else complement, 16)
        self.out += content
        return self

    def fixed(self, *items, final=False, end=True):
        return self.header(1, final).symbols(items, FIXED_LITERALS, FIXED_DISTANCES, end)

    def dynamic(self, *items, literals, distances=(0,), final=False, end=True, **tables):
        """A block with codes of these lengths, for 257 or more literals and lengths, and for distances."""
        self.header(2, final).tables(literals, distances, **tables)
        return self.symbols(items, literals, distances, end)

    def tables(self, literals, distances, hlit=None, hdist=None, hclen=19, code_lengths=ALL_LENGTHS, sequence=None):
        """The codes of a dynamic block (3.2.7). `sequence` are the symbols, and extra bits, that tell the lengths, where it is not
        the one made here, which repeats lengths within either code only."""
        self.put(len(literals) - 257 if hlit is None else hlit, 5).put(len(distances) - 1 if hdist is None else hdist, 5)
        self.put(hclen - 4, 4)
        for symbol in ORDER[:hclen]:
            self.put(code_lengths[symbol], 3)
        own = codes(code_lengths)
        for symbol, extra, bits in repeated(literals) + repeated(distances) if sequence is None else sequence:
            self.code(own[symbol], code_lengths[symbol]).put(extra, bits)
        return self

    def symbols(self, items, literals, distances, end=True):
        """Bytes, matches, and symbols as they stand."""
        of_literals, of_distances = codes(literals), codes(distances)

        def literal(symbol):
            assert literals[symbol], f"no code for {symbol}"
            self.code(of_literals[symbol], literals[symbol])

        def distance(symbol):
            assert distances[symbol], f"no code for distance symbol {symbol}"
            self.code(of_distances[symbol], distances[symbol])

        for item in items:
            if isinstance(item, bytes):
                for byte in item:
                    literal(byte)
            elif isinstance(item, Match):
                number, extra = slot(LENGTHS, item.length)
                if item.symbol is not None:
                    number = item.symbol - 257
                    extra = item.length - LENGTHS[number][0], LENGTHS[number][1]
                literal(257 + number)
                self.put(*extra)
                number, extra = slot(DISTANCES, item.distance)
                distance(number)
                self.put(*extra)
            else:
                literal(item.literal)
                for extra in item.extra[:1]:
                    self.put(*extra)
                if item.distance is not None:
                    distance(item.distance)
                for extra in item.extra[1:]:
                    self.put(*extra)
        if end:
            literal(END)
        return self

    def bytes(self, fill=0):
        return bytes(self.align(fill).out)


def repeated(lengths):
    """The symbols, extra bits and their number that tell these lengths: runs of zeroes by 17 and 18, others by 16."""
    out, at = [], 0
    while at < len(lengths):
        run = 1
        while at + run < len(lengths) and lengths[at + run] == lengths[at]:
            run += 1
        if lengths[at] == 0 and run >= 11:
            run = min(run, 138)
            out.append((18, run - 11, 7))
        elif lengths[at] == 0 and run >= 3:
            out.append((17, run - 3, 3))
        elif run >= 4:
            run = min(run, 7)
            out += [(lengths[at], 0, 0), (16, run - 4, 2)]
        else:
            run = 1
            out.append((lengths[at], 0, 0))
        at += run
    return out


def expand(*items, before=b"", window=b""):
    """What these bytes and matches stand for, behind `before`. Where a match reaches further back than that, it finds the end
    of `window`, and zeroes before it, as with a reader that does not look."""
    out = bytearray(bytes(32_768) + window + before)
    start = len(out)
    for item in items:
        if isinstance(item, bytes):
            out += item
            continue
        for _ in range(item.length):
            out.append(out[-item.distance])
    return bytes(out[start:])


# gzip members.

FTEXT, FHCRC, FEXTRA, FNAME, FCOMMENT = 1, 2, 4, 8, 16


def subfield(name, content):
    """One of those in the extra field."""
    return name + len(content).to_bytes(2, "little") + content


def header(name=None, comment=None, extra=None, checked=False, flags=0, method=8, time=0, xfl=0, system=3):
    """A member's header. `flags` sets further bits, `checked` adds its CRC."""
    flags |= (name is not None) * FNAME | (comment is not None) * FCOMMENT | (extra is not None) * FEXTRA | checked * FHCRC
    out = b"\x1f\x8b" + bytes([method, flags]) + time.to_bytes(4, "little") + bytes([xfl, system])
    if extra is not None:
        out += len(extra).to_bytes(2, "little") + extra
    for text in (name, comment):
        if text is not None:
            out += text + b"\0"
    if checked:
        out += (zlib.crc32(out) & 0xFFFF).to_bytes(2, "little")
    return out


def trailer(disk):
    return zlib.crc32(disk).to_bytes(4, "little") + (len(disk) & 0xFFFFFFFF).to_bytes(4, "little")


def deflate(disk, level=6, strategy=zlib.Z_DEFAULT_STRATEGY, flushes=()):
    """Data by zlib. `flushes` are pairs of an offset, and how to flush there."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    out, at = b"", 0
    for offset, how in flushes:
        out += packer.compress(disk[at:offset]) + packer.flush(how)
        at = offset
    return out + packer.compress(disk[at:]) + packer.flush()


def member(disk, data=None, **fields):
    """A member that holds the disk: as zlib compresses it, or in the deflate data given."""
    if isinstance(data, Deflate):
        data = data.bytes()
    return header(**fields) + (deflate(disk) if data is None else data) + trailer(disk)
