# SPDX-License-Identifier: Apache-2.0
"""A field engineer who does what a page of docs/visits says: its blocks of commands are run as they stand there, in their
order, and what the block behind one shows has to be seen. Whatever happens in the home meanwhile is in visits.py."""
import re
import subprocess
import threading
import time

from bluez_fixture import INTERVAL_S, PATIENCE_S, ROOT

PAGES = ROOT / "docs" / "visits"


def steps_of(page):
    """(commands, what is to be seen), in the order of the page."""
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", (PAGES / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    steps = []
    for kind, text in blocks:
        if kind == "sh":
            steps.append((text, []))
        else:
            assert steps and not steps[-1][1], f"{page}: nothing is run before {text}"
            steps[-1][1].extend(text.splitlines())
    assert steps and all(seen for _, seen in steps), f"{page}: commands after which nothing is to be seen"
    return steps


def unseen(wanted, output, in_order=True):
    """The first of the lines that is not to be found (in_order: behind those before it), or None. A line is seen where one
    begins with it, blanks apart; "…" stands for anything."""
    said = [" ".join(line.split()) for line in output.splitlines()]
    lines = iter(said)
    for line in wanted:
        parts = [re.escape(" ".join(part.split())) for part in line.split("…")]
        pattern = re.compile(".*".join(parts))
        if not any(pattern.match(seen) for seen in (lines if in_order else said)):
            return line
    return None


class Engineer:
    """Goes through one page. Where several hubs stand, each step says before which one he is."""

    def __init__(self, page):
        self.page, self.steps = page, steps_of(page)

    def _run(self, home, commands, status, beside, typed):
        with subprocess.Popen(["bash", "-uo", "pipefail", "-c", commands], cwd=home.directory, env=home.environment, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            watchdog = threading.Timer(PATIENCE_S, process.kill)
            watchdog.start()
            try:
                if beside:
                    beside()
                output, _ = process.communicate(typed)
            except AssertionError as error:
                process.kill()
                raise AssertionError(f"{self.page}: {commands}{process.communicate()[0]}") from error
            finally:
                watchdog.cancel()
        assert status is None or process.returncode == status, f"{self.page}: {commands}{output}"
        return output

    def does(self, home, mark, beside=None, typed="", again=False, status=0, in_order=True):
        """The next block, which has to contain mark. beside: what happens meanwhile; again: he looks until he sees it;
        status: of the last command, None for whatever it is; in_order: what is to be seen is."""
        assert self.steps, f"{self.page} has no step {mark!r}"
        commands, wanted = self.steps.pop(0)
        assert mark in commands, f"{self.page}: {mark!r} is not in {commands!r}"
        print(f"{self.page}: {mark}", flush=True)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            output = self._run(home, commands, None if again else status, beside, typed)
            missing = unseen(wanted, output, in_order)
            if missing is None or not again or time.monotonic() > deadline:
                break
            threading.Event().wait(INTERVAL_S)
        assert missing is None, f"{self.page}: after {commands}there is no {missing!r} in\n{output}"
        return output

    def is_done(self):
        assert not self.steps, f"{self.page}: nobody has done {self.steps[0][0]}"
