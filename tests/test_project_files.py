"""What the project's own files promise: dependencies, extras, workflows."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# What some packages are called when they are imported.
PACKAGE_OF = {"app_model": "app-model", "PIL": "pillow", "skimage": "scikit-image"}


def name_of(requirement: str) -> str:
    return re.match(r"[\w-]+", requirement)[0].lower()


def packages_of(extra: str) -> set[str]:
    """What an extra brings beside the dependencies."""
    names: set[str] = set()
    for requirement in EXTRAS[extra]:
        if name_of(requirement) == "napari-isx":
            for other in re.search(r"\[(.*?)\]", requirement)[1].split(","):
                names |= packages_of(other.strip())
        else:
            names.add(name_of(requirement))
    return names


def imported() -> dict[str, Path]:
    """What the package imports, at the top of a module or within a function, and where."""
    found = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            found |= {name.partition(".")[0]: path for name in names}
    return found


def of_extra(path: Path) -> set[str]:
    """What a module may import beside the dependencies: one that is reached by `needed` alone."""
    return packages_of("nwb") if path.parent.name == "nwb" else set()


def test_whatever_is_imported_is_declared():
    declared = set(map(name_of, PROJECT["dependencies"]))
    declared |= {"napari_isx", *sys.stdlib_module_names}
    missing = {
        name: path
        for name, path in imported().items()
        if PACKAGE_OF.get(name, name) not in declared | of_extra(path)
    }
    assert not missing


def test_every_dependency_has_a_lowest_version():
    assert [one for one in PROJECT["dependencies"] if ">=" not in one] == []


def test_all_brings_nothing_that_forbids_commercial_use():
    assert "isx" not in packages_of("all")
    assert "isx" in packages_of("test")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_uses_fixed_actions_and_every_job_has_a_limit(path):
    text = path.read_text(encoding="utf-8")
    assert all(
        re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", action)
        for action in re.findall(r"uses: (.*)", text)
    )
    jobs: dict[str, dict[str, Any]] = yaml.safe_load(text)["jobs"]
    assert [name for name, job in jobs.items() if "timeout-minutes" not in job] == []


def test_what_is_published_has_passed_everything_but_prereleases():
    (path,) = (path for path in WORKFLOWS if path.name == "ci.yml")
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    assert set(jobs["publish"]["needs"]) == {"everything", "without-qt", "window", "build"}
    assert jobs["window"]["continue-on-error"] == "${{ matrix.dependencies == 'prerelease' }}"
    runs = {
        (run["os"], run["dependencies"]) for run in jobs["window"]["strategy"]["matrix"]["include"]
    }
    systems = ("ubuntu-latest", "windows-latest", "macos-latest")
    assert runs >= {(system, "newest") for system in systems}
    assert runs >= {("ubuntu-latest", "lowest"), ("ubuntu-latest", "prerelease")}
