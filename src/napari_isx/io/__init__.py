"""Reading and writing Inscopix files: bytes to objects, without napari and without Qt."""
