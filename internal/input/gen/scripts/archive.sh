# Berth {{ .Version }} for this machine.
download='{{ .Download }}'
case "$(uname -s)/$(uname -m)" in
{{- range .Unix }}
{{ .Uname }}) arch={{ .Arch }} archive={{ .Name }} sha256={{ .SHA256 }} ;;
{{- end }}
MINGW*/* | MSYS*/* | CYGWIN*/*) on_windows ;;
*) fail "There is no Berth for $(uname -s) on $(uname -m): it is built for Linux and macOS, on x86-64 and arm64." ;;
esac

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

# fetch FILE downloads the archive, and leaves it as FILE only if it is the one that was released.
fetch() {
  echo "Downloading $download/$archive"
  curl --fail --silent --show-error --location --proto '={{ .Protocol }}' --connect-timeout 20 --max-time 300 \
    --retry 5 --retry-connrefused --output "$1" "$download/$archive" ||
    fail "$download/$archive cannot be downloaded."
  got=$(sha256_of "$1") && [ -n "$got" ] || fail "There is neither sha256sum nor shasum here, by which the archive is verified."
  [ "$got" = "$sha256" ] && return
  rm -f "$1"
  fail "$download/$archive is not what was released: its SHA-256 is $got and has to be $sha256."
}
