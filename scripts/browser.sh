#!/bin/sh
# See to it that the browser tests find a Chromium: one of this machine, else from the system's
# package manager (as root, or where sudo asks nothing), else Playwright's own download.
set -u
cd "$(dirname "$0")/.."

has_browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        # Ubuntu's chromium-browser may be a stub that only asks for a snap.
        "$name" --version >/dev/null 2>&1 && return
    done
    .venv/bin/python - <<'PYTHON'
import os.path, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not os.path.exists(playwright.chromium.executable_path))
PYTHON
}

has() { command -v "$1" >/dev/null 2>&1; }

install_from_system() {
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        has sudo && sudo -n true 2>/dev/null || return 1
        sudo="sudo -n"
    fi
    if has apt-get; then
        $sudo apt-get update -q </dev/null
        $sudo env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends chromium fonts-liberation </dev/null
    elif has dnf; then
        $sudo dnf install -y chromium </dev/null
    elif has pacman; then
        $sudo pacman -Sy --noconfirm chromium </dev/null
    elif has apk; then
        $sudo apk add chromium </dev/null
    elif has zypper; then
        $sudo zypper --non-interactive install chromium </dev/null
    fi
}

has_browser && exit 0
echo "No Chromium found for the browser tests: installing one ..."
install_from_system
has_browser && exit 0
.venv/bin/python -m playwright install chromium </dev/null
has_browser && exit 0
printf '%s\n' "" "The browser tests need Chromium, and it could not be installed." \
    "Install it with your package manager (Debian: sudo apt install chromium), then run again." >&2
exit 1
