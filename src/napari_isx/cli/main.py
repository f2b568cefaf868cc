"""`napari-isx`: what files know, exports of many recordings, and our values beside Inscopix'."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from napari_isx.cli.exporting import OF_SESSIONS, ExportTask, Options, export
from napari_isx.cli.finding import Source, by_folder, find_sources
from napari_isx.cli.runner import Outcome, run, sentence
from napari_isx.io.open import open_isx
from napari_isx.session.file_info.account import Info, describe

app = typer.Typer(
    name="napari-isx",
    help="Work with Inscopix recordings in a terminal, without a window.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class FormatName(StrEnum):
    """What `export` writes."""

    CSV = "csv"
    TIDY = "tidy"
    TIFF = "tiff"
    ZARR = "zarr"
    MP4 = "mp4"
    NWB = "nwb"
    ROIS = "rois"


class TimeRefName(StrEnum):
    """What times count from."""

    START = "start"
    UNIX = "unix"
    TSC = "tsc"


Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Files, folders of a recording, or folders of folders.", show_default=False
    ),
]
Jobs = Annotated[int, typer.Option(help="Processes at a time; 0 for one for each processor.")]
Scheduler = Annotated[
    str, typer.Option(help="Address of a running dask.distributed scheduler to use instead.")
]


@app.callback(invoke_without_command=True)
def version_or_command(
    version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False,
) -> None:
    """Work with Inscopix recordings in a terminal, without a window."""
    if version:
        import napari_isx

        typer.echo(napari_isx.__version__)
        raise typer.Exit


@app.command(epilog="Example: napari-isx info recording.isxd cells.isxd --json")
def info(
    paths: Paths,
    as_json: Annotated[bool, typer.Option("--json", help="As a list of JSON objects.")] = False,
) -> None:
    """Show what files, or the recordings in folders, say of themselves."""
    sources = _found(paths)
    values: list[dict[str, Any]] = []
    failed: list[tuple[Any, str]] = []
    for source in sources:
        try:
            account = source.problem or _info(source)
        except Exception as error:  # noqa: BLE001 - it is said, and the others go on
            account = sentence(error)
        if isinstance(account, str):
            failed.append((source, account))
        elif not as_json:
            typer.echo(account.to_text())
        known = {"problem": account} if isinstance(account, str) else json.loads(account.to_json())
        values.append({"paths": [str(path) for path in source.paths], **known})
    if as_json:
        typer.echo(json.dumps(values, indent=2, ensure_ascii=False))
    _end(failed)


@app.command(
    name="export",
    epilog="Example: napari-isx export recordings/ --to tables/ --format csv",
)
def export_recordings(
    paths: Paths,
    to: Annotated[Path, typer.Option(help="Folder for what is written; made if it is missing.")],
    format: Annotated[  # noqa: A002 - the option's name
        FormatName,
        typer.Option(
            help="csv: tables as Inscopix' software writes them; tidy: one row an observation; "
            "tiff: movies and footprints; zarr, mp4: movies; nwb: one file a session; "
            "rois: cells for ImageJ."
        ),
    ],
    time_ref: Annotated[
        TimeRefName, typer.Option(help="csv: seconds from the start, since 1970, or the counter.")
    ] = TimeRefName.START,
    dense: Annotated[
        bool, typer.Option("--dense", help="csv: a row for each event, not for each sample.")
    ] = False,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="tidy: Parquet files instead of CSV.")
    ] = False,
    movies: Annotated[bool, typer.Option("--movies", help="nwb: with the movies.")] = False,
    metadata: Annotated[
        str, typer.Option(help="nwb: YAML file with what the files do not know.")
    ] = "",
    speed: Annotated[float, typer.Option(help="mp4: how much faster than real.")] = 1.0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    jobs: Jobs = 0,
    scheduler: Scheduler = "",
) -> None:
    """Export recordings; those that were finished before are skipped.

    A recording that fails is listed at the end with its reason, and stops no other. The exit
    status is 0 if all are exported, 1 if some failed, and 2 if the command is wrong.
    """
    sources = _found(paths)
    options = Options(
        format.value, time_ref.value, dense, parquet, movies, speed, metadata, overwrite
    )
    groups = by_folder(sources) if format.value in OF_SESSIONS else [[one] for one in sources]
    failed: list[tuple[Any, str]] = [(one, one.problem) for one in sources if one.problem]
    sound = [[one for one in group if not one.problem] for group in groups]
    tasks = [ExportTask(tuple(group), to / group[0].below, options) for group in sound if group]
    left = [task for task in tasks if overwrite or not task.is_done]
    if len(left) < len(tasks):
        typer.echo(f"{len(tasks) - len(left)} finished before are skipped")
    if left:
        _guarded_call(lambda: to.mkdir(parents=True, exist_ok=True))
    written = 0
    for done, outcome in enumerate(_outcomes(export, left, jobs, scheduler), 1):
        _report_notes(outcome)
        if outcome.error:
            failed.append((outcome.task, outcome.error))
            text = "failed"
        else:
            written += bool(outcome.value)
            text = ", ".join(outcome.value[:3]) or f"nothing to export as {format.value}"
            text += f" and {len(outcome.value) - 3} more" if len(outcome.value) > 3 else ""
        typer.echo(f"{done}/{len(left)} {outcome.task.title}: {text}")
    typer.echo(f"{written} exported, {len(failed)} failed")
    _end(failed)


@app.command(epilog="Example: napari-isx verify recordings/")
def verify(paths: Paths, jobs: Jobs = 0, scheduler: Scheduler = "") -> None:
    """Compare every value that Inscopix' package isx returns with ours, bit for bit.

    Known differences stand apart. The exit status is 1 if there is any other, or a file cannot be
    compared. Needs the extra isx.
    """
    from napari_isx.cli.verifying import Comparison, compare

    found = _found(paths)
    sources = [Source((path,), one.below) for one in found if not one.problem for path in one.paths]
    failed: list[tuple[Any, str]] = [(one, one.problem) for one in found if one.problem]
    for outcome in _outcomes(compare, sources, jobs, scheduler):
        if outcome.error:
            failed.append((outcome.task, outcome.error))
            continue
        rows: Sequence[Comparison] = outcome.value
        for row in rows:
            typer.echo(f"{outcome.task.title:<40} {row.what:<28} {row.verdict}")
        failed += [(outcome.task, f"{row.what}: {row.verdict}") for row in rows if row.is_wrong]
    bad = len({one.title for one, _ in failed})
    typer.echo(f"{len(sources)} files compared, {bad} differ or fail")
    _end(failed)


def _found(paths: list[Path]) -> list[Source]:
    found: list[Source] = _guarded_call(lambda: find_sources(paths))
    return found


def _info(source: Source) -> Info:
    with open_isx(list(source.paths) if len(source.paths) > 1 else source.paths[0]) as recording:
        return describe(recording)


def _guarded_call(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:  # noqa: BLE001 - said in one sentence
        _fail(sentence(error))


def _outcomes(function: Any, tasks: Sequence[Any], jobs: int, scheduler: str) -> Any:
    try:
        yield from run(function, tasks, jobs=jobs, scheduler=scheduler)
    except KeyboardInterrupt:
        _fail("stopped; run the same again to go on", status=130)
    except Exception as error:  # noqa: BLE001 - the scheduler cannot be reached
        _fail(sentence(error))


def _report_notes(outcome: Outcome[Any]) -> None:
    for note in outcome.notes:
        typer.echo(f"note: {note}", err=True)


def _end(failed: Sequence[tuple[Any, str]]) -> None:
    for task, error in failed:
        # What is wrong with a file begins with its name, and the title may say its folder too.
        text = error.removeprefix(f"{Path(task.title).name}: ")
        typer.echo(f"{task.title}: {text}", err=True)
    if failed:
        raise typer.Exit(1)


def _fail(text: str, status: int = 2) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(status)
