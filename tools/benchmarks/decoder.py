"""CPU time of Vitrine's own LZMA2 decoder, with and without recording checkpoints, against liblzma's, taking turns in one
process, on the single-block .raw.xz: its first 600 MiB, which are dense, and all of it, most of which is zeroes. Says too if
the decoder's hot function is not one piece any more, which costs a fifth
"""

import os
import re
import subprocess
import sys

from benchmarks.images import MIB
from benchmarks.programs import ROOT, run_lines
from benchmarks.rounds import medians_of, pairs_of
from benchmarks.tables import Table, progress

NAME, MINUTES = "decoder", 3
KINDS, USUAL_KINDS = ["single"], ["single"]
USUAL_ROUNDS = 3

STRETCHES = {"first 600 MiB": 600 * MIB, "all": None}


def measure(images, run):
    binary = build()
    for image in images:
        image.warm()
        for case, size in STRETCHES.items():
            run.begin(f"Decoding {image.name}, {case}: CPU seconds, medians of {run.rounds} rounds")
            rows = measure_decoders([binary, image.path, str(run.rounds), *([str(size)] if size else [])])
            run.add(Table(NAME, image.kind, case, run.rounds, {"CPU s": 2, "MiB/s": 0}, rows, pairs_of(rows)))
    for function, callees in hot_calls(binary).items():
        print(f"warning: {function} is not one piece: it calls {', '.join(callees)}\n", flush=True)


def build():
    folder = os.path.join(ROOT, ".build-bench")
    subprocess.run(
        ["swift", "build", "-c", "release", "--product", "BenchLZMA", "--scratch-path", folder],
        cwd=ROOT, env={**os.environ, "VITRINE_BENCH": "1"}, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=True)
    return os.path.join(folder, "release", "BenchLZMA")


def measure_decoders(command):
    """The medians of CPU seconds and MiB a second, by decoder."""
    runs = {}
    for line in run_lines(command):
        name, seconds, count = line.split()
        seconds, size = float(seconds), int(count) / MIB
        runs.setdefault(name, []).append((seconds, size / seconds))
        progress(f"{name}: {seconds:.2f} s for {size:.0f} MiB")
    return {name: medians_of(each) for name, each in runs.items()}


def hot_calls(binary):
    """What the hot function of the decoder calls, in each of its two versions; nothing, unless something was not inlined.

    What has "cold" in its name was put out of the way by the compiler on purpose."""
    functions = [fields[2] for fields in (line.split() for line in lines("nm", binary))
                 if len(fields) == 3 and fields[1] in "tT" and "LZMAStateV6decode" in fields[2]]
    if not functions:
        return {"the decoder": ["what nm does not find: LZMAState.decode has another name"]}
    calls = {}
    for function in functions:
        for line in lines("objdump", "-d", "--no-show-raw-insn", f"--disassemble={function}", binary):
            # A call, or a jump out of the function, which is a call at its end.
            found = re.search(r"\t(?:call|jmp|bl|b)q?\s+\S+ <([^>+]+)", line) or re.search(r"\t(?:call|blr)q?\s+(\*\S+)", line)
            if found and found[1] != function and "cold" not in found[1].lower():
                callees = calls.setdefault("LZMAState.decode" + (", recording," if "BitMarks" in function else ""), [])
                callees += [found[1]] if found[1] not in callees else []
    return calls


def lines(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
