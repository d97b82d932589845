"""A hostile neighbour on the same machine, and a checkout that carries links: nothing of the
user's is changed, removed or shown.

The neighbour is another user: real processes, each with its own uid.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.home import ARCADE, PROGRAM, Home
from tests.support.recorder import Recorder

USER, NEIGHBOUR = 54_321, 54_322
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can be two users, by setpriv",
)
HIDDEN = ("salary.json", "00000000-0000-4000-8000-000000000007.json", "letter.tmp")
EVENT = "2024-01-01T000000.000000Z-00000000-0000-4000-8000-000000000009.json"


def give(path: Path, user: int = USER) -> Path:
    """Let everything there be this user's."""
    for each in (path, *path.rglob("*")):
        os.lchown(each, user, user)
    return path


@pytest.fixture
def home(tmp_path: Path, recorder: Recorder) -> Iterator[Home]:
    """The user's home, closed to others."""
    folder = tmp_path / "user"
    folder.mkdir(mode=0o700)
    made = Home(folder, recorder.url)
    # What root has prepared is not the user's to write, and no sender may wait for it.
    made.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    give(folder)
    yield made
    made.wait_for_senders()


@pytest.fixture
def documents(home: Home) -> Path:
    """What the user has written: none of it is the tracker's."""
    folder = home.folder / "Documents"
    folder.mkdir()
    for name in (*HIDDEN, EVENT):
        (folder / name).write_text("the user's own")
        os.utime(folder / name, (0, 0))  # old enough to be swept, if it were ours
    return give(folder)


