"""The servers that are measured."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from benchmarks.images import GZ, KIB
from benchmarks.indexes import cache_with
from benchmarks.programs import LONGEST_SECONDS, VITRINE, environment
from benchmarks.tables import progress

READY_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")
CPUS = sorted(os.sched_getaffinity(0))
PLACES = {"on all CPUs": CPUS, "all on one CPU": CPUS[:1]}
# What nbdkit serves a compressed image with. Its xz filter refuses blocks of the size that the others have.
NBDKIT_FILTERS = {"multi": "xz", **dict.fromkeys(GZ, "gzip")}


class Server:
    """A server that listens on a Unix socket; `command` has SOCKET where the path of that belongs.

    `cache` is a folder for it to keep indexes in, which goes away with it."""

    def __init__(self, name, command, folder, cache=None):
        self.name = name
        self.cache = cache
        self.socket = os.path.join(folder, name.replace(" ", "-") + ".sock")
        self.log = self.socket + ".log"
        self.command = [part.replace("SOCKET", self.socket) for part in command]

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(self.cache))
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.log, errors="replace") as log:
                    sys.exit(f"bench: {self.name} does not answer: {' '.join(self.command)}\n{log.read().strip()}")
            time.sleep(0.0005)

    def __exit__(self, *_):
        ended = self.process.poll()
        self.process.terminate()
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            print(f"warning: {self.name} does not end when told to", flush=True)
            self.process.kill()
            self.process.wait()
        else:
            if ended is not None or status not in (0, -signal.SIGTERM):
                print(f"warning: {self.name} ended {'by itself ' if ended is not None else ''}with status {status}", flush=True)
        with open(self.log, errors="replace") as log:
            for line in log:
                if not line.startswith("nbd"):          # the URI
                    progress(f"{self.name} says: {line.strip()}")
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        if self.cache:
            shutil.rmtree(self.cache, ignore_errors=True)

    @property
    def uri(self):
        return f"nbd+unix:///?socket={self.socket}"

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket)
                return True
            except OSError:
                return False

    def cpu(self):
        """The CPU seconds that it has taken, user and system."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def run_on(self, cpus, decoding_cpus=None):
        """Has its threads run there, but those that take no requests, and decode, on others if these are given."""
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):    # it may have ended
                with open(f"/proc/{self.process.pid}/task/{thread}/comm") as file:
                    takes_requests = int(thread) == self.process.pid or file.read().startswith("NIO-ELT")
                os.sched_setaffinity(int(thread), cpus if takes_requests else decoding_cpus or cpus)

    def peak_memory(self):
        """The most bytes it had resident."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) * KIB for line in file if line.startswith("VmHWM:"))


def vitrine(image, folder, *options, indexed=False):
    cache = cache_with(image if indexed else None, folder)
    return Server("vitrine", [VITRINE, "serve", image.path, "-U", "SOCKET", *options], folder, cache)


def nbdkit(image, folder, *filters):
    return Server("nbdkit", ["nbdkit", "-f", "-r", "-U", "SOCKET", *filters, "file", image.path], folder)


def nbdkit_xz(image, folder):
    return nbdkit(image, folder, "--filter=xz")


def nbdkit_peers(image, folder):
    """What makes the nbdkit server for a compressed image, by its name; nothing if nbdkit cannot serve that."""
    name = NBDKIT_FILTERS.get(image.kind)
    return {f"nbdkit {name}": lambda: nbdkit(image, folder, f"--filter={name}")} if name else {}


def qemu_nbd(image, folder):
    return Server("qemu-nbd", ["qemu-nbd", "-r", "-t", "-e", "64", "-f", image.format, "-k", "SOCKET", image.path], folder)


def nbdcopy(server, to="null:"):
    """All of the disk, to nowhere unless told otherwise. Of what goes to -, nothing is kept."""
    subprocess.run(
        ["nbdcopy", server.uri, to], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=LONGEST_SECONDS)


def measure_server(server, read):
    """Wall seconds from starting the server to the end of `read`; its CPU seconds and peak memory in bytes."""
    began = time.monotonic()
    with server:
        read(server)
        return time.monotonic() - began, server.cpu(), server.peak_memory()
