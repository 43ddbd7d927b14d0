"""`bookkit`: run, verify, lint and publish the book, fetch its data, look at the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
import json
import os
from pathlib import Path
import sys
from typing import Annotated

from bookkit import doctor

try:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
    import typer

    from bookkit import execute, results, verify
    from bookkit.notebooks import BookError, book_title, check_writable, find_chapters, find_root
    from bookkit.report import chapter_progress, console, show_changes, show_end
    from bookkit.save import save_outputs
    from bookkit.signals import Stopped, raise_on_signals
except ImportError as missing:
    if sys.argv[1:2] == ["doctor"]:  # which needs none of them
        sys.exit(doctor.without_packages(missing, "--json" in sys.argv))
    sys.exit(f"bookkit needs {missing.name}: {doctor.INSTALL_CLI} in the book's folder brings it.")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False
)
data_app = typer.Typer(no_args_is_help=True, help="The data sets: what there is, get one, where it lies.")
app.add_typer(data_app, name="data")

Chapters = Annotated[list[str] | None, typer.Argument(help="5, 05 or 05_cifar10; all when none is named.")]


Timeout = Annotated[
    int, typer.Option(min=0, help="Seconds a cell may take; 0 chooses: 600, or 7200 for long profiles.")
]


@contextmanager
def sentences(*kinds: type[Exception]) -> Iterator[None]:
    """Turn an error that the user can correct into its sentence on standard error and exit code 2."""
    try:
        yield
    except (BookError, *kinds) as error:  # type: ignore[misc]
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


@app.command()
def run(
    chapters: Chapters = None,
    profile: Annotated[str, typer.Option(help="quick, or one of notebooks/profiles.yml.")] = execute.QUICK,
    save: Annotated[bool, typer.Option("--save", help="Show what the run changes in notebooks/ (quick).")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="With --save: write these changes.")] = False,
    jobs: Annotated[int, typer.Option(min=0, help="Chapters at a time; 0 chooses: 2, or 1 for long profiles.")] = 0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="name=value, a parameter of every chapter named.")
    ] = None,
    timeout: Timeout = 0,
) -> None:
    """Execute chapters; the copies go to _build/executed/PROFILE. A full run records its results in book/results."""
    with sentences():
        root = find_root()
        if save and (profile != execute.QUICK or settings):
            raise BookError("--save keeps the outputs of the quick profile: leave out --profile and --set.")
        if accept and not save:
            raise BookError("--accept belongs to --save, which shows the changes: add --save.")
        values = dict(execute.parse_setting(text) for text in settings or [])
        chosen = find_chapters(root, chapters, pages=profile == execute.QUICK)
        planned = execute.plan(root, chosen, profile, values)
        before = {job: job.chapter.path.read_bytes() for job in planned} if save else {}
        execute.check_places(root, planned)
        recording = profile == "full" and not values
        for job in planned if recording else ():
            check_writable(root / results.FOLDER, results.path_of(root, job.chapter.name))
    workers = jobs or (2 if profile in execute.SINGLE_THREADED else 1)
    timeout = timeout or (execute.TIMEOUT if profile in execute.SINGLE_THREADED else execute.LONG_TIMEOUT)
    ended, good, held_back, unkept = [], 0, [], 0
    with chapter_progress(planned) as (out, progress):

        def keep(outcome: execute.Outcome) -> None:
            nonlocal good, unkept
            job, copy, name = outcome.job, outcome.executed, outcome.job.chapter.name
            ended.append(name)
            good += outcome.ok
            show_end(out, root, outcome)
            try:
                if save and outcome.ok:
                    lines = save_outputs(root, copy, job.chapter, before[job], accept)
                    show_changes(out, name, lines, accept)
                    held_back.extend([name] if lines and not accept else [])
                elif recording and outcome.ok:
                    results.record(root, name, copy, profile, job.used, outcome.minutes)
            except BookError as error:
                unkept += 1
                out.print(escape(str(error)))
            except OSError as error:
                unkept += 1
                out.print(escape(f"{name} ran, but what came out was not kept: {error.strerror} ({error.filename})."))

        try:
            order = execute.longest_first(planned) if workers > 1 else planned
            with sentences(OSError):
                execute.run_all(root, order, workers, timeout, progress, keep)
        except Stopped:
            cut = [job.chapter.name for job in planned if job.chapter.name not in ended]
            out.print(f"Interrupted before the end of {', '.join(cut)}; the chapters that had ended are kept.")
            raise
    if profile == "full" and values:
        out.print("Results were not recorded: --set makes this another run than the profile's.")
    out.print(f"{good} of {len(ended)} chapters ran to the end ({escape(profile)}).")
    if held_back:
        out.print(f"Nothing was written. If these changes are right: bookkit run {' '.join(held_back)} --save --accept")
    if good < len(ended) or unkept or held_back:
        raise typer.Exit(1)


@app.command("verify")
def verify_command(
    chapters: Chapters = None,
    share: Annotated[bool, typer.Option("--share", help="Only count which cells and values are compared.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Chapters at a time.")] = 2,
    timeout: Timeout = 0,
) -> None:
    """Run chapters anew and compare with the stored outputs (nbval), recorded values and figures in every cell."""
    with sentences():
        root = find_root()
        chosen = find_chapters(root, chapters, pages=True)
        shares = [verify.share_of(chapter) for chapter in chosen] if share else []
    if not share:
        raise typer.Exit(verify.compare(root, chosen, jobs, timeout or execute.TIMEOUT))
    summary = verify.total(shares)
    table = Table("chapter", "cells that print", "compared", "share", "recorded values", "compared")
    for row in [*shares, summary]:
        numbers = (row.printing, row.strict, f"{row.part:.0%}", row.values, row.compared)
        table.add_row(row.name, *map(str, numbers))
    console().print(table)
    if summary.part < verify.LEAST_SHARE:
        typer.echo(f"Under {verify.LEAST_SHARE:.0%} of the cells that print are compared strictly.", err=True)
        raise typer.Exit(1)


@app.command("ranges")
def ranges_command(
    chapters: Chapters = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each chapter.")] = 10,
    jobs: Annotated[int, typer.Option(min=1, help="Chapters at a time.")] = 2,
) -> None:
    """Run chapters (quick) with other seeds and record where their values lie (an hour and more; can be stopped)."""
    from bookkit import ranges

    for name, value in (("OMP_NUM_THREADS", "1"), ("TORCHBOOK_DEVICE", "cpu")):
        os.environ.setdefault(name, value)
    failed = 0
    with sentences():
        root = find_root()
        planned = ranges.plan(root, find_chapters(root, chapters), seeds)
        execute.check_places(root, planned)
    with chapter_progress(planned) as (out, progress):

        def show(outcome: execute.Outcome) -> None:
            nonlocal failed
            failed += not outcome.ok
            out.print(f"{outcome.job.profile}, ", end="")
            show_end(out, root, outcome)

        with sentences(OSError):
            ranges.measure(root, planned, jobs, progress, show)
    typer.echo(f"{ranges.RANGES} holds {seeds} seeds of these chapters; {failed} runs of now failed.")


@app.command("lint")
def lint_command(
    chapters: Chapters = None,
    stats: Annotated[bool, typer.Option("--stats", help="Also print how they read.")] = False,
) -> None:
    """Check that chapters and pages obey the book's rules; the reasons stand in bookkit/*_rules.py."""
    from bookkit import lint

    with sentences():
        chosen = find_chapters(find_root(), chapters, pages=True)
        problems = [problem for notebook in chosen for problem in lint.check(notebook)]
        table = Table("chapter", "words between code", "lines a cell", "longest run of code cells", "compared")
        for row in (lint.stats(notebook) for notebook in chosen) if stats else ():
            table.add_row(row.name, f"{row.words:g}", f"{row.lines:g}", str(row.longest_row), f"{row.strict:.0%}")
    for problem in problems:
        typer.echo(str(problem))
    if stats:
        console().print(table)
    typer.echo(f"{len(problems)} problems in {len(chosen)} notebooks.")
    if problems:
        raise typer.Exit(1)


