#!/bin/bash
# Installs what is missing, builds, and passes every test. On a fresh Debian 12,
# as root. Leaves the host as it was, apart from packages.
set -eu
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
  echo "tests/run.sh: the tests make hosts of their own in namespaces, which needs root" >&2
  exit 1
fi
tests/install-needed build tests
cmake --preset release >/dev/null
cmake --build --preset release
# Each scenario waits more than it computes.
exec ctest --preset release --parallel "$(($(nproc) * 2))"
