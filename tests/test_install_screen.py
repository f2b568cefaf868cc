"""What a Linux machine lacks for a virtual screen, by what its package manager says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "install-screen.sh"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="is for Linux")

(_PACKAGES,) = re.findall(r'^packages="(.*?)"', SCRIPT.read_text(encoding="utf-8"), re.M | re.S)
DEBIAN_12 = [f"installed {name}, " for name in _PACKAGES.split()]
# There the package has another name, and provides the old one.
DEBIAN_13 = [
    "installed libglib2.0-0t64, libglib2.0-0 (= 2.84.4-3~deb13u1)"
    if line == "installed libglib2.0-0, "
    else line
    for line in DEBIAN_12
]


def install(folder: Path, known: list[str], *, user: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the script with commands that tell of such a machine instead of asking this one."""
    listing = folder / "packages"
    listing.write_text("\n".join(known) + "\n", encoding="utf-8")
    commands = {
        "dpkg-query": f"cat '{listing}'",
        "id": f"echo {user}",
        "apt-get": f"echo \"$@\" >> '{folder}/apt'",
    }
    for name, command in commands.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        path.chmod(0o755)
    return subprocess.run(
        ["sh", SCRIPT],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "VIRTUAL_SCREEN": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("known", [DEBIAN_12, DEBIAN_13], ids=["Debian 12", "Debian 13"])
@pytest.mark.parametrize("user", [0, 1000], ids=["root", "user"])
def test_where_all_is_installed_nobody_is_refused_and_apt_not_asked(tmp_path, known, user):
    ran = install(tmp_path, known, user=user)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert not (tmp_path / "apt").exists()


def test_a_user_is_told_what_is_missing(tmp_path):
    known = [line for line in DEBIAN_13 if "xvfb" not in line]
    known.append("deinstall xvfb, ")  # removed, its settings kept
    ran = install(tmp_path, known, user=1000)
    assert ran.returncode == 1
    assert "sudo apt-get install xvfb\n" in ran.stderr
    assert not (tmp_path / "apt").exists()


def test_root_installs_what_is_missing_and_no_more(tmp_path):
    ran = install(tmp_path, [line for line in DEBIAN_13 if "libxcb-cursor0" not in line])
    assert ran.returncode == 0, ran.stderr
    update, add = (tmp_path / "apt").read_text(encoding="utf-8").splitlines()
    assert update.startswith("update")
    assert add.split()[-1] == "libxcb-cursor0"
    assert not any(name in add for name in _PACKAGES.split() if name != "libxcb-cursor0")
