#!/bin/bash
# Shows the main job on a private sshd: issue a certificate, log in, be refused,
# read what was logged. On a fresh Debian 12, as root; leaves the host as it
# was, apart from packages.
set -eu
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
  echo "tests/demo.sh: it makes a host of its own in namespaces, which needs root" >&2
  exit 1
fi
tests/install-needed build tests
echo "building ..."
cmake --preset release -DBUILD_TESTING=OFF -B build/demo >/dev/null
cmake --build build/demo >/dev/null
exec tests/scenario/run build/demo tests/demo-story.sh
