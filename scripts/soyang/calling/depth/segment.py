"""Segmentation: a hidden Markov model over copies, its most likely path by Viterbi.

The model is XHMM's (Fromer et al. 2012, American Journal of Human Genetics 91:597) with a state
for each number of copies instead of three: a bin's depth is normal about its copies, states
change with a probability that fades with distance. A share of bins follows no state, so that a
single strange bin can't make an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from soyang.calling.depth.normalise import DIPLOID, Numbers

STATES = 6
"""Copies 0 to 5; the last stands for five and more."""

_STRANGE = 0.001
_STRANGE_RANGE = 8.0
"""Share of bins that follow no state, and the range of copies over which they lie anywhere."""

_LEAST_SD = 0.1
"""Copies; no bin is taken for surer than this, however many reads it has."""

_LOSS_FLOOR = 0.1
"""A bin without any copy keeps this share of the variance: stray reads."""

_CROSSING = 0.01
"""Share of an event's ends that lead into another event."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """Probabilities of the states' changes.

    Attributes:
        start: probability that an event starts at a bin.
        mean_bins: bins of an event, on average.
        fading: bp after which neighbours tell little of each other.
    """

    start: float
    mean_bins: float
    fading: float


GENOME = Model(start=1e-4, mean_bins=20.0, fading=1e6)
"""A genome has some thousand events of a bin or more in its three million bins, 1e-3; fewer are
looked for, since most are of a bin or two, and an event too many costs more than one too few."""

TARGETS = Model(start=1e-4, mean_bins=6.0, fading=70e3)
"""Length and fading are XHMM's defaults. Its start of 1e-8 is for a model without strange bins,
which here hold single ones back."""


def emissions(copies: Numbers, spread: Numbers) -> Numbers:
    """Log-likelihood of each bin's depth in each state: bins by states.

    Args:
        copies: depth in copies.
        spread: relative standard deviation of a bin of two copies.
    """
    states = np.arange(STATES, dtype=np.float64)
    scale = np.maximum(states / DIPLOID, _LOSS_FLOOR)
    sd = np.maximum(DIPLOID * spread[:, None] * np.sqrt(scale)[None, :], _LEAST_SD)
    at = np.minimum(copies, _STRANGE_RANGE)[:, None]
    # Five and more are one state: what lies above its mean lies at it.
    distance = np.where((states == STATES - 1) & (at > states), 0.0, at - states)
    density = np.exp(-0.5 * (distance / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    return np.asarray(np.log((1 - _STRANGE) * density + _STRANGE / _STRANGE_RANGE))


def most_likely(
    likelihood: Numbers, expected: NDArray[np.int64], gaps: Numbers, model: Model
) -> NDArray[np.int64]:
    """Most likely copies of each bin.

    Args:
        likelihood: :func:`emissions`.
        expected: copies of each bin without an event, 1 to 5.
        gaps: bp from the bin before; infinite at the start of a contig and where the
            expected copies change.
        model: probabilities of changes.
    """
    fades = np.exp(-gaps / model.fading)
    return np.asarray(
        _viterbi(likelihood, expected, fades, model.start, 1 / model.mean_bins, _CROSSING)
    )


@numba.njit(cache=True, nogil=True)
def _viterbi(
    likelihood: Any, expected: Any, fades: Any, start: Any, leave: Any, crossing: Any
) -> Any:
    """Viterbi's path over the bins."""
    count, states = likelihood.shape
    back = np.zeros((count, states), dtype=np.int8)
    path = np.zeros(count, dtype=np.int64)
    best = np.zeros(states)
    new = np.zeros(states)
    step = np.zeros((states, states))
    for i in range(count):
        _fill_steps(step, expected[i], fades[i], start, leave, crossing)
        for b in range(states):
            top = 0
            value = best[0] + step[0, b]
            for a in range(1, states):
                if best[a] + step[a, b] > value:
                    value = best[a] + step[a, b]
                    top = a
            back[i, b] = top
            new[b] = value + likelihood[i, b]
        peak = new.max()
        for b in range(states):
            best[b] = new[b] - peak
    if count:
        path[count - 1] = best.argmax()
    for i in range(count - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


@numba.njit(cache=True, nogil=True)
def _fill_steps(step: Any, home: Any, near: Any, start: Any, leave: Any, crossing: Any) -> None:
    """Log-probabilities of changes: ``near`` of the model's and the rest of the prior."""
    others = step.shape[0] - 1
    for a in range(others + 1):
        for b in range(others + 1):
            prior = 1 - start if b == home else start / others
            if a == home:
                change = prior
            elif a == b:
                change = 1 - leave
            elif b == home:
                change = leave * (1 - crossing)
            else:
                change = leave * crossing / (others - 1)
            step[a, b] = np.log(near * change + (1 - near) * prior)
