"""What figures have to be, as targets.toml says, and whether they are."""

import dataclasses
import os
import tomllib

PATH = os.path.join(os.path.dirname(os.path.realpath(__file__)), "targets.toml")


@dataclasses.dataclass
class Target:
    """A limit for some figures of some tables."""

    measurement: str
    images: list
    cases: list                     # of which there are none where all are meant; likewise below
    of: list
    figures: list
    peer: str                       # whose figure is the unit, if there is one
    limit: float
    least: bool                     # the limit is the least that is allowed, not the most

    @classmethod
    def from_entry(cls, entry):
        least = "at-least" in entry
        return cls(
            entry["measurement"], several(entry["image"]), several(entry.get("case")), several(entry.get("of")),
            several(entry.get("figure")), entry.get("peer"), entry["at-least" if least else "at-most"], least)

    def verdicts(self, table):
        """One for each row of the table that this is about: on the worst of the figures."""
        if table.measurement != self.measurement or table.image not in self.images:
            return
        if self.cases and table.case not in self.cases:
            return
        for row in self.of or [name for name in table.rows if name != self.peer]:
            values = [
                table.ratio(row, self.peer, column) if self.peer else table.figure(row, column)
                for column in self.figures or table.columns]
            # What was refused, or not measured this time, misses no target.
            values = [value for value in values if value is not None]
            if values:
                yield Verdict(self, table, row, min(values) if self.least else max(values))


@dataclasses.dataclass
class Verdict:
    """What a figure is, next to what it has to be."""

    target: Target
    table: object
    row: str
    value: float

    @property
    def met(self):
        return self.value >= self.target.limit if self.target.least else self.value <= self.target.limit

    def print(self):
        figures = " or ".join(self.target.figures) or "all figures"
        what = f"{figures} of {self.row}{f' to {self.target.peer}' if self.target.peer else ''}, {self.table.image}"
        if self.table.case:
            what += f", {self.table.case}"
        bound = f"at {'least' if self.target.least else 'most'} {self.target.limit:.3g}"
        print(f"target: {what}, {bound}: {self.value:.3g}  {'PASS' if self.met else 'MISSED'}\n", flush=True)

    def record(self):
        """All of it for JSON."""
        return {
            "measurement": self.table.measurement, "image": self.table.image, "case": self.table.case, "of": self.row,
            "figures": self.target.figures, "peer": self.target.peer,
            "at-least" if self.target.least else "at-most": self.target.limit, "value": self.value, "met": self.met,
        }


def several(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def read_targets():
    with open(PATH, "rb") as file:
        return [Target.from_entry(entry) for entry in tomllib.load(file)["target"]]
