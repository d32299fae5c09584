# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The guest's shell library. Sourced by guest/boot, and by any test: . "$LAB_GUEST/library.sh"

# The variables of tests/lab/run; systemd's services do not inherit them.
. /run/lab/environment
export PATH="$WARD_BUILD/gateway/app:$WARD_BUILD/gateway/uplink:$WARD_BUILD/gateway/ctl:$WARD_BUILD/firmware/wearable"
export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root LC_ALL=C.UTF-8

# lab_port NAME: the device of a port to the host.
lab_port() {
    local port
    for port in /sys/class/virtio-ports/*; do
        if [ "$(<"$port/name")" = "lab.$1" ]; then
            echo "/dev/${port##*/}"
            return
        fi
    done
    return 1
}

# lab_control LINE: tell the host (entered, started, exit N, cut). The port admits one writer at a time.
lab_control() {
    (
        flock 9
        echo "$1" >"$(lab_port control)"
    ) 9>/run/lab/control.lock
}

# lab_power_cut: the power goes now. Nothing that was not flushed survives, and only on $LAB_DISK.
lab_power_cut() {
    lab_control cut
    exec sleep infinity
}

# lab_wait SECONDS COMMAND…: until COMMAND succeeds; fails, and says so, if it has not after SECONDS.
lab_wait() {
    local seconds=$1 end
    shift
    end=$((SECONDS + seconds))
    until "$@" >/run/lab/wait.log 2>&1; do
        if [ $SECONDS -gt $end ]; then
            echo "lab: waited $seconds s in vain for: $*" >&2
            cat /run/lab/wait.log >&2
            return 1
        fi
        sleep 0.1
    done
}

# lab_start NAME COMMAND…: run COMMAND in the background, its output in $LAB_OUT/NAME.log.
lab_start() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"$LAB_OUT/$name.log" 2>&1 &
    echo $! >"/run/lab/$name.pid"
}

# lab_stop NAME [SIGNAL]: end what lab_start NAME began, and wait for it. KILL takes its children along, which it could
# not end itself.
lab_stop() {
    local pid target
    pid=$(<"/run/lab/$1.pid")
    target=$pid
    if [ "${2:-TERM}" = KILL ]; then target=-$pid; fi
    kill -"${2:-TERM}" -- "$target" 2>/dev/null || true
    tail --pid="$pid" -s 0.05 -f /dev/null
    rm "/run/lab/$1.pid"
}

lab_bus_up() { busctl --quiet --timeout=5 call org.freedesktop.DBus / org.freedesktop.DBus.Peer Ping; }

# lab_adapters: how many adapters bluetoothd has on D-Bus.
lab_adapters() { busctl --timeout=5 tree --list org.bluez | grep -cx '/org/bluez/hci[0-9]*'; }
lab_adapters_up() { [ "$(lab_adapters)" -eq "$LAB_CONTROLLERS" ]; }
lab_load_bluetooth() {
    # algif_*, cmac, ecb, ccm: btvirt and bluetoothd compute keys through AF_ALG, which loads nothing by itself.
    modprobe -a bluetooth hci_vhci algif_hash algif_skcipher cmac ecb ccm ecdh_generic uhid
}

# lab_controllers_up: all are there, and the kernel is through with their initialisation.
lab_controllers_up() {
    local controllers=(/sys/kernel/debug/bluetooth/hci*/features)
    [ -e "${controllers[0]}" ] && [ ${#controllers[@]} -eq "$LAB_CONTROLLERS" ]
}

# btvirt alone cannot keep two links of one controller apart: see btvirt-links.c. LAB_ADDRESSES: see btvirt-addresses.h.
LAB_BTVIRT=(env "LD_PRELOAD=$WARD_BUILD/tests/lab/btvirt-links.so" "BTVIRT_ADDRESSES=${LAB_ADDRESSES-}" "$LAB_FILES/btvirt" -L "-l$LAB_CONTROLLERS")

# lab_start_btvirt: the controllers. The kernel gives one up that leaves its first command unanswered for two seconds,
# and btvirt is silent while the kernel looks for cipher modules on its behalf: so nothing is looked for meanwhile
# (all is loaded), and on a busy machine it is tried again.
lab_start_btvirt() {
    local attempt loader
    loader=$(</proc/sys/kernel/modprobe)
    for attempt in 1 2 3; do
        echo >/proc/sys/kernel/modprobe
        lab_start btvirt "${LAB_BTVIRT[@]}"
        lab_wait 15 lab_controllers_up 2>>"$LAB_OUT/btvirt.log" && break
        lab_stop btvirt
    done
    echo "$loader" >/proc/sys/kernel/modprobe
    lab_controllers_up
}

# lab_start_bluetoothd: returns when every controller is on D-Bus.
lab_start_bluetoothd() {
    lab_start bluetoothd "$LAB_GUEST/keep" /usr/libexec/bluetooth/bluetoothd -n ${LAB_DEBUG:+-d} \
        -f "$WARD_SOURCE/config/bluetooth/main.conf"
    lab_wait 120 lab_adapters_up
}

lab_restart_bluetoothd() {
    lab_stop bluetoothd "${1:-TERM}"
    lab_start_bluetoothd
}

# lab_reset_bluetooth: as on the first day: no bonds, no caches, adapters off.
lab_reset_bluetooth() {
    lab_stop bluetoothd
    rm -rf /var/lib/bluetooth/*
    lab_start_bluetoothd
}

lab_start_bus() {
    mkdir -p /run/dbus
    dbus-daemon --system --fork --nopidfile
}

# The guest's keyboard is there, with its LEDs. On a busy machine it may answer the kernel too late, which then takes it for
# none: it is asked again every ten seconds.
lab_keyboard_is_there() {
    local port
    compgen -G '/sys/class/leds/input*::scrolllock' >/dev/null && return
    if [ $((SECONDS - lab_keyboard_asked)) -ge 10 ]; then
        lab_keyboard_asked=$SECONDS
        for port in /sys/bus/serio/devices/*/drvctl; do printf rescan >"$port"; done
    fi
    return 1
}

# lab_leds NAME…: up to three LEDs of these names in /sys/class/leds. Debian's kernel has no uleds, but the guest's
# keyboard has real LEDs of the same class: they get the names that the board's would have.
lab_leds() {
    local devices=() led keyboard lab_keyboard_asked=$SECONDS
    modprobe input_leds
    lab_wait 120 lab_keyboard_is_there || return
    keyboard=$(compgen -G '/sys/class/leds/input*::scrolllock' | head -n 1)
    for led in numlock capslock scrolllock; do
        devices+=("$(realpath "${keyboard%::*}::$led")")
        echo none >"${devices[-1]}/trigger"
    done
    mount -t tmpfs -o mode=755 tmpfs /sys/class/leds
    for led; do
        ln -s "${devices[0]}" "/sys/class/leds/$led"
        devices=("${devices[@]:1}")
    done
}

# lab_sound: a sound card whose playback (hw:Loopback,0) can be recorded (hw:Loopback,1).
lab_sound() {
    modprobe snd-aloop
    lab_wait 120 test -e /dev/snd/pcmC0D0p
}
