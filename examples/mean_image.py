"""Write the mean of a movie as an image, which napari shows where the movie lies.

python mean_image.py [movie.isxd [mean.isxd]]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import napari_isx


def main(movie_path: Path, image_path: Path) -> None:
    with napari_isx.open_isx(movie_path) as movie:
        frames_per_chunk = max(1, 64_000_000 // movie[0].nbytes)
        frames = movie.to_dask(frames_per_chunk)[movie.timing.valid_mask]  # not the dropped ones
        mean = frames.mean(axis=0, dtype=np.float64).compute().astype(np.float32)
        napari_isx.write_image(image_path, mean, spacing=movie.spacing)
    print(f"{image_path}: mean of {len(frames)} frames, {mean.min():.1f} to {mean.max():.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        movie = Path(sys.argv[1])
    else:
        from napari_isx.sample_data import FILES, write_sample

        write_sample(Path("sample"))
        movie = Path("sample") / FILES[0]
    main(movie, Path(sys.argv[2]) if len(sys.argv) > 2 else Path("mean.isxd"))
