#!/usr/bin/env bash
# Build the console into dist/. Node comes from the machine when it is new enough, else from a wheel, pinned in node.lock.
set -euo pipefail
cd "$(dirname "$0")"

new_enough='const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)'

if ! { command -v npm && node -e "$new_enough"; } >/dev/null 2>&1; then
  tools="$PWD/.build/node"
  if [ ! -x "$tools/bin/npm" ]; then
    echo "Fetching Node (this machine has none that is new enough) …"
    rm -rf "$tools"
    ../../.venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r node.lock
  fi
  export PATH="$tools/bin:$PATH"
fi

echo "Fetching the console's packages …"
npm ci --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=20000
echo "Building the console …"
npm run --silent build
echo "The console is built."
