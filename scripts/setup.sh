#!/bin/sh
# Make .venv and install into it: what the server needs, or with "dev" the tools of `make test` too.
# A stamp says for which requirements and in which folder that was done, so that doing it again is
# instant. Pip's own settings (PIP_INDEX_URL and the like) are respected.
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}
python=.venv/bin/python

fail() {
    printf '%s\n' "" "$@" >&2
    exit 1
}

find_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "Imagine needs Python 3.11 or newer, and none was found." \
        "Install one, or name it: make PYTHON=/path/to/python3"
}

make_environment() {
    base=$(find_python)
    "$base" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$base cannot make a virtual environment: its venv module is missing." \
            "On Debian and Ubuntu: sudo apt install python3-venv"
    echo "Making .venv with $("$base" --version) ..."
    "$base" -m venv --clear .venv || fail "$base could not make the virtual environment .venv."
}

wanted="$(cat pyproject.toml constraints.txt | cksum) $(pwd)"
stamp=.venv/installed-$what
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$python" -c '' 2>/dev/null && exit 0

"$python" -m pip --version >/dev/null 2>&1 || make_environment
case $what in
run) target=. ;;
*) target=".[$what]" ;;
esac
echo "Installing the packages, once ..."
"$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e "$target" ||
    fail "The packages could not be installed; the lines above say why." \
        "Pip must reach a package index: behind a mirror, set PIP_INDEX_URL."
printf '%s' "$wanted" >"$stamp"
