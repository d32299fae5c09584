# Sourced by ./demo and ./check: what both need before they start. Everything it says goes to standard error.

say() { printf '%s\n' "$*" >&2; }

# install_packages FILE…: installs the Debian packages named in FILEs that are missing, as root or by sudo.
install_packages() {
    local missing as_root=()
    missing=$(sed -e '/^#/d' "$@" | while read -r package; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || printf '%s ' "$package"
    done)
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    say "Installing: $missing"
    # shellcheck disable=SC2086  # a list of words
    "${as_root[@]}" apt-get update -qq >&2 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
            >/dev/null
}

# install_npm: what tests/lib/npm/package-lock.json pins by version and integrity, into build/npm; nothing of it runs at
# installation. Once there it is not asked for again until the file changes.
install_npm() {
    local from=tests/lib/npm to=build/npm
    cmp -s "$from/package-lock.json" "$to/installed" && return 0
    command -v npm >/dev/null || install_packages tests/lib/packages-npm || return 1
    say "Installing from npm: $(sed -n 's/^ *"node_modules\/\(.*\)": {$/\1/p' "$from/package-lock.json" | tr '\n' ' ')"
    mkdir -p "$to" && cp "$from/package.json" "$from/package-lock.json" "$to" &&
        npm ci --prefix "$to" --ignore-scripts --no-audit --no-fund --silent >&2 &&
        cp "$from/package-lock.json" "$to/installed"
}

# build_preset PRESET [TARGET…]: configures build/PRESET and builds it, or only the targets.
build_preset() {
    local preset=$1 targets=()
    shift
    [ $# -eq 0 ] || targets=(--target "$@")
    cmake --preset "$preset" >/dev/null &&
        cmake --build --preset "$preset" "${targets[@]}" -- -k 0 2>&1 | sed '/^\[[0-9]*\/[0-9]*\] /d' >&2
    return "${PIPESTATUS[0]}"
}
