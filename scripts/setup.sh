#!/usr/bin/env bash
# Set up everything: system packages (Debian), uv, and .venv from the lock file.
# Does nothing where all is there. Says what it is about to install.
# Further lists of Debian packages may be named: scripts/setup.sh resources/bench-packages.txt
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
while read -r package; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null |
        grep -qx installed || missing+=("$package")
done < <(cat resources/system-packages.txt "$@")

if ((${#missing[@]})); then
    as_root=()
    if [[ $(id -u) != 0 ]]; then
        if ! sudo --non-interactive true 2>/dev/null; then
            echo "setup: these Debian packages are missing; ask an administrator to run" >&2
            echo "    apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo --non-interactive)
    fi
    echo "setup: installing Debian packages: ${missing[*]}"
    "${as_root[@]}" apt-get update --quiet --quiet
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install \
        --quiet --quiet --yes --no-install-recommends "${missing[@]}" >/dev/null
fi

# Compiled loops that are older than the code: numba doesn't see changes in another module's
# functions that it has inlined.
newest=$(find scripts/soyang -name '*.py' -printf '%T@ %p\n' | sort --numeric-sort | tail -n 1)
find scripts/soyang -name '*.nb[ic]' ! -newer "${newest#* }" -delete

# What .venv was made from; where that is unchanged there is nothing to do.
stamp=.venv/.made-from
wanted=$(sha256sum pyproject.toml requirements.lock requirements-uv.lock | sha256sum | cut -c1-64)
[[ -f $stamp && $(<"$stamp") == "$wanted" ]] && exit 0

if [[ ! -x .uv/bin/uv ]]; then
    echo "setup: installing uv into .uv"
    /usr/bin/python3 -m venv .uv
    .uv/bin/pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement requirements-uv.lock
fi
echo "setup: making .venv from requirements.lock ($(grep -c '==' requirements.lock) packages)"
export UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never
.uv/bin/uv venv --quiet --allow-existing --python /usr/bin/python3 .venv
.uv/bin/uv pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock
.uv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --no-deps --no-build-isolation --editable .
echo "$wanted" >"$stamp"
