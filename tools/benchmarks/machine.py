"""The machine, and the versions of the programs."""

import datetime
import os
import platform
import subprocess

from benchmarks import python_gzip
from benchmarks.images import MIB
from benchmarks.programs import TOOLS, VITRINE

PEERS = ["nbdkit", "qemu-nbd", "xz", "gzip", *python_gzip.VERSIONS]


def load():
    return " Load average {:.2f} {:.2f} {:.2f}.".format(*os.getloadavg())


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.split("\n")[0] or "unknown"


def processor():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def version(program):
    """The last word that looks like a version: "nbdkit 1.32.5 (nbdkit-1.32.5-1)" is 1.32.5."""
    words = first_line(program, "--version").removeprefix("fio-").split()
    return next((word for word in words if word[0].isdigit()), "unknown")


def describe(images):
    """All that figures depend on, for JSON."""
    programs = ["nbdkit", "qemu-nbd", "xz", "gzip", "nbdcopy", "fio"]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": first_line("git", "-C", TOOLS, "describe", "--always", "--dirty"),
        "machine": {
            "cores": os.cpu_count(), "processor": processor(), "kernel": f"Linux {platform.release()}",
            "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        },
        "load": os.getloadavg(),
        "versions": {
            "vitrine": first_line(VITRINE, "--version"), **{program: version(program) for program in programs},
            **python_gzip.versions(images), "Python": platform.python_version(),
        },
        "images": {image.kind: {"bytes": image.size(), "on disk": os.stat(image.path).st_blocks * 512} for image in images},
    }


def print_about(about):
    machine, versions = about["machine"], about["versions"]

    def of(*programs):
        return ", ".join(f"{program} {versions[program]}" for program in programs if program in versions)

    print(f"machine   {machine['cores']} cores, {machine['processor']}, {machine['kernel']}, {machine['system']}")
    print(f"vitrine   {versions['vitrine']} (commit {about['commit']})")
    print(f"peers     {of(*PEERS)}")
    print(f"clients   {of('nbdcopy', 'fio', 'Python')}")
    for kind, size in about["images"].items():
        print(f"image     {kind}: {size['bytes'] / MIB:.0f} MiB, {size['on disk'] / MIB:.0f} on disk")
    busy = about["load"][0] > 0.5
    print("load     " + load() + (" Something else is running: expect figures that vary." if busy else "") + "\n", flush=True)
