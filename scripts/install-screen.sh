#!/bin/sh
# Makes sure that a Linux machine without a screen can have a virtual one: installs what is missing
# on Debian and Ubuntu where it may, else says what is missing.
set -eu
packages="xvfb xauth libgl1 libgl1-mesa-dri libegl1 libopengl0 libglib2.0-0 libxkbcommon-x11-0
libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
libxcb-shape0 libxcb-xinerama0 libxcb-xfixes0 libdbus-1-3 libfontconfig1 fonts-dejavu-core"

[ "$(uname -s)" = Linux ] || exit 0
if [ -z "${VIRTUAL_SCREEN:-}" ] && { [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; }; then
    exit 0
fi
if ! command -v dpkg-query >/dev/null; then
    command -v xvfb-run >/dev/null && exit 0
    echo "There is no screen, and xvfb-run is not installed. Install it (package xvfb or" >&2
    echo "xorg-x11-server-Xvfb) together with Mesa's OpenGL and Qt's xcb libraries." >&2
    exit 1
fi
# Provided names count: since Debian 13 and Ubuntu 24.04 libglib2.0-0t64 is libglib2.0-0.
present=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -n 's/^installed //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//')
missing=""
for package in $packages; do
    printf '%s\n' "$present" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "There is no screen. A virtual one needs:" >&2
    echo "  sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing a virtual screen:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
# shellcheck disable=SC2086
apt-get install --quiet=2 --yes --no-install-recommends $missing >/dev/null
