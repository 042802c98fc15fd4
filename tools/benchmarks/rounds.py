"""Rounds, in which the contestants take turns, and the medians of what comes out."""

import statistics

from benchmarks.images import MIB
from benchmarks.tables import progress, shown

COSTS = {"wall s": 2, "CPU s": 2, "peak MiB": 0}


def take_turns(contestants, rounds, columns):
    """The medians of what each contestant measures, with a figure for each of the columns."""
    runs = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            runs[name].append(measure())
            progress(f"{name}: {told(columns, runs[name][-1])}")
    return {name: medians_of(each) for name, each in runs.items()}


def take_costs(contestants, rounds):
    """The medians of what they need, with the memory in MiB."""
    def in_mib(measured):
        wall, cpu, memory = measured()
        return wall, cpu, memory / MIB

    return take_turns({name: lambda each=each: in_mib(each) for name, each in contestants.items()}, rounds, COSTS)


def medians_of(runs):
    """The median of each column."""
    return [statistics.median(column) for column in zip(*runs)]


def told(columns, figures):
    """The figures in one line."""
    return ", ".join(f"{shown(figure, decimals)} {name}" for figure, (name, decimals) in zip(figures, columns.items()))


def pairs_of(rows):
    """Each of ours with each of the others."""
    ours = [name for name in rows if name.startswith("vitrine")]
    return [(name, peer) for name in ours for peer in rows if peer not in ours]
