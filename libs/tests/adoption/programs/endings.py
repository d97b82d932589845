"""What a command may come to, whatever framework it belongs to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable


def do_return() -> None:
    print("done")


def exit_none() -> None:
    sys.exit()


def exit_zero() -> None:
    sys.exit(0)


def exit_three() -> None:
    sys.exit(3)


def exit_minus_one() -> None:
    sys.exit(-1)


def exit_true() -> None:
    sys.exit(True)


def exit_words() -> None:
    sys.exit("made-up words")


def fail() -> None:
    raise ValueError("it broke")


def fail_again() -> None:
    try:
        fail()
    except ValueError as error:
        raise RuntimeError("and so did this") from error


def exit_because() -> None:
    try:
        fail()
    except ValueError as error:
        raise SystemExit(4) from error


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


def terminate_in_c() -> None:
    """Told to end while no line of Python gets its turn."""
    if os.fork() == 0:
        time.sleep(0.3)
        os.kill(os.getppid(), signal.SIGTERM)
        os._exit(0)
    sum(range(10**12))


def terminate_with_a_handler() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
    terminate()


def terminate_after_a_handler() -> None:
    """As a server does that has ended well: it puts back what it found, and ends as it was told."""
    told = []
    before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    os.kill(os.getpid(), signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)
    signal.raise_signal(told[0])


def hang_up_after_a_loop() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, print)
        loop.remove_signal_handler(signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)

    asyncio.run(work())


def interrupt_by_default() -> None:
    """As a program does that wants its caller to see by what it was ended."""
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)


def hang_up() -> None:
    os.kill(os.getpid(), signal.SIGHUP)
    time.sleep(5)


def hang_up_ignored() -> None:
    """As under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGHUP)
    print("still here")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def exit_at_once() -> None:
    os._exit(6)


def exit_at_once_well() -> None:
    """As mypy does, to save the time that it takes to take itself apart."""
    print("well", flush=True)
    os._exit(0)


def exit_in_a_child() -> None:
    """Its code is not the command's."""
    if os.fork() == 0:
        os._exit(0)
    os.wait()
    kill()


def print_much() -> None:
    for number in range(100_000):
        print(number)


def print_little() -> None:
    """What stays in the buffer until the interpreter ends."""
    _without_reader()
    print("nobody reads this")


def run_async() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("in a coroutine")

    asyncio.run(work())


def _without_reader() -> None:
    read, write = os.pipe()
    os.dup2(write, 1)
    os.close(read)
    os.close(write)


def print_much_to_nobody() -> None:
    _without_reader()
    print_much()


def pipe_by_default() -> None:
    """As ``cat`` does."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    print_much_to_nobody()


def pipe_by_default_at_the_end() -> None:
    """Of which nothing is written before the interpreter ends."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    print_little()


def break_own_pipe() -> None:
    """A pipe of the program's own; somebody reads its output all the same."""
    read, write = os.pipe()
    os.close(read)
    os.write(write, b"lost")


COMMANDS: dict[str, Callable[[], None]] = {
    "return": do_return,
    "exit-none": exit_none,
    "exit-zero": exit_zero,
    "exit-three": exit_three,
    "exit-minus-one": exit_minus_one,
    "exit-true": exit_true,
    "exit-words": exit_words,
    "exit-because": exit_because,
    "fail": fail,
    "fail-again": fail_again,
    "interrupt": interrupt,
    "terminate": terminate,
    "terminate-in-c": terminate_in_c,
    "terminate-with-a-handler": terminate_with_a_handler,
    "terminate-after-a-handler": terminate_after_a_handler,
    "hang-up": hang_up,
    "hang-up-after-a-loop": hang_up_after_a_loop,
    "interrupt-by-default": interrupt_by_default,
    "pipe-by-default": pipe_by_default,
    "pipe-by-default-at-the-end": pipe_by_default_at_the_end,
    "hang-up-ignored": hang_up_ignored,
    "kill": kill,
    "exit-at-once": exit_at_once,
    "exit-at-once-well": exit_at_once_well,
    "exit-in-a-child": exit_in_a_child,
    "print-little": print_little,
    "print-much-to-nobody": print_much_to_nobody,
    "break-own-pipe": break_own_pipe,
    "run-async": run_async,
}