def run_as(
    user: int, home: Home, *words: str, script: str = PROGRAM, wait: bool = True, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command, by default of the program in program.py, as this user.

    They may read all there is, for the interpreter may be root's; but write only what is theirs.
    """
    may_read = "+dac_read_search"
    ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    ids += [f"--inh-caps={may_read}", f"--ambient-caps={may_read}"] if user else []
    ran = subprocess.run(
        ["setpriv", *ids, sys.executable, script, *words],
        env={**home.environ, **environ},
        cwd="/",
        capture_output=True,
        timeout=60,
    )
    if wait:
        home.wait_for_senders()
    return ran


def everything_under(folder: Path) -> dict[str, tuple[int, float, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime,
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("name", ["usage", "usage/running", "usage/spool"])
@pytest.mark.parametrize(
    "owner",
    [USER, pytest.param(NEIGHBOUR, marks=pytest.mark.torture)],
    ids=["a checkout's", "a neighbour's"],
)
def test_a_link_in_a_folder_s_place_leads_nowhere(
    home: Home, recorder: Recorder, documents: Path, name: str, owner: int
) -> None:
    link = home.state / name
    link.parent.mkdir(parents=True)
    link.parent.chmod(0o700)
    home.state.chmod(0o700)
    link.symlink_to(documents)
    give(home.state)
    os.lchown(link, owner, owner)
    before = everything_under(documents)
    for _ in range(2):
        ran = run_as(USER, home, "hello")
        assert (ran.returncode, ran.stdout) == (0, b"hello 'you'\n")
    run_as(USER, home, "fail")
    assert everything_under(documents) == before
    assert {event.properties["command_name"] for event in recorder.wait_for(3)} == {
        "hello",
        "fail",
    }


# Names in the state, and where a link by that name leads to: something, or nothing yet.
LINKS = {
    "usage.json": "salary.json",
    "usage/choice": "salary.json",
    "usage/link": "salary.json",
    "usage/log.jsonl": "salary.json",
    "usage/breaker": "salary.json",
    "usage/dropped.json": "salary.json",
    f"usage/spool/{EVENT}": "salary.json",
    "usage/running/00000000-0000-4000-8000-000000000007.json": "salary.json",
    "usage/identity.lock": "nothing-yet",
    "usage/sender.lock": "nothing-yet",
    "usage/notice": "nothing-yet",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.torture] if number % 3 else [])
        for number, name in enumerate(LINKS)
    ],
)
def test_a_link_in_a_file_s_place_is_neither_read_nor_written_through(
    home: Home, recorder: Recorder, documents: Path, name: str
) -> None:
    for folder in ("usage/spool", "usage/running"):
        (home.state / folder).mkdir(parents=True, exist_ok=True)
    for each in (home.state, *home.state.rglob("*")):
        each.chmod(0o700)
    (home.state / name).symlink_to(documents / LINKS[name])
    give(home.state)
    before = everything_under(documents)
    recorder.mode = "503"  # so that all of its files are written
    run_as(USER, home, "fail")
    recorder.mode = "ok"
    run_as(USER, home, "hello")
    assert everything_under(documents) == before
    assert "the user's own" not in str([event.message for event in recorder.received])


def test_what_its_user_moved_elsewhere_goes_on_working(home: Home, recorder: Recorder) -> None:
    disk = home.folder / "disk"
    disk.mkdir(mode=0o700)
    home.state.symlink_to(disk)
    give(home.folder)
    for _ in range(2):
        run_as(USER, home, "hello")
    first, second = recorder.wait_for(2)
    assert first.distinct_id == second.distinct_id
    assert json.loads((disk / "usage.json").read_text())["anon_id"] == first.distinct_id


@pytest.mark.parametrize("work", ["{home}", "{home}/./"])
def test_so_it_does_where_the_work_folder_is_the_home(
    home: Home, recorder: Recorder, work: str
) -> None:
    (home.folder / "disk").mkdir(mode=0o700)
    home.state.symlink_to("disk")
    give(home.folder)
    for _ in range(2):
        run_as(USER, home, "hello", ARCADE_WORK_DIR=work.format(home=home.folder))
    first, second = recorder.wait_for(2)
    assert first.distinct_id == second.distinct_id


def test_a_link_that_came_with_a_checkout_is_not_followed(
    home: Home, recorder: Recorder, documents: Path
) -> None:
    """It is the user's own, who unpacked it; where it leads is what somebody else thought of."""
    work = home.folder / "checkout"
    work.mkdir(mode=0o755)
    (documents / "usage.json").write_text('{"name": "not an identity"}')
    (work / ".arcade").symlink_to(documents)
    give(home.folder)
    before = everything_under(documents)
    for command in ("hello", "fail"):
        run_as(USER, home, command, ARCADE_WORK_DIR=str(work))
    said = run_as(
        USER, home, "usage", "status", "--json", script=ARCADE, ARCADE_WORK_DIR=str(work)
    ).stdout
    for words in (("usage", "off"), ("usage", "reset"), ("usage", "purge")):
        run_as(USER, home, *words, script=ARCADE, ARCADE_WORK_DIR=str(work))
    assert everything_under(documents) == before
    assert (work / ".arcade").is_symlink()
    assert all(event.properties["one_off_id"] for event in recorder.wait_for(2))
    assert "is a link, which is not followed" in json.loads(said)["warnings"][0]


def test_a_link_that_a_neighbour_may_have_put_there_is_not_followed(
    tmp_path: Path, recorder: Recorder, documents: Path, home: Home
) -> None:
    """An open folder: who may write into it may have made each name in it."""
    work = tmp_path / "open"
    work.mkdir()
    (work / ".arcade").symlink_to(documents)
    give(work, NEIGHBOUR)
    work.chmod(0o777)
    before = everything_under(documents)
    run_as(USER, home, "hello", ARCADE_WORK_DIR=str(work))
    assert everything_under(documents) == before
    assert recorder.wait_for(1)[0].properties["one_off_id"] is True


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_state_folder_that_others_may_write_is_as_one_that_cannot_be_written(
    home: Home, recorder: Recorder, mode: int
) -> None:
    home.state.mkdir()
    give(home.state)
    os.chown(home.state, USER, NEIGHBOUR)
    home.state.chmod(mode)
    ran = run_as(USER, home, "hello")
    assert (ran.returncode, ran.stdout) == (0, b"hello 'you'\n")
    assert recorder.wait_for(1)[0].properties["one_off_id"] is True
    assert list(home.state.iterdir()) == []
    assert stat.S_IMODE(home.state.stat().st_mode) == mode


def test_a_neighbour_s_state_is_not_believed(home: Home, recorder: Recorder) -> None:
    """Readable to all, and complete: it would make the user somebody else."""
    (home.state / "usage").mkdir(parents=True)
    theirs = {
        "anon_id": "00000000-0000-4000-8000-000000000001",
        "linked_principal_id": "made-up-account-of-the-neighbour",
    }
    (home.state / "usage.json").write_text(json.dumps(theirs))
    give(home.state, NEIGHBOUR)
    run_as(USER, home, "hello")
    (event,) = recorder.wait_for(1)
    assert event.distinct_id not in theirs.values()
    assert event.properties["one_off_id"] is True


@pytest.mark.parametrize("word", ["on", "off"])
def test_a_neighbour_cannot_choose_that_somebody_is_tracked(
    home: Home, recorder: Recorder, word: str
) -> None:
    (home.state / "usage").mkdir(parents=True, mode=0o700)
    home.state.chmod(0o700)
    give(home.state)
    (home.state / "usage/choice").write_text(f"{word}\n")
    os.chown(home.state / "usage/choice", NEIGHBOUR, NEIGHBOUR)
    before = everything_under(home.folder)
    assert run_as(USER, home, "hello").stdout == b"hello 'you'\n"
    assert everything_under(home.folder) == before
    assert recorder.requests == 0


def test_root_makes_nothing_in_the_home_of_somebody_else(home: Home, recorder: Recorder) -> None:
    home.folder.chmod(0o755)
    assert run_as(0, home, "hello").returncode == 0
    assert recorder.wait_for(1)[0].properties["one_off_id"] is True
    assert list(home.folder.iterdir()) == []
    # And where the user has a state, root leaves it as it is.
    run_as(USER, home, "hello")
    recorder.wait_for(2)
    before = everything_under(home.folder)
    run_as(0, home, "fail")
    recorder.wait_for(3)
    assert everything_under(home.folder) == before


@pytest.mark.parametrize("what", ["usage", "usage.json", "usage/identity.lock", ""])
def test_what_root_left_behind_is_survived(home: Home, recorder: Recorder, what: str) -> None:
    run_as(USER, home, "hello")
    recorder.wait_for(1)
    left = home.state / what
    for each in (left, *left.rglob("*")):
        os.chown(each, 0, 0)
        each.chmod(0o700 if each.is_dir() else 0o600)
    for _ in range(2):
        ran = run_as(USER, home, "hello")
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"hello 'you'\n", b"")
    recorder.wait_for(3)


