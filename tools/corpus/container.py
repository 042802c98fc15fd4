"""The .xz container: written piece by piece, and taken apart to be broken in one place.

Names are those of the format specification (xz-file-format.txt).
"""

import hashlib
import zlib
from dataclasses import dataclass, field

HEADER_MAGIC, FOOTER_MAGIC = b"\xfd7zXZ\x00", b"YZ"
CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]
NONE, CRC32, CRC64, SHA256 = 0, 1, 4, 10
LZMA2_64K = (0x21, b"\x08")  # LZMA2 with a dictionary of 64 KiB
LZMA2_4K = (0x21, b"\x00")


def vli(number, width=0):
    """A variable-length integer; `width` makes it longer than it needs to be."""
    out = bytearray()
    while number >= 0x80 or len(out) + 1 < width:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_vli(data, at):
    number, shift = 0, 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def crc32(data):
    return zlib.crc32(data).to_bytes(4, "little")


def pad4(data):
    return data + bytes(-len(data) % 4)


def check_value(check, data):
    """The Check field; for the reserved ids, bytes of the size that the specification sets aside."""
    if check == CRC32:
        return crc32(data)
    if check == SHA256:
        return hashlib.sha256(data).digest()
    assert check != CRC64, "left to xz"
    return (b"unknown check! " * 5)[:CHECK_SIZES[check]]


# Writing.

def stream_header(flags):
    return HEADER_MAGIC + flags + crc32(flags)


def stream_footer(flags, index_size):
    body = (index_size // 4 - 1).to_bytes(4, "little") + flags
    return crc32(body) + body + FOOTER_MAGIC


def index(records, count=None):
    """The Index; a record is (unpadded, uncompressed), each a number or bytes already encoded."""
    def encode(value):
        return value if isinstance(value, bytes) else vli(value)

    body = b"\0" + encode(len(records) if count is None else count)
    body += b"".join(encode(unpadded) + encode(uncompressed) for unpadded, uncompressed in records)
    body = pad4(body)
    return body + crc32(body)


def block_header(filters, compressed=None, uncompressed=None, size=0, flags=0):
    """A Block Header; `size` makes it longer by Header Padding, `flags` sets further bits."""
    bits = len(filters) - 1 | flags
    body = b""
    for bit, value in ((0x40, compressed), (0x80, uncompressed)):
        if value is not None:
            bits |= bit
            body += value if isinstance(value, bytes) else vli(value)
    for number, properties in filters:
        body += vli(number) + vli(len(properties)) + properties
    body = bytes([0, bits]) + body
    body = pad4(body + bytes(max(0, size - 4 - len(body))))
    body = bytes([(len(body) + 4) // 4 - 1]) + body[1:]
    return body + crc32(body)


@dataclass
class Piece:
    """A Block to be written."""
    header: bytes
    payload: bytes
    uncompressed: int
    check: bytes

    @property
    def unpadded(self):
        return len(self.header) + len(self.payload) + len(self.check)

    def bytes(self):
        return self.header + pad4(self.payload) + self.check


def stream(pieces, check=CRC32, flags=None, records=None):
    flags = bytes([0, check]) if flags is None else flags
    body = stream_header(flags) + b"".join(piece.bytes() for piece in pieces)
    tail = index([(piece.unpadded, piece.uncompressed) for piece in pieces] if records is None else records)
    return body + tail + stream_footer(flags, len(tail))


# Taking apart.

@dataclass
class Block:
    at: int             # of the Block Header in the file
    header_size: int
    data: int           # of the Compressed Data
    data_end: int       # its end, where the Block Padding begins
    check: int          # of the Check
    end: int
    unpadded: int
    uncompressed: int
    start: int          # offset in the uncompressed stream


@dataclass
class Layout:
    """Where everything lies in a file of one good Stream."""
    file: bytes
    flags: bytes
    index: int
    footer: int
    blocks: list = field(default_factory=list)

    @property
    def records(self):
        return [(block.unpadded, block.uncompressed) for block in self.blocks]

    @property
    def record_offsets(self):
        """For each Record, the file offsets of its Unpadded Size and Uncompressed Size."""
        _, at = read_vli(self.file, self.index + 1)
        out = []
        for _ in self.blocks:
            _, middle = read_vli(self.file, at)
            out.append((at, middle))
            _, at = read_vli(self.file, middle)
        return out


def layout(file):
    footer = len(file) - 12
    flags = file[6:8]
    assert file[:6] == HEADER_MAGIC and file[-2:] == FOOTER_MAGIC and file[footer + 8:footer + 10] == flags
    index_at = footer - (int.from_bytes(file[footer + 4:footer + 8], "little") + 1) * 4
    out = Layout(file, flags, index_at, footer)
    count, at = read_vli(file, index_at + 1)
    block_at, start = 12, 0
    for _ in range(count):
        unpadded, at = read_vli(file, at)
        uncompressed, at = read_vli(file, at)
        header_size = (file[block_at] + 1) * 4
        check_size = CHECK_SIZES[flags[1]]
        end = block_at + (unpadded + 3) // 4 * 4
        out.blocks.append(Block(block_at, header_size, block_at + header_size, block_at + unpadded - check_size,
                                end - check_size, end, unpadded, uncompressed, start))
        block_at, start = end, start + uncompressed
    assert block_at == index_at
    return out


# Breaking. `edit` changes bytes in place; the others mend the CRC32 in front of which an edit lies.

def edit(file, at, new):
    return file[:at] + new + file[at + len(new):]


def flip(file, at, bit=0x01):
    return edit(file, at, bytes([file[at] ^ bit]))


def mend_stream_header(file):
    return edit(file, 8, crc32(file[6:8]))


def mend_footer(file):
    footer = len(file) - 12
    return edit(file, footer, crc32(file[footer + 4:footer + 10]))


def mend_index(file, where):
    return edit(file, where.footer - 4, crc32(file[where.index:where.footer - 4]))


def mend_block_header(file, block):
    end = block.at + block.header_size - 4
    return edit(file, end, crc32(file[block.at:end]))


def reindex(where, records=None, count=None, body=None):
    """The file with another Index, and a footer whose Backward Size fits it."""
    tail = index(where.records if records is None else records, count) if body is None else pad4(body) + crc32(pad4(body))
    return where.file[:where.index] + tail + stream_footer(where.flags, len(tail))


def reheader(where, number, header):
    """The file with another Block Header of any size in Block `number`; its Record follows."""
    block = where.blocks[number]
    records = where.records
    records[number] = (block.unpadded - block.header_size + len(header), block.uncompressed)
    file = where.file[:block.at] + header + where.file[block.data:where.index]
    tail = index(records)
    return file + tail + stream_footer(where.flags, len(tail))
