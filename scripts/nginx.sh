#!/bin/sh
# See to it that the proxy tests find an nginx: one of this machine, else from the system's package
# manager, as root only. Without one those tests are skipped, so this never fails.
set -u

has() { PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null 2>&1; }

# Debian starts what it installs, now and at each boot; the tests start their own when they run.
without_starting() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT INT TERM
    "$@"
}

install_from_system() {
    if has apt-get; then
        apt-get update -q </dev/null
        without_starting env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends nginx </dev/null
        has systemctl && systemctl --quiet disable nginx 2>/dev/null
    elif has dnf; then
        dnf install -y nginx </dev/null
    elif has apk; then
        apk add nginx </dev/null
    fi
}

has nginx && exit 0
if [ "$(id -u)" -eq 0 ]; then
    echo "No nginx found for the proxy tests: installing one ..."
    install_from_system
    has nginx && exit 0
fi
echo "No nginx, and it could not be installed: the tests in tests/proxy/ are skipped."
