# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The BlueZ adapter alone (bluez-probe), for the tests that drive it: . "$LAB_GUEST/adapter.sh", after library.sh.

life=0

# begin [CONNECTIONS]: the next life of the gateway. say WORD…: a command to it. log: what it said.
begin() {
    life=$((life + 1))
    : >/run/lab/commands-$life
    lab_start probe-$life bash -c "exec '$WARD_BUILD/tests/lab/bluez-probe' hci0 ${1:-0} < <(exec tail -f /run/lab/commands-$life)"
}
say() { echo "$*" >>/run/lab/commands-$life; }
log() { cat "$LAB_OUT/probe-$life.log"; }
count() { log | grep -cE -- "$1" || true; }
said() { [ "$(count "$1")" -ge "${2:-1}" ]; }
# more PATTERN N [SECONDS]: until N more lines than there are now match.
more() { lab_wait "${3:-60}" said "$1" $(($(count "$1") + $2)); }
# ask COMMAND PATTERN [SECONDS]: give the command, and wait for one more line that matches.
ask() {
    local before
    before=$(count "$2")
    say "$1"
    lab_wait "${3:-60}" said "$2" $((before + 1))
}
