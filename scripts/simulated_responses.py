"""How many responding cells are found, and how many others: the table of docs/responses.md.

Traces are calcium-like: events at random, each a rise and a decay, and noise. Responders have more
events after the stimulus; how many more is the size of the response.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from napari_isx import Timing
from napari_isx.analysis import peri_event

NUM_CELLS, NUM_SAMPLES, PERIOD_S, NUM_EVENTS = 300, 18_000, 0.05, 40
RESPONDERS, RATE_HZ, TAU_S = 0.3, 0.1, 0.6


def simulate(share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Traces of which the first 30 % respond to that share of the stimuli; and the stimuli."""
    rng = np.random.default_rng(seed)
    spikes = rng.random((NUM_CELLS, NUM_SAMPLES)) < RATE_HZ * PERIOD_S
    events_s = np.sort(rng.uniform(5, NUM_SAMPLES * PERIOD_S - 5, NUM_EVENTS))
    for cell in range(round(RESPONDERS * NUM_CELLS)):
        answered = events_s[rng.random(NUM_EVENTS) < share]
        late_s = rng.uniform(0.1, 0.6, len(answered))
        spikes[cell, np.rint((answered + late_s) / PERIOD_S).astype(int)] = True
    decay = np.exp(-PERIOD_S / TAU_S)
    traces = lfilter([1], [1, -decay], spikes * rng.uniform(0.7, 1.3, spikes.shape), axis=1)
    return traces + rng.normal(0, 0.3, traces.shape), events_s


def main() -> None:
    timing = Timing.regular(NUM_SAMPLES, PERIOD_S)
    first = round(RESPONDERS * NUM_CELLS)
    print(
        "| answered stimuli | found, q < 0.05 | false, q < 0.05 | found, up | false, up or down |"
    )
    print("|---|---|---|---|---|")
    for share in (0.0, 0.1, 0.2, 0.3, 0.5, 1.0):
        counts = np.zeros(4)
        for seed in range(5):
            traces, events_s = simulate(share, seed)
            result = peri_event(traces, events_s, timing=timing, seed=seed)
            modulated = np.array(result.modulation) != "none"
            significant = result.q < result.alpha
            for i, mask in enumerate((significant, modulated)):
                counts[2 * i] += mask[:first].sum()
                counts[2 * i + 1] += mask[first:].sum()
        found_q, false_q, found, false = counts / (5 * np.array([first, 1, first, 1]))
        others = NUM_CELLS - first
        print(
            f"| {share:.0%} | {found_q:.0%} of {first} | {false_q:.1f} of {others} "
            f"| {found:.0%} of {first} | {false:.1f} of {others} |"
        )


if __name__ == "__main__":
    main()
