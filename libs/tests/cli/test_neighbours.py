"""A neighbour with an account on the same machine: what they plant, hold, read and knock at.

Real processes under two user IDs. What one user can show of it alone is in test_private.py and
test_login.py.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home, Ran, the_login_port
from tests.support.login import WaitingLogin
from tests.support.neighbour import NEIGHBOUR, USER, needs_root, run_as, user_home

pytestmark = needs_root

KEY = "made-up-key-of-ada"
MALLORY = {"api": {"key": "made-up-key-of-mallory"}, "user": {"email": "mallory@example.test"}}
# Fetches each page that it is told of; prints what the server said and where it leads.
KNOCK = """
import http.client, sys
for host, target in [word.split("|") for word in sys.argv[1:]]:
    connection = http.client.HTTPConnection(host, 9905, timeout=8)
    connection.request("GET", target, headers={"Host": "localhost:9905"})
    answer = connection.getresponse()
    print(answer.status, answer.getheader("Location"), answer.read().decode())
"""


@pytest.fixture
def user(cloud: ArcadeCloud) -> Iterator[Home]:
    cloud.add_account("ada@example.test")
    cloud.new_key("ada@example.test", KEY)
    with user_home(cloud.url) as home:
        yield home


def arcade(home: Home, *words: str, uid: int | None = USER) -> Ran:
    """Run ``arcade`` for the user."""
    return home.run(*words, user=uid)


def log_in(home: Home) -> Ran:
    with the_login_port(), WaitingLogin(home, user=USER) as login:
        assert login.answer(api_key=KEY, email="ada@example.test")[0] == 200
        return login.end()


def folder(home: Home, owner: int, mode: int) -> None:
    home.state.mkdir()
    os.chown(home.state, owner, owner)
    home.state.chmod(mode)


def plant(home: Home, content: str = "") -> Path:
    """A file of the neighbour's where the credentials go."""
    path = home.state / "credentials.yaml"
    path.write_text(content or json.dumps({"cloud": {**MALLORY, "coordinator_url": home.cloud}}))
    os.chown(path, NEIGHBOUR, NEIGHBOUR)
    path.chmod(0o644)
    return path


def everything_a_neighbour_can_read(home: Home) -> str:
    script = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        try:
            print(open(os.path.join(folder, name), errors="replace").read())
        except OSError:
            pass
"""
    return run_as(NEIGHBOUR, script, str(home.folder.parent))


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770], ids=oct)
def test_an_open_folder_is_closed_before_the_key_is_in_it(
    user: Home, cloud: ArcadeCloud, mode: int
) -> None:
    folder(user, USER, mode)
    ran = log_in(user)
    assert ran.code == 0, ran
    assert "now only you can" in ran.err
    assert stat.S_IMODE(user.state.stat().st_mode) == 0o700
    assert KEY in (user.state / "credentials.yaml").read_text()
    assert KEY not in everything_a_neighbour_can_read(user)


@pytest.mark.parametrize("mode", [0o777, 0o1777], ids=oct)
def test_links_at_every_name_that_was_ever_used_lead_nowhere(
    user: Home, cloud: ArcadeCloud, mode: int
) -> None:
    folder(user, USER, mode)
    script = """
import os, sys
os.chdir(sys.argv[1])
open("loot", "w").close()
os.chmod("loot", 0o666)
for pid in range(1, 40_000):
    os.symlink("loot", f"credentials.yaml.{pid}.tmp")
