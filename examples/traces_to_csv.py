"""Write the traces of the accepted cells as CSV: a row for each sample, a column for each cell.

python traces_to_csv.py [cells.isxd [traces.csv]]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import napari_isx


def main(cells_path: Path, table_path: Path) -> None:
    with napari_isx.open_isx(cells_path) as cells:
        accepted = [i for i, status in enumerate(cells.statuses) if status == "accepted"]
        traces = np.where(cells.timing.valid_mask, cells.traces[accepted], np.nan)
        table = pd.DataFrame(
            traces.T,
            index=pd.Index(cells.timing.times_s, name="time (s)"),
            columns=[cells.names[i] for i in accepted],
        )
        print(f"{table_path}: {len(accepted)} of {cells.num_cells} cells, {cells.trace_units}")
    table.to_csv(table_path)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        cells = Path(sys.argv[1])
    else:
        from napari_isx.sample_data import FILES, write_sample

        write_sample(Path("sample"))
        cells = Path("sample") / FILES[1]
    main(cells, Path(sys.argv[2]) if len(sys.argv) > 2 else Path("traces.csv"))
