"""Files of nVista 1 and 2 and nVoke (`.xml`, `.hdf5`, `.raw`, `.tif`)."""
