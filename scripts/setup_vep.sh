#!/usr/bin/env bash
# Make .vep, the environment of the VEP engine (vepyr), from its own lock file: it asks for older
# versions of Polars and Arrow than ours. Only `--engine vep` needs it; does nothing where it is
# there and unchanged.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.vep/.made-from
wanted=$(sha256sum requirements-vep.lock | cut -c1-64)
[[ -f $stamp && $(<"$stamp") == "$wanted" ]] && exit 0

if [[ ! -x .uv/bin/uv ]]; then
    echo "setup: uv is missing; run scripts/setup.sh (make setup) first" >&2
    exit 1
fi
echo "setup: making .vep from requirements-vep.lock ($(grep -c '==' requirements-vep.lock) packages)"
export UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never
.uv/bin/uv venv --quiet --allow-existing --python /usr/bin/python3 .vep
.uv/bin/uv pip sync --quiet --compile-bytecode --python .vep/bin/python --require-hashes \
    requirements-vep.lock
echo "$wanted" >"$stamp"