HELD = """
import fcntl, os, signal, sys
files = [open(path, "r+") for path in sys.argv[1:]]
for file in files:
    fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
signal.alarm(60)
signal.pause()
"""


def test_locks_that_a_neighbour_put_there_and_holds_keep_nothing_from_going(
    home: Home, recorder: Recorder
) -> None:
    """They count as on a file system without locks: the receiver knows each event by its uuid."""
    run_as(USER, home, "hello")
    (before,) = recorder.wait_for(1)
    names = ("identity.lock", "sender.lock", "settle.lock")
    for lock in (home.state / "usage" / name for name in names):
        lock.touch()
        os.chown(lock, NEIGHBOUR, NEIGHBOUR)
        lock.chmod(0o666)
    locks = [str(home.state / "usage" / name) for name in names]
    ids = [f"--reuid={NEIGHBOUR}", f"--regid={NEIGHBOUR}", "--clear-groups"]
    may = [
        "--inh-caps=+dac_read_search,+dac_override",
        "--ambient-caps=+dac_read_search,+dac_override",
    ]
    command = ["setpriv", *ids, *may, sys.executable, "-Ec", HELD, *locks]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            ran = run_as(USER, home, "hello")
            assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"hello 'you'\n", b"")
            assert recorder.wait_for(2)[1].distinct_id == before.distinct_id
        finally:
            holder.kill()
    assert home.waiting() == []


def test_a_neighbour_sees_no_message_in_a_sender_s_environment(
    home: Home, recorder: Recorder
) -> None:
    """It is the user's own, and root's, to look at; and still says no more than it must."""
    recorder.mode = "hang"
    run_as(USER, home, "fail", wait=False)
    (sender,) = home.senders()
    environ = Path(f"/proc/{sender}/environ").read_bytes()
    recorder.mode = "ok"
    assert b'"command_name": "fail"' in environ
    assert b"error_message" not in environ
    assert b"it broke" not in environ
    assert home.waiting()[0]["properties"]["error_message"] == "it broke"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda state: os.chown(state, 0, 0), "is another user's"),
        (lambda state: state.chmod(0o777), "can be written by others (777)"),
        (lambda state: os.chown(state / "usage", 0, 0), "is another user's"),
        (lambda state: state.chmod(0o750), "is open to others (750)"),
    ],
    ids=["root's", "open", "root's within", "to be read"],
)
def test_the_status_says_why_a_state_is_not_used_and_what_to_do(
    home: Home, spoil: Callable[[Path], None], says: str
) -> None:
    (home.state / "usage").mkdir(parents=True, mode=0o700)
    home.state.chmod(0o700)
    identity = {"anon_id": "00000000-0000-4000-8000-000000000001", "linked_principal_id": None}
    (home.state / "usage.json").write_text(json.dumps(identity))
    (home.state / "usage.json").chmod(0o600)
    give(home.folder)
    spoil(home.state)
    ran = run_as(USER, home, "usage", "status", script=ARCADE)
    (warning,) = [line for line in ran.stdout.decode().splitlines() if "Warning: " in line]
    assert says in warning
    assert f" {home.state}" in warning.split("To ")[1]
