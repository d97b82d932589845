"""Whatever is wrong with tracking, a command prints and returns what it does without."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import arcade_cli
import pytest
import usagekit

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import ARCADE, Home, Ran, without_notice
from tests.support.recorder import Received, Recorder
from tests.support.senders import wait_for_senders

PROGRAM = str(Path(__file__).parents[1] / "support" / "program.py")
ID = "00000000-0000-4000-8000-000000000001"
OFF = {"ARCADE_USAGE_TRACKING": "0"}

COMMANDS: list[tuple[str | bytes, ...]] = [
    ("toolkit", "run", "Math.Add", "a=1", "b=2"),
    ("toolkit", "run", "Math.Divide", "a=1", "b=0"),
    ("whoami",),
    ("no-such-command",),
    ("toolkit", "run", b"Math.\xff\xfe", b"\xe4=\xf6"),
]


def program(
    home: Home,
    *words: str | bytes,
    flags: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
) -> Ran:
    """Run the test program in a home."""
    ran = subprocess.run(
        [sys.executable, *flags, PROGRAM, *words],
        env={**home.environ, **(environ or {})},
        cwd=home.folder,
        capture_output=True,
        timeout=60,
    )
    return Ran(ran.returncode, ran.stdout.decode(), without_notice(ran.stderr).decode())


@pytest.mark.parametrize("mode", ["hang", pytest.param("drip", marks=pytest.mark.torture), "500"])
@pytest.mark.parametrize("linked", [False, True], ids=["unlinked", "linked"])
def test_hosts_that_misbehave_change_no_output(
    new_home: Callable[..., Home], cloud: ArcadeCloud, recorder: Recorder, mode: str, linked: bool
) -> None:
    """With credentials there, so that the sender asks the service too; unlinked and linked."""
    home = new_home()
    cloud.add_account("ada@example.test")
    if linked:
        home.login()
    else:
        home.write_credentials(cloud.new_key("ada@example.test"))
    (home.state / "credentials.yaml").rename(home.folder / "aside")  # whoami needs no network
    off = [home.run(*words, environ=OFF) for words in COMMANDS]
    home.wait_for_senders()
    shutil.copy2(home.folder / "aside", home.state / "credentials.yaml")
    cloud.mode = recorder.mode = mode

    # whoami would ask the service itself, tracked or not.
    on = [home.run(*words) if words != ("whoami",) else None for words in COMMANDS]

    assert [ran for ran in on if ran] == [ran for ran, new in zip(off, on, strict=True) if new]


def test_the_foreground_opens_no_connection(home: Home, tmp_path: Path) -> None:
    """Held against the process itself: no socket is made, whatever state it is in."""
    script = tmp_path / "watched.py"
    script.write_text(
        "import sys\n"
        "def watch(event, _):\n"
        "    if event.startswith('socket.') or event == 'os.fork':\n"
        "        print('SAW', event, file=sys.stderr)\n"
        "sys.addaudithook(watch)\n"
        f"sys.argv = [{PROGRAM!r}, 'hello']\n"
        "import runpy\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    home.write_credentials("made-up-key-that-nobody-knows")
    ran = subprocess.run(
        [sys.executable, str(script)], env=home.environ, capture_output=True, timeout=60
    )
    assert (ran.returncode, ran.stdout, without_notice(ran.stderr)) == (0, b"hello 'you'\n", b"")


def test_a_process_that_a_command_forked_is_no_command(
    home: Home, recorder: Recorder, tmp_path: Path
) -> None:
    script = tmp_path / "forks.py"
    script.write_text(
        "import os, sys, typer\n"
        "from arcade_cli.usage import usage_config\n"
        "from usagekit.run import run\n"
        "from usagekit.tracker import CommandTracker\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def forks():\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        sys.exit(3)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "run(app, CommandTracker(usage_config()))\n"
    )
    ran = subprocess.run([sys.executable, script], env=home.environ, capture_output=True)
    assert (ran.returncode, ran.stdout, without_notice(ran.stderr)) == (0, b"3\n", b"")
    recorder.wait_for(1)
    home.wait_for_senders()
    (event,) = recorder.events
    assert event.properties["exit_code"] == 0


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    os.chmod(folder, 0o500)
    try:
        yield
    finally:
        os.chmod(folder, 0o700)


@contextmanager
def read_only_state(home: Home) -> Iterator[None]:
    """Nothing that is kept can be changed."""
    usage = home.state / "usage"
    with (
        read_only(home.state),
        read_only(usage),
        read_only(usage / "running"),
        read_only(usage / "spool"),
    ):
        yield


def without_privileges(command: list[str]) -> list[str]:
    """Even root must obey modes of files: start without the capability that overrides them."""
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        pytest.skip("root, and no setpriv to drop what root may")
    dropped = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", f"--inh-caps={dropped}", f"--bounding-set={dropped}", *command]


def test_a_read_only_home_still_counts_under_an_id_of_one_time(
    home: Home, recorder: Recorder
) -> None:
    command = without_privileges([ARCADE, "toolkit", "run", "Math.Add", "a=1", "b=2"])
    with read_only(home.folder):
        for _ in range(2):
            ran = subprocess.run(command, env=home.environ, capture_output=True, timeout=60)
            assert (ran.returncode, ran.stdout, without_notice(ran.stderr)) == (0, b"3\n", b"")
        first, second = recorder.wait_for(2)
        home.wait_for_senders()

    assert not home.state.exists()
    assert first.distinct_id != second.distinct_id
    assert first.properties["one_off_id"] is True
    assert first.is_anon


def test_a_read_only_state_folder_keeps_the_identity_it_has(home: Home, recorder: Recorder) -> None:
    home.run("usage", "status")
    recorder.wait_for(1)
    home.wait_for_senders()
    anon_id = home.usage_json["anon_id"]
    command = without_privileges([ARCADE, "toolkit", "run", "Math.Add", "a=1", "b=2"])
    with read_only_state(home):
        ran = subprocess.run(command, env=home.environ, capture_output=True, timeout=60)
        events = recorder.wait_for(2)
        home.wait_for_senders()
    assert (ran.returncode, ran.stdout, without_notice(ran.stderr)) == (0, b"3\n", b"")
    assert [item.distinct_id for item in events] == [anon_id, anon_id]
    assert "one_off_id" not in events[1].properties


def test_a_read_only_state_folder_gives_nobody_the_id_of_whoever_was_here_before(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    recorder.mode = "deaf"  # the alias has arrived, and this machine does not know
    home.run("usage", "status")
    home.wait_for_senders()
    assert [item.properties["alias"] for item in recorder.aliases[:1]] == [
        home.usage_json["anon_id"]
    ]
    home.write_credentials("made-up-key-that-nobody-knows")
    recorder.mode, cloud.mode = "ok", "500"
    command = without_privileges([ARCADE, "toolkit", "run", "Math.Add", "a=1", "b=2"])
    with read_only_state(home):
        subprocess.run(command, env=home.environ, capture_output=True, timeout=60)
        recorder.wait_until(lambda: bool(recorder.events) and is_run(recorder.events[-1]))
        home.wait_for_senders()
    (event,) = filter(is_run, recorder.events)
    assert event.is_anon
    assert event.distinct_id != home.usage_json["anon_id"]


def is_run(event: Received) -> bool:
    return event.command == "toolkit.run"


def test_what_could_not_be_removed_is_not_sent_over_and_over(
    home: Home, recorder: Recorder
) -> None:
    recorder.mode = "503"
    home.run("toolkit", "list")
    home.wait_for_senders()
    recorder.mode = "ok"
    sender = without_privileges([sys.executable, "-m", "arcade_cli.usage"])
    with read_only(home.state / "usage/spool"):
        for _ in range(2):
            subprocess.run(sender, env=home.environ, timeout=30)
    assert recorder.received == []
    subprocess.run(sender, env=home.environ, timeout=30)
    assert [item.command for item in recorder.received] == ["toolkit.list"]


@pytest.mark.parametrize(
    "kind", ["no home", "no place", "home is a file", "usage.json is a folder"]
)
def test_a_home_that_is_none_changes_nothing(home: Home, recorder: Recorder, kind: str) -> None:
    environ = dict(home.environ)
    if kind == "no home":
        environ["HOME"] = str(home.folder / "nowhere" / "at all")
    elif kind == "no place":
        environ["HOME"] = "."
    elif kind == "home is a file":
        home.state.write_text("a file where the folder should be")
    else:
        (home.state / "usage.json" / "inner").mkdir(parents=True)
    command = [ARCADE, "toolkit", "run", "Math.Add", "a=1", "b=2"]
    ran = subprocess.run(command, env=environ, cwd=home.folder, capture_output=True, timeout=60)

    assert (ran.returncode, ran.stdout, without_notice(ran.stderr)) == (0, b"3\n", b"")
    (event,) = recorder.wait_for(1)
    assert event.properties["one_off_id"] is True
    assert not (home.folder / "nowhere").exists()
    assert kind != "no place" or not home.state.exists()
    wait_for_senders(environ["HOME"])


@pytest.mark.parametrize("name", ["usage.json", "usage/link", "usage/identity.lock"])
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(
    home: Home, recorder: Recorder, name: str
) -> None:
    (home.state / "usage").mkdir(parents=True)
    os.mkfifo(home.state / name)
    ran = home.run("toolkit", "run", "Math.Add", "a=1", "b=2")
    assert ran == Ran(0, "3\n", "")
    recorder.wait_for(1)


@pytest.mark.parametrize(
    "name", [f"usage/spool/2024-{ID}.json", f"usage/running/{ID}.json", "usage/log.jsonl"]
)
def test_a_pipe_in_the_sender_s_way_keeps_no_event_from_going(
    home: Home, recorder: Recorder, name: str
) -> None:
    for folder in ("usage/spool", "usage/running"):
        (home.state / folder).mkdir(parents=True)
    os.mkfifo(home.state / name)
    for _ in range(2):
        home.run("usage", "status")
        home.wait_for_senders()
    assert len({item.uuid for item in recorder.events}) == len(recorder.events) == 2
    assert home.waiting() == []


def test_an_identity_file_of_a_hundred_megabytes_is_not_read(
    home: Home, recorder: Recorder
) -> None:
    home.state.mkdir()
    with open(home.state / "usage.json", "wb") as file:
        file.truncate(100_000_000)
    home.run("usage", "status")
    assert recorder.wait_for(1)[0].distinct_id == home.usage_json["anon_id"]


def test_a_full_disk_changes_nothing(home: Home, recorder: Recorder) -> None:
    home.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=64,mode=700", "tmpfs", str(home.state)],
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    try:
        with (
            open(home.state / "filler", "wb", buffering=0) as filler,
            pytest.raises(OSError, match="No space"),
        ):
            filler.writelines(b"x" * 4096 for _ in range(100))
        ran = home.run("toolkit", "run", "Math.Add", "a=1", "b=2")
        recorder.wait_for(1)
        home.wait_for_senders()
        assert ran == Ran(0, "3\n", "")
        assert list(home.state.rglob("*.tmp")) == []
    finally:
        subprocess.run(["umount", str(home.state)], check=True)


def test_closed_standard_files_change_nothing(home: Home, recorder: Recorder) -> None:
    command = f"exec {sys.executable} {PROGRAM} leave 3 <&- >&- 2>&-"
    for environ in ({**home.environ, **OFF}, home.environ):
        ran = subprocess.run(["sh", "-c", command], env=environ, timeout=60)
        assert ran.returncode == 3
    (event,) = recorder.wait_for(1)
    assert event.properties["exit_code"] == 3


def test_a_message_of_200_kilobytes_changes_nothing(home: Home, recorder: Recorder) -> None:
    words = ("fail", "--text", "too long ", "--size", "200000")
    plain = {"TYPER_STANDARD_TRACEBACK": "1"}  # Rich takes minutes for such a word, tracked or not
    assert program(home, *words, environ=plain) == program(home, *words, environ={**plain, **OFF})
    (event,) = recorder.wait_for(1)
    assert event.properties["error_type"] == "ValueError"
    assert "too long" not in event.properties["error_message"]  # for it was typed
    assert len(event.properties["error_message"]) <= 300


def test_arguments_that_are_no_text_change_nothing(home: Home, recorder: Recorder) -> None:
    for words in [("hello", "--name", b"\xff\xfe"), (b"\xff\xfe",), ("fail", "--text", b"\xff")]:
        assert program(home, *words) == program(home, *words, environ=OFF)
    for item in recorder.wait_for(3):
        json.dumps(item.message, ensure_ascii=False).encode()  # no half of a surrogate pair


def test_warnings_as_errors_print_nothing(home: Home, recorder: Recorder) -> None:
    ran = program(home, "hello", flags=("-W", "error", "-X", "dev"))
    assert ran == Ran(0, "hello 'you'\n", "")
    recorder.wait_for(1)


def test_nothing_in_the_current_folder_is_ever_executed(home: Home, recorder: Recorder) -> None:
    trap = "import os\nopen(os.path.join({!r}, 'sprung'), 'a').close()\nraise SystemExit(99)\n"
    trap = trap.format(str(home.folder))
    planted = home.folder / "project"
    planted.mkdir()
    for name in ("posthog", "json", "requests", "socket", "threading", "usagekit"):
        (planted / f"{name}.py").write_text(trap)
    (planted / "arcade_cli" / "usage").mkdir(parents=True)
    for name in ("__init__.py", "usage/__init__.py", "usage/__main__.py"):
        (planted / "arcade_cli" / name).write_text(trap)

    for path in ({}, {"PYTHONPATH": "."}, {"PYTHONPATH": ""}):
        # PYTHONPATH is the user's own wish in the foreground; the sender does not inherit it.
        words = ("usage", "status")
        options = {"cwd": planted} if not path.get("PYTHONPATH") else {"cwd": home.folder}
        assert home.exec(*words, environ=path, **options).code == 0
    recorder.wait_for(3)
    assert not (home.folder / "sprung").exists()


def test_python_3_10_keeps_the_current_folder_off_the_path_too(
    home: Home, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its interpreter has no -P; the command that stands in for it is tried on this one."""
    from arcade_cli.usage import usage_config
    from usagekit import service

    planted = home.folder / "project"
    planted.mkdir()
    for name in ("arcade_cli", "posthog", "runpy", "json"):
        (planted / f"{name}.py").write_text("raise SystemExit(99)")
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    sender = service.UsageService(usage_config(home.environ), home.environ)
    command = sender._command()
    assert "-P" not in command
    event = {"event_name": "CLI execution succeeded", "distinct_id": "made-up", "is_anon": True}
    payload = json.dumps({**event, "properties": {"command_name": "old"}})
    ran = subprocess.run(
        command, env=sender._sender_environ(payload), cwd=planted, capture_output=True, timeout=60
    )
    assert (ran.returncode, without_notice(ran.stderr)) == (0, b"")
    assert recorder.wait_for(1)[0].command == "old"


