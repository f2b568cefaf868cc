"""Hand cells and events over to pandas, xarray and pynapple, on one clock.

python to_pandas_and_pynapple.py [cells.isxd events.isxd]

xarray and pynapple are used where they are installed.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import napari_isx


def main(cells_path: Path, events_path: Path) -> None:
    with napari_isx.open_isx(cells_path) as cells, napari_isx.open_isx(events_path) as events:
        later_s = (events.timing.start - cells.timing.start).total_seconds()
        table = cells.to_pandas()
        print(f"pandas: {table.shape[0]} samples of {table.shape[1]} cells, {table.attrs['units']}")

        found = events.to_pandas(times_s=lambda own_s: own_s + later_s)
        per_cell = found.groupby("name")["amplitude"].agg(["size", "mean"])
        print(f"pandas: {len(found)} events, most of {per_cell['size'].idxmax()}")

        if find_spec("xarray"):
            data = cells.to_xarray()
            accepted = data.isel(cell=(data.status == "accepted").values)
            print(f"xarray: {accepted.sizes['cell']} accepted cells")
        if find_spec("pynapple"):
            group = events.to_pynapple()
            print(f"pynapple: {len(group)} series, {group.rates.max():.2f} events/s at most")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        from napari_isx.sample_data import FILES, write_sample

        write_sample(Path("sample"))
        main(Path("sample") / FILES[1], Path("sample") / FILES[2])
