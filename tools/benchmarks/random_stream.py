"""Random 4 KiB reads of a region as a stream, at almost no cost of the client's."""

import random
import select
import sys
import time

from benchmarks.images import KIB, MIB
from benchmarks.nbd_client import HEADER_SIZE, check_header, request
from benchmarks.servers import READY_SECONDS

SIZE = 4 * KIB
REQUEST_SIZE, REPLY_SIZE = 28, HEADER_SIZE + SIZE
COUNT = 1 << 14                     # of requests; then they come again
MOST_AT_ONCE = 64


class RandomStream:
    """Prepared requests, without an end, of which any stretch is one send."""

    def __init__(self, offset, size):
        choose = random.Random(2)
        stream = b"".join(
            request(cookie, offset + SIZE * choose.randrange(size // SIZE), SIZE) for cookie in range(COUNT))
        self.stream = stream + stream[:MOST_AT_ONCE * REQUEST_SIZE]
        self.buffer = memoryview(bytearray(MIB))

    def run(self, links, depth, seconds):
        """Keeps `depth` reads in flight on each connection for that long; the number of reads."""
        poll = select.epoll()
        streams = {}
        for number, link in enumerate(links):
            streams[link.socket.fileno()] = stream = Position(link.socket, number * COUNT // len(links))
            poll.register(link.socket, select.EPOLLIN)
            self.send(stream, depth)
        done, flying = 0, depth * len(links)
        deadline = time.monotonic() + seconds
        while flying:
            going = time.monotonic() < deadline
            ready = poll.poll(READY_SECONDS)
            if not ready:
                sys.exit(f"bench: no reply for {READY_SECONDS} seconds")
            for descriptor, _ in ready:
                stream = streams[descriptor]
                replies = self.receive(stream)
                done += replies
                if replies and going:
                    self.send(stream, replies)
                else:
                    flying -= replies
        poll.close()
        return done

    def send(self, stream, count):
        at = stream.next * REQUEST_SIZE
        stream.socket.sendall(memoryview(self.stream)[at:at + count * REQUEST_SIZE])
        stream.next = (stream.next + count) % COUNT

    def receive(self, stream):
        """The number of replies that are complete with what has come."""
        # No more than the requests in flight can be waiting, and the buffer holds all of these.
        received = stream.socket.recv_into(self.buffer)
        if not received:
            sys.exit("bench: the server hung up")
        if stream.ahead == 0 and received >= HEADER_SIZE:
            check_header(self.buffer[:HEADER_SIZE])
        replies, stream.ahead = divmod(stream.ahead + received, REPLY_SIZE)
        return replies


class Position:
    """Where one connection is in the stream."""

    def __init__(self, socket, start):
        self.socket = socket
        self.next = start           # the request to send next
        self.ahead = 0              # bytes of a reply that has come only in part
