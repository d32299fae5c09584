# SPDX-License-Identifier: Apache-2.0
"""Completion of wardctl in the shells themselves: each sits on a terminal, is typed to and asked what it offers. What there is
to offer is tests/integration/test_wardctl_table.py's."""

import os
import pathlib
import pty
import select
import shutil
import subprocess
import termios
import time

import pytest

from test_wardctl import ROOT, WARDCTL, Gateway

COMPLETION = ROOT / "gateway/ctl/completion"
DEADLINE_S = 60

# Readline's "insert all of them", and a key that tells the line as it is then.
BASHRC = """
. /usr/share/bash-completion/bash_completion
. {completion}/wardctl.bash
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
bind '"\\C-xa": insert-completions'
bind -x '"\\C-xt": printf "%s" "$READLINE_LINE" >{out}.new && mv {out}.new {out}'
PS1='ready> '
"""

# A widget that tells what compadd was given and would take, and one that tells the line.
ZSHRC = """
fpath=({completion} $fpath)
autoload -Uz compinit && compinit -u -D
capture() {{
    local -a all
    compadd() {{
        local -a taken
        builtin compadd -O taken "$@"
        all+=($taken)
        builtin compadd "$@"
    }}
    _main_complete
    unfunction compadd
    print -rn -- "$all" >{out}.new && mv {out}.new {out}
}}
zle -C capture complete-word capture
tell() {{ print -rn -- "$BUFFER" >{out}.new && mv {out}.new {out} }}
zle -N tell
bindkey '^Xa' capture '^Xt' tell
PROMPT='ready> '
unsetopt beep
"""


def environment(directory, bus):
    return {"PATH": f"{WARDCTL.parent}:{os.environ['PATH']}", "HOME": str(directory), "ZDOTDIR": str(directory), "TERM": "dumb",
            "LC_ALL": "C.UTF-8", "DBUS_SYSTEM_BUS_ADDRESS": bus}


class Terminal:
    """A shell on a terminal of its own, in a directory with the files plan.json and plain.txt."""

    def __init__(self, command, directory, bus):
        self.out = directory / "out"
        ours, theirs = pty.openpty()
        attributes = termios.tcgetattr(theirs)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        self.terminal = ours
        self.shown = b""
        self.shell = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=directory, close_fds=True,
                                      start_new_session=True, env=environment(directory, bus))
        os.close(theirs)
        self.until(lambda: b"ready> " in self.shown, "its prompt")

    def until(self, holds, what):
        deadline = time.monotonic() + DEADLINE_S
        while not holds():
            assert time.monotonic() < deadline and self.shell.poll() is None, f"{what}: {self.shown!r}"
            if select.select([self.terminal], [], [], 0.05)[0]:
                self.shown += os.read(self.terminal, 65536)

    def answer(self, keys):
        self.out.unlink(missing_ok=True)
        os.write(self.terminal, keys.encode())
        self.until(self.out.exists, keys)
        return self.out.read_text()

    def stop(self):
        self.shell.kill()
        self.shell.wait(DEADLINE_S)
        os.close(self.terminal)


class Bash(Terminal):
    def __init__(self, directory, bus):
        (directory / "bashrc").write_text(BASHRC.format(completion=COMPLETION, out=directory / "out"))
        super().__init__(["bash", "--noprofile", "--rcfile", directory / "bashrc", "-i"], directory, bus)

    def offered(self, line):
        """Each stands on the line then, in the place of the word that was begun."""
        before = line[:line.rindex(" ") + 1]
        after = self.answer(f"\x15{line}\x18a\x18t")
        assert after.startswith(before)
        return after[len(before):].split() if after != line else []

    def completed(self, line):
        return self.answer(f"\x15{line}\t\x18t")


class Zsh(Terminal):
    def __init__(self, directory, bus):
        (directory / ".zshrc").write_text(ZSHRC.format(completion=COMPLETION, out=directory / "out"))
        super().__init__(["zsh", "-d", "-i"], directory, bus)

    def offered(self, line):
        return self.answer(f"\x15{line}\x18a").split()

    def completed(self, line):
        return self.answer(f"\x15{line}\t\x18t")


