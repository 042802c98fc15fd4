"""The programs that are measured, and those that measure."""

import os
import subprocess
import sys
import time

from benchmarks.images import KIB

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
TOOLS = os.path.join(ROOT, "tools")
# Not tools/run, which builds this one: it looks for changed sources first, and that would count as starting time.
VITRINE = os.environ.get("VITRINE") or os.path.join(ROOT, ".build", "release", "vitrine")
LONGEST_SECONDS = 900               # for one copy, or for indexing


def prepare(images):
    """Makes what is to be measured, and with."""
    made = dict.fromkeys(image.making for image in images)
    commands = [[TOOLS + "/install", "test"], *([TOOLS + "/make-cloud-image", kind] for kind in made)]
    if not os.environ.get("VITRINE"):
        commands.append([TOOLS + "/run", "--version"])      # builds it
    for command in [*commands, [VITRINE, "--version"]]:
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"bench: {' '.join(command)} failed")


def environment(cache):
    """The environment of a program whose cache folder is this one."""
    return {**os.environ, "XDG_CACHE_HOME": cache} if cache else None


def measure_command(*command, output=os.devnull, cache=None):
    """Wall seconds, CPU seconds and peak memory in bytes of a command."""
    with open(output, "wb") as file:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, env=environment(cache))
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KIB


def run_lines(command):
    """The lines that a command writes, as they come."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield from process.stdout
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} failed")
