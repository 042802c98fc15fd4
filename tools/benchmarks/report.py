"""Markdown tables of docs/benchmarks.md, out of the JSON of tools/bench.

Each stands between two comments, of which the first says what belongs there:

    <!-- bench:copy multi to nowhere -->            a measurement, an image, and a case; or all cases one after the other
    <!-- bench:start multi,single -->               several images in one table
    <!-- bench:clustered zlib,zstd,plain -->        the ratios to qemu's programs, from several measurements
    <!-- bench:machine -->                          what all of it was measured on
    <!-- /bench -->
"""

import json
import os
import re
import sys

from benchmarks.machine import PEERS
from benchmarks.programs import ROOT
from benchmarks.tables import Table, progress, shown

PAGE = os.path.join(ROOT, "docs", "benchmarks.md")
BLOCK = re.compile(r"^(<!-- bench:([^\n]*) -->\n).*?^(<!-- /bench -->)$", re.DOTALL | re.MULTILINE)

# The ratios of Vitrine's figures to those of qemu's programs: what they are called, where they are, and of which columns the
# worst counts.
CLUSTERED_ROWS = {
    "nbdcopy to `null:`, wall time": ("copy", "to nowhere", ["wall s"]),
    "`vitrine copy` to a file / `qemu-img convert -O raw`, wall time": ("copy", "to a file", ["wall s"]),
    "fio random 4 KiB at depth 8, reads/s": ("random", "4 KiB", ["reads/s"]),
    "fio random 64 KiB at depth 8, reads/s": ("random", "64 KiB", ["reads/s"]),
    "server CPU for one such read of 4 KiB": ("random", "4 KiB", ["CPU us"]),
    "server CPU for one such read of 64 KiB": ("random", "64 KiB", ["CPU us"]),
    "hot 4 KiB reads, server CPU, the worst of all loads, on all CPUs": ("hot", "on all CPUs", None),
    "hot 4 KiB reads, server CPU, the worst of all loads, all on one CPU": ("hot", "all on one CPU", None),
}


class Missing(Exception):
    """No file has the results that a table needs."""


class Results:
    """What several files hold; where they have the same, the latest counts."""

    def __init__(self, paths):
        self.files = sorted(map(read_file, paths), key=lambda file: file["date"])
        self.tables = {}                # with the file that each is from
        for file in self.files:
            for record in file["tables"]:
                table = Table.from_record(record)
                self.tables[table.measurement, table.image, table.case] = table, file

    def table(self, measurement, image, case):
        try:
            return self.tables[measurement, image, case]
        except KeyError:
            raise Missing(f"{case} of {image}" if case else image) from None

    def cases(self, measurement, image):
        found = [case for name, kind, case in self.tables if (name, kind) == (measurement, image)]
        return found or [None]


def read_file(path):
    try:
        with open(path) as file:
            found = json.load(file)
    except ValueError as error:
        sys.exit(f"bench: {path} is not JSON: {error}")
    if not isinstance(found, dict) or not {"date", "machine", "versions", "tables", "targets"} <= found.keys():
        sys.exit(f"bench: {path} is not what --json writes")
    return found


def update(paths):
    """Replaces the tables of the page that these files have the results for."""
    results = Results(paths)
    with open(PAGE) as file:
        page = file.read()

    def replaced(match):
        head, what, end = match.groups()
        try:
            made = head + render(results, what) + end
        except Missing as missing:
            progress(f"left as it is: {what} (no results: {missing})")
            return match[0]
        progress(f"made: {what}")
        return made

    page = BLOCK.sub(replaced, page)
    with open(PAGE, "w") as file:
        file.write(page)


def render(results, what):
    measurement, _, rest = what.partition(" ")
    images, _, case = rest.partition(" ")
    images = images.split(",")
    if measurement == "machine":
        return machine(results)
    if measurement == "clustered":
        return clustered(results, images)
    cases = [case] if case else results.cases(measurement, images[0])
    found = [[results.table(measurement, image, case) for image in images] for case in cases]
    return "\n".join(plain(each) for each in found) + origin(sum(found, []))


