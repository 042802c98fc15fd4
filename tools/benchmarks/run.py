"""One run of tools/bench: what measurements are told, and what they find out."""

import dataclasses
import json
import os

from benchmarks.machine import load


@dataclasses.dataclass
class Run:
    folder: str                     # for files, which goes away
    rounds: int
    seconds: int                    # that each measurement by fio takes
    cells: dict                     # of a big table, those to measure: a list for each of its dimensions
    targets: list
    about: dict                     # the machine and all that
    tables: list = dataclasses.field(default_factory=list)
    verdicts: list = dataclasses.field(default_factory=list)

    def begin(self, text):
        """Says what is measured next."""
        print(f"{text}.{load()}\n", flush=True)

    def add(self, table):
        """Prints a table, and whether it is as the targets want it."""
        table.print()
        self.tables.append(table)
        for target in self.targets:
            for verdict in target.verdicts(table):
                verdict.print()
                self.verdicts.append(verdict)

    def write(self, path):
        """Puts it all into a JSON file."""
        results = {
            **self.about, "tables": [table.record() for table in self.tables],
            "targets": [verdict.record() for verdict in self.verdicts],
        }
        with open(path + ".new", "w") as file:
            json.dump(results, file, indent=1, ensure_ascii=False)
            file.write("\n")
        os.replace(path + ".new", path)
