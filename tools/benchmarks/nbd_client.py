"""The least of an NBD client that reads can be measured with: simple replies, so all of them have one size."""

import os
import socket
import struct
import sys
import time

from benchmarks.images import KIB, RAW
from benchmarks.servers import READY_SECONDS

HEADER_SIZE = 16                    # of a reply
LARGE = 256 * KIB                   # what nbdcopy asks for at once, too


class Connection:
    """A connection to the default export of a server, on a Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(READY_SECONDS)
        self.socket.connect(path)
        if self.receive(16) != b"NBDMAGICIHAVEOPT":
            sys.exit(f"bench: what listens on {path} is no NBD server")
        self.receive(2)
        # NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES; NBD_OPT_GO of the default export
        self.socket.sendall(struct.pack(">I8sIIIH", 3, b"IHAVEOPT", 7, 6, 0, 0))
        while True:
            _, _, kind, length = struct.unpack(">QIII", self.receive(20))
            self.receive(length)
            if kind == 1:           # NBD_REP_ACK
                break
            if kind != 3:           # NBD_REP_INFO
                sys.exit(f"bench: {path}: NBD_OPT_GO was answered with {kind:#x}")

    def receive(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                sys.exit("bench: the server hung up")
            data += piece
        return bytes(data)

    def read(self, offset, count):
        self.socket.sendall(request(0, offset, count))
        check_header(self.receive(HEADER_SIZE))
        return self.receive(count)

    def read_into(self, header, data, message):
        """The reply to a read, a prepared request, with as few system calls as can be, in two memoryviews."""
        self.socket.sendall(message)
        received = self.socket.recvmsg_into([header, data])[0]
        while received < HEADER_SIZE + len(data):
            if received < HEADER_SIZE:
                more = self.socket.recvmsg_into([header[received:], data])[0]
            else:
                more = self.socket.recv_into(data[received - HEADER_SIZE:])
            if not more:
                sys.exit("bench: the server hung up")
            received += more
        check_header(header)

    def close(self):
        self.socket.sendall(request(0, 0, 0, command=2))     # NBD_CMD_DISC
        self.socket.close()


def request(cookie, offset, count, command=0):
    return struct.pack(">IHHQQI", 0x25609513, 0, command, cookie, offset, count)


def check_header(header):
    if header[:8] != b"\x67\x44\x66\x98\0\0\0\0":
        sys.exit(f"bench: a read was answered with {bytes(header[:8]).hex()}")


def check_region(link, name, offset, size):
    """Reads it all once, which makes it hot, and sees to it that what is measured are the right bytes."""
    with open(RAW.path, "rb") as raw:
        for at in range(offset, offset + size, LARGE):
            check_data(link.read(at, LARGE), name, at, raw)


def check_data(data, name, offset, raw):
    """Compares what was read with the raw image."""
    if data != os.pread(raw.fileno(), len(data), offset):
        sys.exit(f"bench: {name} reads something else at {offset} than is in {raw.name}")


def read_in_sequence(link, offset, size, piece):
    """What is there, by reads of so many bytes of which each waits for the one before; and the seconds that they take."""
    messages = [request(0, at, piece) for at in range(offset, offset + size, piece)]
    data, header = memoryview(bytearray(size)), memoryview(bytearray(HEADER_SIZE))
    began = time.monotonic()
    for at, message in zip(range(0, size, piece), messages):
        link.read_into(header, data[at:at + piece], message)
    return data, time.monotonic() - began
