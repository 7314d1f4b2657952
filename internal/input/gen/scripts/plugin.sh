#!/bin/sh
# {{ .Generated }}
# Helm runs this when the plugin was installed or updated. It puts bin/berth in place, and leaves
# one alone that it did not put there, such as that of make build.
set -eu
cd "${HELM_PLUGIN_DIR:-$(dirname "$0")}"

fail() {
  echo "berth: $1" >&2
  echo "berth: Before you try again: helm plugin uninstall berth" >&2
  exit 1
}
{{- if not .Version }}

[ -e bin/berth ] || [ -e bin/berth.exe ] ||
  fail "{{ .Unreleased }} Install one, helm plugin install https://github.com/berth-dev/berth --version v1.2.3, or build it here with make build."
{{- else }}
on_windows() {
  [ ! -e bin/berth.exe ] || exit 0
  fail "On Windows, download $download/{{ .Windows.Name }} (SHA-256 {{ .Windows.SHA256 }}), and put its berth.exe into $PWD/bin."
}

{{ template "archive.sh" . }}
installed=bin/berth.sha256 # of the program that this script put there
if [ -e bin/berth ] && [ "$(sha256_of bin/berth)" != "$(cat "$installed" 2>/dev/null)" ]; then
  echo "bin/berth is there already, and is left as it is."
  exit 0
fi
new=$(mktemp -d new.XXXXXX)
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
fetch "$new/$archive"
tar -xzf "$new/$archive" -C "$new" berth || fail "$archive cannot be unpacked in $PWD."
mkdir -p bin
sha256_of "$new/berth" >"$installed"
mv -f "$new/berth" bin/berth
echo "Berth {{ .Version }} for $arch is installed."
{{- end }}
