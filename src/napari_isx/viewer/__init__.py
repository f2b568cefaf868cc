"""What is done to napari's canvas, camera and sliders; knows napari, but no dock."""
