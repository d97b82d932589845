"""Locks and processes on Windows, a system that is not there when this runs: it is stood in for."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from usagekit import config as config_module
from usagekit import files, record, snapshot, spool
from usagekit.identity import UsageIdentity

from tests.support.policy import policy


class Msvcrt(ModuleType):
    """The part of Windows' C library that locks files."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.calls: list[tuple[int, int, int]] = []
        self.error: OSError | None = None

    def locking(self, fd: int, mode: int, size: int) -> None:
        self.calls.append((fd, mode, size))
        if self.error is not None:
            raise self.error


class Popen(subprocess.Popen[bytes]):
    """Starts a real process, but for what only Windows understands, which is noted down."""

    started: list[tuple[list[str], dict[str, Any], int]]

    def __init__(self, arguments: list[str], **options: Any) -> None:
        noted = dict(options)
        options.pop("creationflags")
        super().__init__(arguments, **options)
        self.started.append((arguments, noted, self.pid))


@pytest.fixture
def msvcrt(monkeypatch: pytest.MonkeyPatch) -> Msvcrt:
    fake = Msvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    return fake


@pytest.fixture
def windows(msvcrt: Msvcrt, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delitem(sys.modules, "usagekit._windows", raising=False)
    module: Any = importlib.import_module("usagekit._windows")
    Popen.started = []
    monkeypatch.setattr(module.subprocess, "Popen", Popen)
    yield module
    monkeypatch.undo()
    sys.modules.pop("usagekit._windows", None)
    for _, _, pid in Popen.started:
        os.waitpid(pid, 0)


@pytest.mark.parametrize("shared", [True, False])
def test_a_lock_takes_one_byte_of_the_file_without_waiting(
    windows: Any, msvcrt: Msvcrt, shared: bool
) -> None:
    assert windows.try_lock(7, shared=shared) is True
    assert msvcrt.calls == [(7, msvcrt.LK_NBLCK, 1)]


def test_a_lock_that_another_holds_is_false(windows: Any, msvcrt: Msvcrt) -> None:
    msvcrt.error = PermissionError(13, "Permission denied")
    assert windows.try_lock(7, shared=False) is False


def test_any_other_failure_to_lock_is_an_os_error(windows: Any, msvcrt: Msvcrt) -> None:
    msvcrt.error = OSError(9, "Bad file descriptor")
    with pytest.raises(OSError, match="Bad file descriptor"):
        windows.try_lock(7, shared=False)


def test_a_spawned_process_has_no_window_no_files_and_no_place_in_the_user_s_folder(
    windows: Any, tmp_path: Path
) -> None:
    environ = {"SYSTEMROOT": str(tmp_path), "MADE_UP": "1"}
    arguments = [sys.executable, "-SEc", "pass"]
    windows.spawn_detached(arguments, environ)

    ((started, options, _),) = Popen.started
    assert started == arguments
    assert options["env"] == environ
    assert options["cwd"] == str(tmp_path)
    assert options["close_fds"] is True
    assert {options[name] for name in ("stdin", "stdout", "stderr")} == {subprocess.DEVNULL}
    no_window, own_group, below_normal = 0x08000000, 0x00000200, 0x00004000
    assert options["creationflags"] == no_window | own_group | below_normal


def test_a_process_that_still_runs_is_let_go_without_a_warning(windows: Any) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        windows.spawn_detached([sys.executable, "-SEc", "import time; time.sleep(0.2)"], {})
        gc.collect()
    assert seen == []


def test_a_process_that_is_not_to_be_had_is_an_os_error(windows: Any, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-program"):
        windows.spawn_detached([str(tmp_path / "no-such-program")], {})


def test_both_systems_offer_the_same_names(windows: Any) -> None:
    names = ("try_lock", "spawn_detached", "reap", "end_within", "step_back")
    for module in (windows, snapshot.system):
        assert all(callable(getattr(module, name)) for name in names)
    assert windows.reap() is windows.step_back() is None


def test_a_thread_ends_the_process_in_the_kernel_s_place() -> None:
    script = (
        "import subprocess, sys, time, types; sys.modules['msvcrt'] = types.ModuleType('msvcrt')\n"
        "from usagekit import deadline\n"
        "sys.platform = 'win32'\n"
        "from usagekit import _windows\n"
        "_windows.end_within(0.2); time.sleep(60)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=30)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_files_and_locks_ask_for_nothing_that_windows_has_not(
    windows: Any, msvcrt: Msvcrt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "getuid", "uname"):
        monkeypatch.delattr(os, name)
    for room in (snapshot, files, record, config_module, spool):
        monkeypatch.setattr(room, "system", windows, raising=False)
    config = policy(tmp_path / "state")
    created = UsageIdentity(config).load_or_create()
    assert not created.one_off
    assert UsageIdentity(config).anon_id == created.anon_id
    assert msvcrt.calls
