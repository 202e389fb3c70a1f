#!/usr/bin/env bash
# Sets up everything that `make` needs, without root: the virtual environment with locked packages, Node, the web pages.
#
# Safe to run again and by two makes at once: each step leaves a stamp with the digest of what it was made from, and is
# skipped while that is unchanged. Nothing here names a package index: pip and npm use whichever the machine is set to.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly venv=.venv
readonly node_oldest=20.19

say() { printf '%s\n' "$*" >&2; }
missing() {
    say "Yizhan needs $1."
    say "Install it with:  $2"
    exit 3
}

# quietly LOG COMMAND…: its output goes to LOG, and is shown only when it fails.
quietly() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        say "This failed: $*"
        exit 1
    }
}

digest() { sha256sum "$@" | sha256sum | cut -c1-64; }
# stamped STAMP DIGEST: true when the step that leaves STAMP was done for DIGEST.
stamped() { [[ -f $1 && $(<"$1") == "$2" ]]; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    missing "Python 3.11 or newer" "sudo apt-get install python3 python3-venv"
}

make_environment() {
    local python version
    if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$(find_python)
        "$python" -c 'import venv, ensurepip' 2>/dev/null ||
            missing "Python's venv module" "sudo apt-get install python3-venv"
        say "Making the virtual environment $venv with $python"
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    version=$("$venv/bin/python" -VV)
    local wanted
    wanted=$(printf '%s' "$version" | cat - requirements.lock pyproject.toml | sha256sum | cut -c1-64)
    if ! stamped "$venv/.packages" "$wanted"; then
        say "Installing the locked Python packages"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
        # setuptools is in the lock, so the build needs no download of its own.
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
        printf '%s' "$wanted" >"$venv/.packages"
    fi
}

system_node() {
    command -v node >/dev/null && command -v npm >/dev/null && node -e "
        const [wanted, found] = ['$node_oldest', process.versions.node].map((text) => text.split('.').map(Number));
        process.exit(found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1]) ? 0 : 1)" 2>/dev/null
}

find_node() {
    # The environment's own Node, where one was installed, comes first, as in the Makefile.
    PATH="$PWD/$venv/bin:$PATH"
    system_node && return
    say "No Node $node_oldest or newer with npm on this system: installing it into $venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
    hash -r
    system_node || missing "Node $node_oldest or newer with npm" "sudo apt-get install nodejs npm"
}

build_pages() {
    local packages sources
    packages=$(digest web/package.json web/package-lock.json)
    if ! stamped web/node_modules/.packages "$packages"; then
        say "Installing the locked npm packages"
        quietly .run/npm.log npm --prefix web ci --no-audit --no-fund --loglevel=error
        printf '%s' "$packages" >web/node_modules/.packages
    fi
    sources=$(find web -type d \( -name node_modules -o -name dist -o -name generated \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64)
    if ! stamped web/dist/.sources "$sources"; then
        say "Building the web pages"
        quietly .run/pages.log npm --prefix web run --silent build
        printf '%s' "$sources" >web/dist/.sources
    fi
}

mkdir -p .run
exec 9>.run/bootstrap.lock
flock 9
make_environment
find_node
build_pages
