#!/bin/sh
# Runs a command on the user's screen, or, on a Linux machine without one, on a virtual screen.
# VIRTUAL_SCREEN=1 asks for a virtual one in any case.
set -eu
if [ "$(uname -s)" != Linux ]; then
    exec "$@"
fi
if [ -z "${VIRTUAL_SCREEN:-}" ] && { [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; }; then
    exec "$@"
fi
# Mesa draws on the CPU; Qt must not look for a Wayland session that is not there.
unset WAYLAND_DISPLAY
export QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1 NAPARI_ISX_VIRTUAL_SCREEN=1
exec xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24" "$@"
