"""Write a recording folder as the tables of Inscopix' software, and as tidy tables for R.

python export_session.py [folder [target]]

A terminal does the same for many folders: napari-isx export lab --to tables --format csv
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import napari_isx


def main(folder: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    with ExitStack() as stack:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        session = [stack.enter_context(napari_isx.open_isx(path)) for path in paths]
        for recording in session:
            table = target / f"{recording.title}-{recording.kind.replace(' ', '-')}.csv"
            if isinstance(recording, napari_isx.CellSet):
                napari_isx.export_cells(recording, table, tiff=target / "footprints.tiff")
            elif isinstance(recording, napari_isx.EventSet):
                napari_isx.export_events(recording, table)
            elif isinstance(recording, napari_isx.BehaviorMovie):
                napari_isx.export_tracking(recording, table, zones=target / "zones.csv")
            elif isinstance(recording, napari_isx.Movie):
                napari_isx.export_timestamps(recording, table, time_ref="tsc")
        tidy = target / "tidy"
        tidy.mkdir(exist_ok=True)
        kinds = (napari_isx.CellSet, napari_isx.EventSet, napari_isx.GpioSet)
        tables = napari_isx.export_tidy([one for one in session if isinstance(one, kinds)], tidy)
    print(f"{len(list(target.glob('*.csv')))} tables, {len(tables)} tidy ones in {tidy}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
    else:
        from napari_isx.sample_data import write_sample

        folder = Path("sample")
        write_sample(folder)
    main(folder, Path(sys.argv[2]) if len(sys.argv) > 2 else Path("tables"))