def test_a_program_found_through_pythonpath_is_tracked_too(home: Home, recorder: Recorder) -> None:
    """Installed with ``pip install --target``, say: the sender must find what the user found."""
    roots = [Path(module.__file__ or "").parents[1] for module in (arcade_cli, usagekit)]
    path = os.pathsep.join([*map(str, roots), sysconfig.get_path("purelib")])
    python = os.path.realpath(sys.executable)
    ran = subprocess.run(
        [python, "-m", "arcade_cli", "usage", "status"],
        env={**home.environ, "PYTHONPATH": path},
        cwd=home.folder,
        capture_output=True,
        timeout=60,
    )
    assert (ran.returncode, without_notice(ran.stderr)) == (0, b"")
    recorder.wait_for(1)


def test_a_working_folder_that_was_removed_stops_no_command(home: Home) -> None:
    gone = home.folder / "gone"
    command = f"mkdir {gone} && cd {gone} && rmdir {gone} && exec {ARCADE} --version"
    for environ in ({}, {"ARCADE_WORK_DIR": "."}, {"ARCADE_WORK_DIR": ".", **OFF}):
        ran = subprocess.run(
            ["sh", "-c", command], env={**home.environ, **environ}, capture_output=True, timeout=60
        )
        assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", ["", "usage", "usage/spool"])
