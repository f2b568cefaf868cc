"""Average each cell's trace around the times at which a GPIO channel goes on.

python response_to_stimulus.py [cells.isxd recording.gpio "Digital GPI 0"]

The two files are laid on one time axis by their start times.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import napari_isx

BEFORE_S, AFTER_S = 1.0, 3.0


def main(cells_path: Path, gpio_path: Path, channel: str) -> None:
    with napari_isx.open_isx(cells_path) as cells, napari_isx.open_isx(gpio_path) as gpio:
        signal = gpio.channel(channel)
        on = signal.values > 0
        edges_s = signal.times_s[1:][on[1:] & ~on[:-1]]
        edges_s += (gpio.timing.start - cells.timing.start).total_seconds()

        period_s = cells.timing.period_s
        window = np.arange(round(-BEFORE_S / period_s), round(AFTER_S / period_s))
        samples = np.round(edges_s / period_s).astype(int)[:, np.newaxis] + window
        samples = samples[
            (samples.min(axis=1) >= 0) & (samples.max(axis=1) < cells.traces.shape[1])
        ]
        traces = np.where(cells.timing.valid_mask, cells.traces, np.nan)
        response = np.nanmean(traces[:, samples], axis=1)  # (n_cells, n_window)
        response -= response[:, window < 0].mean(axis=1, keepdims=True)
        rise = response[:, window >= 0].max(axis=1)
        print(
            f"{len(samples)} edges of {channel}; the cells that rise most, in {cells.trace_units}:"
        )
        for i in np.argsort(-rise)[:5]:
            print(f"  {cells.names[i]}: {rise[i]:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    else:
        from napari_isx.sample_data import COMPANION_FILES, FILES, write_sample

        folder = Path("sample")
        write_sample(folder)
        main(folder / FILES[1], folder / COMPANION_FILES[0], "Digital GPI 0")
