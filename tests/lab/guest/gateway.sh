# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A gateway on hci0 and wearables on the other controllers: . "$LAB_GUEST/gateway.sh"
. "$LAB_GUEST/library.sh"

LAB_PATIENT=${LAB_PATIENT:-p-lab}
LAB_PLAN=${LAB_PLAN:-$WARD_SOURCE/config/care-plans/oximetry-at-home.json}

# lab_configure [LINES]: /etc/wardgate as shipped, plus a drop-in for the lab, plus LINES.
lab_configure() {
    mkdir -p /etc/wardgate/wardgate.conf.d /var/lib/wardgate /run/wardgate
    cp "$WARD_SOURCE/config/wardgate.conf" /etc/wardgate/
    cat >/etc/wardgate/wardgate.conf.d/lab.conf <<EOF
[store]
path = ${LAB_DISK:-/var/lib/wardgate}/ward.db
[hub]
# Nobody enrolled this gateway with a ward: there are no keys to trust.
ward_keys =
[plan]
require_signature = no
[spool]
uplink_user = root
${1-}
EOF
}

lab_gateway_up_or_gone() { wardctl status || ! kill -0 "$(</run/lab/wardgated.pid)"; }

# lab_start_gateway: wardgated on hci0, with light and sound; what it logs is in $LAB_OUT/journal.log.
lab_start_gateway() {
    [ -e /etc/wardgate/wardgate.conf.d/lab.conf ] || lab_configure
    [ -e /sys/class/leds/wardgate:red:alarm ] || lab_leds wardgate:red:alarm wardgate:yellow:alarm
    [ -e /dev/snd/pcmC0D0p ] || lab_sound
    if [ ! -e /run/lab/journal.pid ]; then
        lab_start journal "$LAB_GUEST/journal"
        lab_wait 120 test -S /run/systemd/journal/socket || return
    fi
    lab_start wardgated wardgated --config /etc/wardgate/wardgate.conf
    lab_wait 60 lab_gateway_up_or_gone && wardctl status >/dev/null
}

# lab_address hciN: its address.
lab_address() {
    busctl get-property org.bluez "/org/bluez/$1" org.bluez.Adapter1 Address | cut -d'"' -f2
}

# lab_start_peripheral hciN COMMAND [raw]: COMMAND, a line of shell, as a wearable on that controller. Without raw
# the adapter is powered for it. The program finds LAB_ADAPTER (hciN) and LAB_ADDRESS in its environment.
lab_start_peripheral() {
    local address
    address=$(lab_address "$1")
    if [ "${3-}" != raw ]; then
        busctl set-property org.bluez "/org/bluez/$1" org.bluez.Adapter1 Powered b true || return
        if [ ! -e /run/lab/agent.pid ]; then
            # After the gateway, which asks to be the default agent when it starts.
            lab_start agent "$LAB_GUEST/agent"
            lab_wait 120 grep -q ready "$LAB_OUT/agent.log" || return
        fi
    fi
    lab_start "peripheral-$1" env LAB_ADAPTER="$1" LAB_ADDRESS="$address" bash -c "$2"
}

lab_admitted() { wardctl patient list --json | grep -q "\"$LAB_PATIENT\""; }

# lab_admit: $LAB_PATIENT with $LAB_PLAN, unless already here.
lab_admit() {
    lab_admitted || wardctl patient admit "$LAB_PATIENT" --episode s-lab --plan "$LAB_PLAN" >>"$LAB_OUT/enrol.log"
}

# lab_found: the addresses of devices in range that are not enrolled, one a line.
lab_found() {
    wardctl devices scan --seconds "${1:-10}" --json |
        /usr/bin/python3 -c 'import json, sys
for line in sys.stdin:
    found = json.loads(line)
    if not found.get("enrolled"):
        print(found["address"])'
}

# lab_enrol COUNT [SECONDS]: pairs what advertises for $LAB_PATIENT, until COUNT devices are enrolled.
lab_enrol() {
    local end=$((SECONDS + ${2:-240})) enrolled=0 address
    while [ "$enrolled" -lt "$1" ]; do
        if ! lab_peripherals_alive; then
            echo "lab: a peripheral has ended before it was enrolled" >&2
            return 1
        fi
        if [ $SECONDS -gt $end ]; then
            echo "lab: only $enrolled of $1 devices could be enrolled" >&2
            return 1
        fi
        for address in $(lab_found 10 2>>"$LAB_OUT/enrol.log"); do
            if wardctl devices pair "$address" --patient "$LAB_PATIENT" >>"$LAB_OUT/enrol.log" 2>&1; then
                enrolled=$((enrolled + 1))
            fi
        done
    done
}

# lab_peripherals: what tests/lab/run --peripheral asks for, before the command runs.
lab_peripherals() {
    local number=0 command
    lab_start_gateway && lab_admit || return
    for command in /run/lab/peripherals/*; do
        number=$((number + 1))
        lab_start_peripheral "hci$number" "$(<"$command")" "${LAB_RAW_HCI:+raw}" || return
    done
    lab_enrol "$number"
}

# lab_peripherals_alive: none has ended.
lab_peripherals_alive() {
    local pid
    for pid in /run/lab/peripheral-*.pid; do
        [ ! -e "$pid" ] || kill -0 "$(<"$pid")" || return
    done
}
