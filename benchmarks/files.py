"""The big inputs, made when they are asked for, in a folder that is removed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_isx import (
    Spacing,
    Timing,
    write_behavior_movie,
    write_cell_set,
    write_event_set,
    write_movie,
)
from napari_isx.io.format.container import read_footer
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.packets import SYNC_WORD, PacketType
from napari_isx.io.gpio.write import write_gpio
from napari_isx.io.movies.write import new_file, write_footer

PERIOD_S = 0.05
# A session of about the size that recordings have: a few kB of JSON.
SESSION = {"microscope": {f"setting {i}": {"value": i, "unit": "mW"} for i in range(60)}}
_CHANNELS = {
    PacketType.GPIO_1: 4096,
    PacketType.GPIO_2: 4096,
    PacketType.GPIO_3: 4096,
    PacketType.GPIO_4: 4096,
    PacketType.DIGITAL_IN: 256,
    PacketType.EX_LED: 100,
    PacketType.OG_LED: 100,
    PacketType.TRIGGER: 2,
}
"""Packets that a `.gpio` file gets in turn, and how many values each takes."""


@dataclass(frozen=True)
class Sizes:
    """How big the inputs are, and how often each is measured."""

    rounds: int = 60
    few_rounds: int = 5
    steps: int = 100
    field: tuple[int, int] = (800, 1280)
    frames: int = 1_200
    long_frames: int = 144_000
    huge_frames: int = 36_000
    scrubbed_frames: int = 500
    cells: int = 500
    samples: int = 36_000
    many_samples: int = 1_000_000
    many_cells: int = 1_000
    reviewed_cells: tuple[int, ...] = (600, 2_000)
    packets: int = 1_000_000
    camera: tuple[int, int] = (960, 1280)
    pictures: int = 200
    session_frames: int = 144_000
    session_cells: int = 2_000
    session_packets: int = 7_200_000


FULL = Sizes()
QUICK = Sizes(
    rounds=20,
    few_rounds=2,
    steps=30,
    frames=300,
    scrubbed_frames=100,
    many_cells=300,
    packets=200_000,
    session_frames=7_200,
    session_cells=100,
    session_packets=360_000,
)


@dataclass(frozen=True)
class Files:
    """Paths of the inputs; each is made on first use."""

    folder: Path
    sizes: Sizes

    def movie(self) -> Path:
        """Dense: every byte of it is in the file, and in the system's cache once written."""
        return self._made("movie.isxd", self._write_movie)

    def sparse_movie(self, num_frames: int) -> Path:
        """Of any length: its frames are holes, which read as zeros and take no room."""

        def write(path: Path) -> None:
            rows, cols = self.sizes.field
            footer = self._template("movie", lambda p: write_movie(p, self._frames(2)))
            footer["timingInfo"] = Timing.regular(num_frames, PERIOD_S).to_json()
            with new_file(path) as handle:
                handle.seek(num_frames * rows * cols * 2)
                write_footer(handle, footer)

        return self._made(f"movie{num_frames}.isxd", write)

    def cells(self, num_cells: int, num_samples: int, field: tuple[int, int]) -> Path:
        """A cell set with round cells; where footprints are empty the file has holes."""

        def write(path: Path) -> None:
            self._write_cells(path, num_cells, num_samples, field)

        return self._made(f"cells{num_cells}-{num_samples}-{field[0]}x{field[1]}.isxd", write)

    def events(self, num_cells: int, per_cell: int) -> Path:
        """An event set."""
        timing = Timing.regular(self.sizes.samples, PERIOD_S)

        def write(path: Path) -> None:
            rng = np.random.default_rng(2)
            end_us = round(timing.duration_s * 1e6)
            write_event_set(
                path,
                {
                    f"C{i}": (np.sort(rng.integers(0, end_us, per_cell)), rng.random(per_cell))
                    for i in range(num_cells)
                },
                timing=timing,
            )

        return self._made(f"events{num_cells}-{per_cell}.isxd", write)

    def gpio(self, num_packets: int | None = None) -> Path:
        """A `.gpio` file whose packets all tell a change."""
        count = self.sizes.packets if num_packets is None else num_packets
        return self._made(f"box{count}.gpio", lambda path: self._write_gpio(path, count))

    def behavior(self) -> Path:
        """A behavior movie."""

        def write(path: Path) -> None:
            rows, cols = self.sizes.camera
            y, x = np.mgrid[:rows, :cols]
            pictures = (
                ((y // 3 + x // 5 + 7 * i) % 200 + 20).astype(np.uint8)
                for i in range(self.sizes.pictures)
            )
            write_behavior_movie(path, pictures)

        return self._made("camera.isxb", write)

    def _made(self, name: str, write: Callable[[Path], None]) -> Path:
        path = self.folder / name
        if not path.exists():
            write(path)
        return path

    def _template(self, name: str, write: Callable[[Path], None]) -> dict[str, Any]:
        """The footer of a small file."""
        source = FileSource(self._made(f"small {name}.isxd", write))
        try:
            return read_footer(source).values
        finally:
            source.close()

    def _write_movie(self, path: Path) -> None:
        write_movie(path, self._frames(self.sizes.frames), extra_properties=SESSION)

    def _frames(self, count: int) -> Iterator[np.ndarray]:
        rng = np.random.default_rng(0)
        some = rng.integers(0, 4096, (4, *self.sizes.field)).astype(np.uint16)
        return (some[i % len(some)] for i in range(count))

    def _write_cells(
        self, path: Path, num_cells: int, num_samples: int, field: tuple[int, int]
    ) -> None:
        rng = np.random.default_rng(1)
        trace = rng.normal(size=num_samples).astype("<f4")
        footer = self._template(
            f"cells {num_samples} {field}",
            lambda p: write_cell_set(
                p,
                [np.zeros(field)],
                [trace],
                spacing=Spacing.regular(field),
                names=["C0"],
                timing=Timing.regular(num_samples, PERIOD_S),
            ),
        )
        for key in ("CellStatuses", "CellColors", "CellActivity"):
            footer[key] = footer[key] * num_cells
        footer["CellNames"] = [f"C{i}" for i in range(num_cells)]
        radius = max(min(12, min(field) // 4), 1)
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        cell = np.maximum(1 - (y**2 + x**2) / (radius + 0.5) ** 2, 0).astype("<f4")
        footprint_bytes = 4 * field[0] * field[1]
        with new_file(path) as handle:
            for i in range(num_cells):
                start = i * (footprint_bytes + trace.nbytes)
                top, left = rng.integers(0, np.subtract(field, cell.shape) + 1)
                for row, weights in enumerate(cell):
                    handle.seek(start + 4 * ((int(top) + row) * field[1] + int(left)))
                    handle.write(weights.data)
                handle.seek(start + footprint_bytes)
                handle.write(np.roll(trace, i).data)
            write_footer(handle, footer)

    def _write_gpio(self, path: Path, count: int) -> None:
        """Packets of one size, so that they can be made as one array."""
        small = path.with_name("small.gpio")
        write_gpio(small, [], session={"ad": {"clock": 1000}})
        head = bytearray(small.read_bytes())
        session_at = int.from_bytes(head[40:48], "little")
        rng = np.random.default_rng(3)
        words = np.zeros((count, 8), "<u4")
        kinds = np.resize(list(_CHANNELS), count)
        times = np.cumsum(rng.integers(100, 2_000, count))
        words[:, 0], words[:, 1], words[:, 2], words[:, 3] = SYNC_WORD, kinds, np.arange(count), 4
        words[:, 4], words[:, 5] = times >> 32, times & 0xFFFFFFFF
        for kind, values in _CHANNELS.items():
            chosen = kinds == kind
            words[chosen, 7] = (np.arange(np.count_nonzero(chosen)) * 37 + 16) % values
        with new_file(path) as handle:
            head[40:48] = (session_at + words.nbytes).to_bytes(8, "little")
            handle.write(head[:session_at])
            handle.write(words.data)
            handle.write(head[session_at:])
