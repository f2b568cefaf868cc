"""What is open, what is selected, what time it is: evented models without napari and Qt."""