@app.command()
def site(
    source: Annotated[
        str, typer.Option("--from", help="stored: the outputs in notebooks/; full: the last full run.")
    ] = "stored",
    strict: Annotated[bool, typer.Option("--strict", help="Fail on any warning.")] = False,
    baseurl: Annotated[
        str | None, typer.Option(help="Where the site will lie, in place of html.baseurl of _config.yml.")
    ] = None,
) -> None:
    """Build the book's pages and print the path of the first one."""
    with sentences():
        root = find_root()
        if source not in ("stored", "full"):
            raise BookError(f"--from {source} is not known: it is stored or full.")
    from bookkit.site import build_site

    try:
        typer.echo(str(build_site(root, source=source, strict=strict, baseurl=baseurl)))
    except BookError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command("editions")
def editions_command() -> None:
    """Bind the built site as EPUB and PDF, beside its pages and linked on the first one (needs Chromium)."""
    from bookkit.epub import offer

    with sentences():
        root = find_root()
        typer.echo("\n".join(map(str, offer(root, root / "_build" / "html"))))


@app.command("student")
def student_command(
    chapters: Chapters = None,
    to: Annotated[Path, typer.Option("--to", help="A new folder.")] = Path("_build/student"),
) -> None:
    """Copies for students: chapters without solutions and outputs, the helper package, a README; zipped."""
    from bookkit.student import student_copies

    with sentences(OSError):
        root = find_root()
        typer.echo(str(student_copies(root, find_chapters(root, chapters), to, book_title(root))))