def test_usage_status_still_speaks_where_a_file_stands_for_a_folder(home: Home, name: str) -> None:
    path = home.state / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file where a folder should be")
    ran = home.run("usage", "status", environ=OFF)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("tracking")


def test_a_pipe_of_the_caller_s_is_not_held_open(home: Home, recorder: Recorder) -> None:
    """Somebody who waits for the end of a pipe waits for the command, not for the sender."""
    recorder.mode = "hang"
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [ARCADE, "usage", "status"],
        env=home.environ,
        stdout=write_end,
        stderr=write_end,
        pass_fds=(write_end,),
    )
    os.close(write_end)
    with open(read_end, "rb") as pipe:
        assert b"tracking" in pipe.read()
    assert home.senders(), "the sender is still there, and holds nothing"
    assert process.wait(timeout=10) == 0
    recorder.mode = "ok"


def test_a_host_name_that_does_not_resolve_changes_nothing(home: Home) -> None:
    environ = {"ARCADE_USAGE_HOST": "http://no-such-host.invalid"}
    assert home.run("usage", "status", environ=environ).code == 0
    home.wait_for_senders()
    assert len(home.waiting()) == 1


def test_a_signal_to_the_terminal_does_not_reach_the_sender(home: Home, recorder: Recorder) -> None:
    home.run("usage", "status")
    recorder.wait_for(1)
    recorder.mode = "hang"
    home.exec("usage", "status", start_new_session=True)
    (sender,) = home.senders()
    assert os.getsid(sender) == sender
    recorder.mode = "ok"
