"""Programs that no ordinary interpreter runs, or from no ordinary folder: their events are sent, or
said to wait; and none is started again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipapp
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
import usagekit

from tests.support.recorder import Recorder
from tests.support.senders import wait_for_senders

PACKAGE = Path(usagekit.__file__).parent
PROGRAM = """
import os, sys
with open({started!r}, "a") as file:
    file.write(str(os.getpid()) + "\\n")
{first}
from usagekit import Usage
usage = Usage("acme", version="1.0", host={host!r}, project_api_key="phc_made_up")
{rest}
with usage.command("work"):
    pass
"""
Program = Callable[..., Path]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A line for each time that the program was started."""
    return tmp_path / "started"


@pytest.fixture
def program(tmp_path: Path, started: Path, recorder: Recorder) -> Program:
    """Makes a program that notes down each of its starts, then says ``first``, then ``rest``."""

    def make(first: str = "", rest: str = "", *, host: str = recorder.url) -> Path:
        file = tmp_path / "program" / "acme.py"
        file.parent.mkdir(exist_ok=True)
        text = PROGRAM.format(started=str(started), first=first, rest=rest, host=host)
        file.write_text(text)
        return file

    return make


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    def runs(*words: object, **environ: str) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [*map(str, words)],
            env={"HOME": str(home), "PATH": os.environ["PATH"], **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        wait_for_senders(home)
        return ran

    return runs


def starts(started: Path) -> int:
    return len(started.read_text().splitlines())


def script(file: Path, text: str) -> Path:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("name", ["acme-host", "blender", "uwsgi", "python-host", "mypython3"])
def test_a_host_that_has_python_within_it_is_started_once(
    run: Run, program: Program, started: Path, recorder: Recorder, tmp_path: Path, name: str
) -> None:
    host = tmp_path / name
    script(host, f'exec {sys.executable} {program(f"sys.executable = {str(host)!r}")} "$@"')
    ran = run(host)
    assert ran.returncode == 0, ran.stderr
    assert [one.command for one in recorder.wait_for(1)] == ["work"]
    assert starts(started) == 1


@pytest.mark.parametrize(
    "odd",
    [
        "sys.executable = {host!r}; sys.exec_prefix = '/nowhere'",
        "sys.executable = ''; sys.exec_prefix = '/nowhere'",
        "sys.executable = None; sys.exec_prefix = '/nowhere'",
    ],
)
def test_without_any_interpreter_the_event_waits_and_status_says_why(
    run: Run, program: Program, started: Path, home: Path, tmp_path: Path, odd: str
) -> None:
    host = script(tmp_path / "host", f"exec {sys.executable} {tmp_path}/program/acme.py")
    file = program(odd.format(host=str(host)))
    assert run(sys.executable, file).returncode == 0
    assert starts(started) == 1
    (event,) = (home / ".local/state/acme/usage/spool").glob("*.json")
    event.rename(event.with_name(f"2020-01-02T030405{event.name[17:]}"))
    shows = "import typer; app = typer.Typer(); usage.mount(app); usage.run(app); sys.exit()"
    ran = run(sys.executable, program(odd.format(host=str(host)), f"{shows}"), "usage", "status")
    assert "waits since 2020-01-02 03:04:05 no sender has come for (no Python interpreter" in (
        ran.stdout
    ), ran
    assert "acme usage flush" in ran.stdout


def test_what_a_sender_became_records_nothing_and_starts_nothing(
    run: Run, program: Program, home: Path, recorder: Recorder
) -> None:
    ran = run(sys.executable, program(), ACME_USAGE_EVENT_DATA="{}")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert list(home.iterdir()) == []
    assert recorder.requests == 0


def copy_of_the_package(folder: Path) -> None:
    """One whose sender loads a module that lies beside it and nowhere else, and says so."""
    copytree(PACKAGE, folder / "usagekit")
    main = folder / "usagekit" / "__main__.py"
    main.write_text(main.read_text().replace("import json", "import json, made_up_beside", 1))
    said = folder.parent / "sender-loaded"
    (folder / "made_up_beside.py").write_text(f"open({str(said)!r}, 'w')")


def test_the_sender_of_a_zipapp_is_in_it_too(
    run: Run, program: Program, recorder: Recorder, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    copy_of_the_package(source)
    (source / "__main__.py").write_text(program().read_text())
    zipapp.create_archive(source, tmp_path / "acme.pyz")
    source.rename(tmp_path / "gone")
    ran = run(sys.executable, "acme.pyz")
    assert ran.returncode == 0, ran.stderr
    assert [one.command for one in recorder.wait_for(1)] == ["work"]
    assert (tmp_path / "sender-loaded").exists()


def test_a_package_that_a_program_brings_along_is_its_sender_s_too(
    run: Run, program: Program, recorder: Recorder, tmp_path: Path
) -> None:
    copy_of_the_package(tmp_path / "vendored")
    ran = run(sys.executable, program(f"sys.path.insert(0, {str(tmp_path / 'vendored')!r})"))
    assert ran.returncode == 0, ran.stderr
    assert [one.command for one in recorder.wait_for(1)] == ["work"]
    assert (tmp_path / "sender-loaded").exists()


@pytest.mark.parametrize(
    "flags", [["-I"], ["-E"], ["-s"], ["-B"], ["-I", "-B"], ["-S"]], ids=" ".join
)
def test_a_sender_is_told_what_the_program_s_interpreter_was_told(
    run: Run, program: Program, tmp_path: Path, home: Path, flags: list[str]
) -> None:
    """What it is started with is what it would be told; a stand-in for Python writes that down."""
    seen = tmp_path / "seen"
    stand_in = script(tmp_path / "python3", f'printf "%s\\n" "$@" > {seen}')
    first = f"sys.path.append({str(PACKAGE.parent)!r}); sys.executable = {str(stand_in)!r}"
    ran = run(sys.executable, *flags, program(first))
    assert ran.returncode == 0, ran.stderr
    words = seen.read_text().splitlines()
    implied = {"-E", "-s"} if "-I" in flags else set()
    assert {*words} & {"-I", "-E", "-s", "-S", "-B"} == {*flags} | implied
    assert "usagekit" in words[-1]
    assert home.exists()


def test_no_code_of_the_user_s_site_runs_in_the_sender_of_an_isolated_program(
    run: Run, program: Program, home: Path, recorder: Recorder, tmp_path: Path
) -> None:
    version = "python{}.{}".format(*sys.version_info)
    site = home / ".local/lib" / version / "site-packages"
    site.mkdir(parents=True)
    ran_too = tmp_path / "ran-too"
    (site / "usercustomize.py").write_text(f"open({str(ran_too)!r}, 'w')")
    ran = run(sys.executable, "-I", program())
    assert ran.returncode == 0, ran.stderr
    recorder.wait_for(1)
    assert not ran_too.exists()


def test_a_frozen_program_is_its_own_sender_and_does_its_work_once(
    run: Run, program: Program, started: Path, recorder: Recorder, tmp_path: Path
) -> None:
    """As PyInstaller has it: ``sys.frozen``, and the program in ``sys.executable``'s place."""
    work = tmp_path / "work-done"
    frozen = tmp_path / "acme"
    first = f"sys.frozen, sys.executable = True, {str(frozen)!r}"
    file = program(first, f"open({str(work)!r}, 'a').write('x')")
    script(frozen, f'exec {sys.executable} {file} "$@"')
    ran = run(frozen)
    assert ran.returncode == 0, ran.stderr
    assert [one.command for one in recorder.wait_for(1)] == ["work"]
    assert (starts(started), work.read_text()) == (2, "x")
    # Its words alone make no sender.
    assert run(frozen, "--usagekit-sender").returncode == 0
    assert work.read_text() == "xx"


@pytest.mark.parametrize("environ", [{"HOME": "."}, {"HOME": "~"}, {"HOME": "a/b"}], ids=str)
def test_a_home_that_is_no_place_is_none(
    run: Run, program: Program, recorder: Recorder, tmp_path: Path, environ: dict[str, str]
) -> None:
    file = program()
    before = {*tmp_path.rglob("*")} | {file.parent / "__pycache__"}
    for _ in range(2):
        ran = run(sys.executable, file, **environ)
        assert (ran.returncode, ran.stdout) == (0, "")
    events = recorder.wait_for(2)
    assert all(one.properties["one_off_id"] for one in events)
    assert len({one.distinct_id for one in events}) == 2
    assert {*tmp_path.rglob("*")} - before == {tmp_path / "started"}


def test_json_of_status_has_the_warning_too(run: Run, program: Program, home: Path) -> None:
    assert run(sys.executable, program(host="http://127.0.0.1:9")).returncode == 0
    shows = "import typer; app = typer.Typer(); usage.mount(app); usage.run(app); sys.exit()"
    file = program("", shows, host="http://127.0.0.1:9")
    ran = run(sys.executable, file, "usage", "status", "--json")
    # Somebody came, and has said what was wrong.
    assert json.loads(ran.stdout)["warnings"] == []
    assert json.loads(ran.stdout)["waiting_events"] == 1
    assert home.exists()