@app.command("grade")
def grade_command(
    folder: Path,
    seconds: Annotated[float, typer.Option("--timeout", min=1, help="Seconds that one exercise may take.")] = 60,
    jobs: Annotated[int, typer.Option(min=1, help="Exercises at a time.")] = 2,
) -> None:
    """Run the exercises of handed-in notebooks; write grades.csv and grades.html into FOLDER.

    It executes other people's code with your rights: use a container or a virtual machine without network and without
    your files. An answer that wants to forge a pass can do so.
    """
    from bookkit import grade

    with sentences(OSError):
        grades = grade.grade_folder(find_root(), folder, seconds, jobs)
        written = grade.write_report(grades, folder)
    table = Table("student", "exercise", "", "still wrong")
    for one in grades:
        state = "passed" if one.passed else "not yet"
        table.add_row(*map(escape, (one.student, one.exercise, state, " ".join(one.problems))))
    console().print(table)
    for exercise, sentence, count in grade.frequent_mistakes(grades, 3):
        typer.echo(f"{count} x {exercise}: {sentence}")
    typer.echo(f"{sum(one.passed for one in grades)} of {len(grades)} exercises passed.")
    typer.echo("\n".join(map(str, written)))


@app.command("doctor")
def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """What works on this machine, and what to do about the rest. Exit code 1 where there is a problem."""
    try:
        root = find_root()
    except BookError:
        root = None
    rows = doctor.examine(root)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        colours = {doctor.OK: "green", doctor.NOTE: "yellow", doctor.PROBLEM: "red"}
        table = Table("check", "", "found", "what to do")
        for row in rows:
            state = f"[{colours[row.state]}]{row.state}[/]"
            table.add_row(escape(row.check), state, escape(row.found), escape(row.remedy))
        Console(highlight=False).print(table)
    if doctor.worst(rows) == doctor.PROBLEM:
        raise typer.Exit(1)


@data_app.command("list")
def data_list() -> None:
    """The data sets: size, licence, and where each lies."""
    from torchbook.data.catalog import CATALOG

    from bookkit.doctor import where_is

    table = Table("name", "what", "MB", "licence", "here")
    with sentences(ValueError, OSError):
        for name, entry in CATALOG.items():
            known = [file.size_bytes for file in entry.files if file.size_bytes]
            size = f"{sum(known) / 1e6:.1f}" if known else ""
            here = where_is(name) or ("no" if entry.files else "comes with a package")
            table.add_row(*map(escape, (name, entry.title, size, entry.licence, str(here))))
    Console(highlight=False).print(table)


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="One of bookkit data list, or all.")] = "all",
    folder: Annotated[
        str | None,
        typer.Option("--to", "--folder", help="Where to put it, a memory stick say; the cache folder when not given."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Get a real data set (verified; resumed when cut off) and print where it lies.

    Of all sets, one that fails is told, the others go on, and the exit code is 1. A folder that all went to serves a
    machine without a network: TORCHBOOK_DATA names it there.
    """
    with sentences(ValueError, OSError):
        from torchbook.data.catalog import CATALOG
        from torchbook.data.fetch import fetch

        if name != "all":
            place = fetch(name, folder, force=force)
            if place is not None:
                typer.echo(str(place))
            return
    failed = 0
    for each in (key for key, entry in CATALOG.items() if entry.files):
        try:
            typer.echo(str(fetch(each, folder, force=force)))
        except (ValueError, OSError) as error:
            failed += 1
            typer.echo(str(error), err=True)
    if failed:
        raise typer.Exit(1)
    if folder is not None:
        typer.echo(
            f"All is in {folder}; on another machine, chapters find it by TORCHBOOK_DATA={Path(folder).resolve()}"
        )


@data_app.command("path")
def data_path(name: Annotated[str | None, typer.Argument()] = None) -> None:
    """Where a data set lies; without a name, the folders that are searched, in order."""
    from torchbook.data.catalog import card
    from torchbook.data.folders import data_roots

    from bookkit.doctor import where_is

    with sentences(ValueError, OSError):
        if name is None:
            typer.echo("\n".join(str(root) for root in data_roots()))
            return
        if not card(name).forms:
            raise BookError(card(name).note)
        place = where_is(name)
        if place is None:
            raise BookError(f"{name} is not on this machine: get it with bookkit data fetch {name}.")
        typer.echo(str(place))


def absolute_places() -> None:
    """Relative TORCHBOOK_DATA and TORCHBOOK_CACHE mean a folder of here, also in kernels that run elsewhere."""
    if not any(map(os.environ.get, ("TORCHBOOK_DATA", "TORCHBOOK_CACHE"))):
        return
    try:
        from torchbook.data.errors import DataError
        from torchbook.data.folders import from_environment
    except Exception:  # of many kinds where PyTorch is missing or broken: doctor and the chapters say which
        return
    for name in ("TORCHBOOK_DATA", "TORCHBOOK_CACHE"):
        try:
            place = from_environment(name)
        except DataError:  # a home that is not known: what needs the folder says so
            continue
        if place is not None:
            os.environ[name] = str(place)


def main() -> None:
    """The command; a console whose code page lacks a character shows its number."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    raise_on_signals()
    try:
        os.getcwd()
    except OSError:
        typer.echo("The working folder is gone: go to another one, such as the book's.", err=True)
        sys.exit(2)
    absolute_places()
    try:
        app()
    except Stopped as stop:
        sys.exit(stop.code)


if __name__ == "__main__":
    main()
