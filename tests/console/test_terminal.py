"""What moves on a terminal does, on a pseudo-terminal; into a file nothing of it is written."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from tests.console.driver import PATIENCE, Shell

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def _hear_interrupts() -> None:
    """Undo what a shell does to programs in the background: there they ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A pseudo-terminal with the program in it."""

    def __init__(self, shell: Shell, *argv: str) -> None:
        self.master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        environment.pop("FLUXION_URI", None)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "fluxion_py.console", *argv],
            cwd=shell.folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_hear_interrupts,
        )
        os.close(slave)
        self.text = ""

    def until(self, pattern: str) -> str:
        """Read until the text so far, without control sequences, has a pattern; return the text."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, CONTROL.sub("", self.text)):
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no {pattern} in:\n{self.text}"
            try:
                self.text += os.read(self.master, 65536).decode()
            except OSError:  # the program has ended
                raise AssertionError(f"no {pattern} in:\n{self.text}") from None
        return CONTROL.sub("", self.text)

    def end(self) -> int:
        """Read to the end; return the exit code."""
        end = time.monotonic() + PATIENCE
        while True:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"it does not end:\n{self.text}"
            try:
                self.text += os.read(self.master, 65536).decode()
            except OSError:
                break
        os.close(self.master)
        return self.process.wait(PATIENCE)


def test_a_live_table_follows_the_jobs(shell: Shell) -> None:
    jobid = shell.submit("--job-name", "long", "-N", "40", "sleep", "1000")
    shell.until(jobid, "start")
    terminal = Terminal(shell, "jobs", "--live")
    assert jobid in terminal.until(r"long")
    later = shell.submit("--job-name", "later", "-N", "1", "sleep", "1000")
    assert later in terminal.until(r"later")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert "\x1b[?25h" in terminal.text  # the cursor is back


def test_a_progress_bar_counts_the_jobs_that_have_ended(shell: Shell) -> None:
    terminal = Terminal(shell, "submit", "--cc=1-20", "--quiet", "--progress", "true")
    terminal.until(r"20/20")
    assert terminal.end() == 0
    assert "\x1b[" in terminal.text
    assert shell.process("submit", "--cc=1-3", "--quiet", "--progress", "true").stderr == ""


def test_a_sweep_tells_how_far_it_is(alone: Shell) -> None:
    trace = alone.folder / "t.swf"
    trace.write_text("1 0 -1 100 3 -1 -1 3 -1 -1 1 7 1 -1 -1 -1 -1 -1\n")
    words = ("simulate", "t.swf", "--processors", "4", "--queue-policy", "fcfs,easy", "-j", "1")
    terminal = Terminal(alone, *words)
    terminal.until(r"1 of 2 simulations done")
    assert terminal.end() == 0
    assert alone.process(*words).stderr == ""


@pytest.mark.parametrize("words", [("jobs", "--live"), ("jobs",)])
def test_into_a_file_a_table_is_plain(shell: Shell, words: tuple[str, ...]) -> None:
    shell.submit("-N", "40", "sleep", "1000")
    done = shell.process(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "sleep" in done.stdout