def plain(found):
    """One table of the tables of some images, with the limits of what there are targets for."""
    several = len(found) > 1
    first = found[0][0]
    # Such as a peer that can do only one of the images, which all are compared with.
    shared = [name for name in first.rows if several and all(table.rows.get(name) == first.rows[name] for table, _ in found)]
    rows, ratios = [], []
    for table, file in found:
        end = f", {table.image}" if several else ""
        for name, row in table.rows.items():
            if name in shared and table is not first:
                continue
            cells = [shown(value, decimals) for value, decimals in zip(row, table.columns.values())]
            rows.append([name + ("" if name in shared else end) + limits(file, table, name), *cells])
        for (ours, peer), row in table.ratios().items():
            if any(ratio is not None for ratio in row):
                name = f"{ours} / {peer}{end}{limits(file, table, ours, peer)}"
                ratios.append([name, *(shown(ratio, 2) for ratio in row)])
    corner = ", ".join(filter(None, ["" if several else first.image, first.case]))
    return markdown([corner, *first.columns], [*rows, *ratios])


def clustered(results, images):
    rows, found = [], []
    for title, (measurement, case, columns) in CLUSTERED_ROWS.items():
        row = [title]
        for image in images:
            table, file = results.table(measurement, image, case)
            ours, peer = table.pairs[0]
            ratios = [table.ratio(ours, peer, column) for column in columns or table.columns]
            bound = limits(file, table, ours, peer, columns)
            row.append(shown(max(ratios), 2) + bound)
            found.append((table, file))
        rows.append(row)
    return markdown(["vitrine / qemu's", *images], rows) + origin(found)


def limits(file, table, of, peer=None, columns=None):
    """What the targets say of a row, or of some of its columns."""
    bounds = []
    for target in file["targets"]:
        about = [target[key] for key in ("measurement", "image", "case", "of", "peer")]
        if about == [table.measurement, table.image, table.case, of, peer]:
            if not columns or not target["figures"] or set(columns) & set(target["figures"]):
                bound = f"at least {target['at-least']:g}" if "at-least" in target else f"{target['at-most']:g}"
                # A ratio is the same thing in every column, a figure is not.
                bounds.append(bound if peer else " ".join([*target["figures"], bound]))
    bounds = list(dict.fromkeys(bounds))
    return f" (target{'s' if len(bounds) > 1 else ''}: {', '.join(bounds)})" if bounds else ""


def machine(results):
    def each(text):
        return "; ".join(dict.fromkeys(text(file) for file in results.files))

    def versions(*programs):
        # Not all files are of runs that had all of them.
        return each(lambda file: ", ".join(
            f"{program} {file['versions'][program]}" for program in programs if program in file["versions"]))

    loads = [file["load"][0] for file in results.files]
    return markdown(["", ""], [
        ["machine", each(lambda file: "{cores} cores, {processor}, {kernel}, {system}".format(**file["machine"]))],
        ["vitrine", each(lambda file: f"{file['versions']['vitrine']}, commit {file['commit']}")],
        ["peers", versions(*PEERS)],
        ["clients", versions("nbdcopy", "fio", "Python")],
        ["load", f"{min(loads):.1f} to {max(loads):.1f} at the start of each run"],
    ])


def origin(found):
    """Which runs the figures are from."""
    runs = dict.fromkeys(
        f"{table.rounds} round{'s' if table.rounds > 1 else ''}, {file['date'][:10]}, commit {file['commit']}"
        for table, file in found)
    return "\n" + "; ".join(runs) + ".\n"


def markdown(head, rows):
    aligned = ["---", *["---:" if any(head) else "---"] * (len(head) - 1)]
    lines = [f"| {' | '.join(row)} |" for row in [head, *rows]]
    return "\n".join([lines[0], f"|{'|'.join(aligned)}|", *lines[1:]]) + "\n"
