# SPDX-License-Identifier: BSD-3-Clause
"""Samples to figures, figures to lines."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Figure:
    """A median and the range that four fifths of the samples are in."""
    median: float
    p10: float
    p90: float

    def text(self, digits=0):
        return f"{self.median:.{digits}f} ({self.p10:.{digits}f} to {self.p90:.{digits}f})"


def figure(samples):
    ordered = sorted(samples)
    at = len(ordered) - 1
    return Figure(ordered[len(ordered) // 2], ordered[round(at * 0.1)], ordered[round(at * 0.9)])


def paired(function, ours, theirs):
    return figure([function(a, b) for a, b in zip(ours, theirs)])


def over(weir, bare):
    """What weir adds, pair by pair."""
    return paired(lambda a, b: a - b, weir, bare)


def ratio(ours, theirs):
    return paired(lambda a, b: a / b, ours, theirs)