class Fish:
    def __init__(self, directory, bus):
        self.directory, self.environment = directory, environment(directory, bus)

    def offered(self, line):
        script = f"source {COMPLETION}/wardctl.fish; complete -C {line!r}"
        done = subprocess.run(["fish", "--no-config", "-c", script], cwd=self.directory, env=self.environment, text=True,
                              capture_output=True, timeout=DEADLINE_S)
        assert (done.returncode, done.stderr) == (0, "")
        return [offer.split("\t")[0] for offer in done.stdout.splitlines()]

    def completed(self, line):
        only, = self.offered(line)
        return line[:line.rindex(" ") + 1] + only + " "

    def stop(self):
        pass


@pytest.fixture(scope="module")
def gateway():
    instance = Gateway()
    try:
        instance.start()
        instance.answers("Patients", {"patient": "p-7f3a"}, {"patient": "p-0002"})
        instance.answers("Devices", {"device": "d-91c2"}, {"device": "x-1"})
        instance.answers("Alarms", {"id": "9c1e" * 8})
        yield instance
    finally:
        instance.stop()


@pytest.fixture(scope="module", params=[Bash, Zsh, Fish], ids=["bash", "zsh", "fish"])
def shell(request, gateway, tmp_path_factory):
    name = request.param.__name__.lower()
    if not shutil.which(name) or (name == "bash" and not pathlib.Path("/usr/share/bash-completion/bash_completion").exists()):
        pytest.skip(f"{name} or its completion is not installed")
    directory = tmp_path_factory.mktemp(name)
    for file in ("plan.json", "plain.txt"):
        (directory / file).write_text("")
    shell = request.param(directory, gateway.bus)
    yield shell
    shell.stop()


@pytest.mark.parametrize(("line", "offers"), [
    ("wardctl dev", {"devices"}),
    ("wardctl p", {"patient", "plan"}),
    ("wardctl devices ", {"list", "scan", "pair", "show", "test", "bind", "unbind", "rename", "forget"}),
    ("wardctl devices pa", {"pair"}),
    ("wardctl devices pair AA:BB:CC:DD:EE:FF --pa", {"--patient"}),
    ("wardctl devices bind d-91c2 --s", {"--slot", "--share"}),
    ("wardctl devices pair AA:BB:CC:DD:EE:FF --patient ", {"p-7f3a", "p-0002"}),
    ("wardctl patient show p-7", {"p-7f3a"}),
    ("wardctl devices test ", {"d-91c2", "x-1"}),
    ("wardctl devices bind d", {"d-91c2"}),
    ("wardctl alarms explain 9", {"9c1e" * 8}),
    ("wardctl readings --quantity sp", {"spo2", "spo2_fast", "spo2_slow"}),
    ("wardctl plan check pla", {"plan.json", "plain.txt"}),
])
def test_what_is_offered(shell, line, offers):
    assert set(shell.offered(line)) == offers


def test_a_value_behind_an_equals_sign(shell):
    offered = {offer.rsplit("=", 1)[-1] for offer in shell.offered("wardctl alarms --patient=p-7")}
    assert offered == {"p-7f3a"}


@pytest.mark.parametrize(("line", "completed"), [
    ("wardctl dev", "wardctl devices "),
    ("wardctl devices test d", "wardctl devices test d-91c2 "),
    ("wardctl patient admit p-1 --pla", "wardctl patient admit p-1 --plan "),
    ("wardctl plan check plan", "wardctl plan check plan.json "),
])
def test_what_one_key_completes(shell, line, completed):
    assert shell.completed(line) == completed


def test_nothing_is_said_where_nothing_goes(shell):
    assert shell.offered("wardctl frobnicate ") == []


def test_without_a_daemon_verbs_are_offered_all_the_same(shell, tmp_path_factory):
    directory = tmp_path_factory.mktemp("alone")
    alone = type(shell)(directory, "unix:path=/nonexistent")
    try:
        assert alone.offered("wardctl patient show p") == []
        assert alone.offered("wardctl patient sh") == ["show"]
    finally:
        alone.stop()
