"""Tables of figures, and how they are printed."""

import dataclasses
import sys


@dataclasses.dataclass
class Table:
    """What one measurement found out about one image: a row of figures for each contestant, and ratios of some."""

    measurement: str
    image: str
    case: str                       # what was measured of it
    rounds: int                     # that the figures are medians of
    columns: dict                   # the figures, and how many decimals each is shown with
    rows: dict                      # of lists: numbers, or a word where there is none
    pairs: list = dataclasses.field(default_factory=list)      # of rows that are compared: ours and the peer

    def figure(self, row, column):
        """That number, if it is one."""
        value = self.rows[row][list(self.columns).index(column)] if row in self.rows and column in self.columns else None
        return value if isinstance(value, (int, float)) else None

    def ratio(self, ours, peer, column):
        mine, other = self.figure(ours, column), self.figure(peer, column)
        return mine / other if mine is not None and other else None

    def ratios(self):
        """For each pair the ratio in each column, if there is one."""
        return {pair: [self.ratio(*pair, column) for column in self.columns] for pair in self.pairs}

    def lines(self):
        """The head, and each row and pair, as texts."""
        yield [self.case, *self.columns]
        for name, row in self.rows.items():
            yield [name, *(shown(value, decimals) for value, decimals in zip(row, self.columns.values()))]
        for (ours, peer), row in self.ratios().items():
            if any(ratio is not None for ratio in row):
                yield [f"{ours} / {peer}", *(shown(ratio, 2) for ratio in row)]

    def print(self):
        lines = list(self.lines())
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        for line in lines:
            print("  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]))
        print(flush=True)

    def record(self):
        """All of it for JSON."""
        ratios = {f"{ours} / {peer}": self.by_column(row) for (ours, peer), row in self.ratios().items()}
        medians = {name: self.by_column(row) for name, row in self.rows.items()}
        return {
            "measurement": self.measurement, "image": self.image, "case": self.case, "rounds": self.rounds,
            "decimals": self.columns, "medians": medians, "pairs": self.pairs, "ratios": ratios,
        }

    def by_column(self, row):
        return {column: float(f"{value:.6g}") if isinstance(value, float) else value for column, value in zip(self.columns, row)}

    @classmethod
    def from_record(cls, record):
        rows = {name: list(row.values()) for name, row in record["medians"].items()}
        pairs = [tuple(pair) for pair in record["pairs"]]
        return cls(
            record["measurement"], record["image"], record["case"], record["rounds"], record["decimals"], rows, pairs)


def shown(value, decimals):
    return "" if value is None else value if isinstance(value, str) else f"{value:.{decimals}f}"


def progress(text):
    print(f"    {text}", file=sys.stderr, flush=True)