"""
    run_as(NEIGHBOUR, script, str(user.state))
    assert log_in(user).code == 0
    assert (user.state / "loot").read_text() == ""
    assert not (user.state / "credentials.yaml").is_symlink()
    assert (user.state / "credentials.yaml").stat().st_uid == USER
    assert KEY not in everything_a_neighbour_can_read(user)


@pytest.mark.parametrize("mode", [0o755, 0o777], ids=oct)
def test_a_neighbour_s_folder_takes_no_login_and_gives_none(
    user: Home, cloud: ArcadeCloud, mode: int
) -> None:
    folder(user, NEIGHBOUR, mode)
    before = plant(user).read_text()
    for words in (("login", "--host", cloud.url, "--timeout", "5"), ("whoami",), ("logout",)):
        ran = arcade(user, *words)
        ran.refused_in_one_message(
            f"{user.state} belongs to another user", "ARCADE_WORK_DIR", "Have it removed"
        )
        assert "mallory" not in ran.out + ran.err
    assert (user.state / "credentials.yaml").read_text() == before
    assert cloud.asked == []


def test_a_link_of_a_neighbour_s_in_place_of_the_folder_is_not_followed(
    user: Home, cloud: ArcadeCloud
) -> None:
    # A work folder that anybody may write in, and a folder of the user's own somewhere else.
    work = user.folder.parent / "work"
    work.mkdir()
    work.chmod(0o777)
    other = user.folder / "documents"
    other.mkdir(mode=0o755)
    (other / "credentials.yaml").write_text("another program's")
    for path in (other, other / "credentials.yaml"):
        os.chown(path, USER, USER)
    run_as(
        NEIGHBOUR, "import os, sys; os.symlink(*sys.argv[1:])", str(other), str(work / ".arcade")
    )
    user.environ["ARCADE_WORK_DIR"] = str(work)
    for words in (("login", "--host", cloud.url, "--timeout", "5"), ("whoami",), ("logout",)):
        arcade(user, *words).refused_in_one_message("a link that another user", "rm ")
    assert (other / "credentials.yaml").read_text() == "another program's"
    assert stat.S_IMODE(other.stat().st_mode) == 0o755


def test_a_link_of_the_user_s_own_in_place_of_the_folder_goes_on_working(user: Home) -> None:
    disk = user.folder.parent / "disk"
    (disk / "arcade").mkdir(parents=True)
    os.chown(disk / "arcade", USER, USER)
    (user.folder / "dotfiles").symlink_to(disk)
    user.state.symlink_to("dotfiles/arcade")
    os.chown(user.state, USER, USER, follow_symlinks=False)
    assert log_in(user).code == 0
    assert [path.name for path in (disk / "arcade").iterdir()] == ["credentials.yaml"]
    assert arcade(user, "whoami").code == 0
    assert arcade(user, "logout") == Ran(0, "Logged out.\n", "")
    assert list((disk / "arcade").iterdir()) == []


def test_a_neighbour_s_file_is_not_believed_and_can_be_got_rid_of(
    user: Home, cloud: ArcadeCloud
) -> None:
    cloud.new_key("ada@example.test", "made-up-key-of-mallory")
    folder(user, USER, 0o777)
    plant(user)
    ran = arcade(user, "whoami")
    ran.refused_in_one_message("belongs to another user", "arcade logout", "arcade login")
    ran = arcade(user, "login", "--host", cloud.url, "--timeout", "5")
    ran.refused_in_one_message("belongs to another user", "arcade logout")
    assert cloud.asked == []
    assert arcade(user, "logout") == Ran(0, "Logged out.\n", "")
    assert log_in(user).code == 0


def test_a_file_that_a_neighbour_may_change_is_not_believed(user: Home, cloud: ArcadeCloud) -> None:
    folder(user, USER, 0o755)
    path = plant(user)
    os.chown(path, USER, NEIGHBOUR)
    path.chmod(0o664)  # the group is the neighbour's
    ran = arcade(user, "whoami")
    ran.refused_in_one_message(f"Others can change {path}", f"chmod 600 {path}")
    assert cloud.asked == []


def test_what_root_stored_for_the_user_is_believed(user: Home, cloud: ArcadeCloud) -> None:
    folder(user, 0, 0o755)
    path = plant(user)
    os.chown(path, 0, 0)
    cloud.new_key("ada@example.test", "made-up-key-of-mallory")
    assert arcade(user, "whoami").code == 0
    ran = arcade(user, "logout")  # which root alone can do
    ran.refused_in_one_message("could not be removed", "Permission denied")


def test_a_folder_that_root_left_is_named_before_a_browser_opens(
    user: Home, cloud: ArcadeCloud
) -> None:
    folder(user, 0, 0o755)
    arcade(user, "login", "--host", cloud.url, "--timeout", "5").refused_in_one_message(
        "belongs to another user"
    )
    assert cloud.asked == []


def test_root_makes_no_folder_in_another_user_s_home(user: Home, cloud: ArcadeCloud) -> None:
    ran = arcade(user, "login", "--host", cloud.url, uid=None)
    ran.refused_in_one_message("without sudo", "ARCADE_WORK_DIR")
    assert not user.state.exists()
    assert cloud.asked == []


def test_a_neighbour_can_neither_learn_the_state_nor_end_the_login(
    user: Home, cloud: ArcadeCloud
) -> None:
    both = ("127.0.0.1|/", "::1|/")
    theirs = f"127.0.0.1|/callback?api_key={KEY}&email=m@example.test"
    with the_login_port(), WaitingLogin(user, user=USER) as login:
        said = run_as(NEIGHBOUR, KNOCK, *both, theirs)
        assert [line[:8] for line in said.splitlines()] == ["403 None"] * 2 + ["400 None"]
        assert login.query["state"] not in said
        assert login.process.poll() is None
        # The user's own browser is shown the way, by either address.
        for line in run_as(USER, KNOCK, *both).splitlines():
            assert line.startswith(f"302 {login.url} ")
        assert login.answer(api_key=KEY, email="ada@example.test")[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"Logged in as {cloud.accounts['ada@example.test']}.\n")


def test_no_command_line_on_the_machine_holds_the_state(user: Home) -> None:
    browser = user.folder.parent / "browser.sh"
    browser.write_text("#!/bin/sh\nexec >&- 2>&-\nsleep 3\n:\n")  # stays for a while
    browser.chmod(0o755)
    script = """
import glob, time
for _ in range(200):
    lines = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            line = open(path, "rb").read().replace(b"\\0", b" ")
            lines.append(line.decode("ascii", "replace"))
        except OSError:
            pass
    if any("browser.sh" in line for line in lines):
        break
    time.sleep(0.02)
print(ascii(lines))
"""
    with the_login_port(), WaitingLogin(user, user=USER, browser=f"{browser} %s") as login:
        seen = run_as(NEIGHBOUR, script)
        assert f"{browser} http://localhost:9905/" in seen
        assert len(login.query["state"]) >= 32
        assert login.query["state"] not in seen
