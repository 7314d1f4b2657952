#!/bin/sh
# Generated from internal/input by "go generate ./internal/input"; do not edit.
# Helm runs this when the plugin was installed or updated. It puts bin/berth in place, and leaves
# one alone that it did not put there, such as that of make build.
set -eu
cd "${HELM_PLUGIN_DIR:-$(dirname "$0")}"

fail() {
  echo "berth: $1" >&2
  echo "berth: Before you try again: helm plugin uninstall berth" >&2
  exit 1
}

[ -e bin/berth ] || [ -e bin/berth.exe ] ||
  fail "This commit is no release of Berth, so there is nothing to download. Install one, helm plugin install https://github.com/berth-dev/berth --version v1.2.3, or build it here with make build."
