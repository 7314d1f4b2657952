fail() { echo "::error title=Berth::$1"; exit 1; }
{{- if not .Version }}
fail "{{ .Unreleased }} berth-dev/berth builds itself from it on Linux; this action takes a release."
{{- else }}
on_windows() { fail "berth-dev/berth/native takes a runner on Linux or macOS, and this one is on Windows."; }

{{ template "archive.sh" . }}
# Whatever ran on this machine before may have put something into the tool cache. So what is
# kept there is the archive, whose checksum stands above, and nothing in the cache is run: a
# copy that is this job's own is verified and unpacked.
cached="${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/berth/{{ .Number }}/$arch/$archive"
own=$(mktemp -d "$RUNNER_TEMP/berth.XXXXXX")
if [ -f "$cached" ] && cp "$cached" "$own/$archive" && [ "$(sha256_of "$own/$archive")" = "$sha256" ]; then
  echo "Berth {{ .Version }} is in the tool cache."
else
  if [ -f "$own/$archive" ]; then # whole or not
    echo "::warning title=Berth::$cached is not what was released, and is replaced."
    rm "$own/$archive"
  fi
  fetch "$own/$archive"
  # Under a name of its own and moved, so that a job beside this one never finds half of it.
  part="${cached%/*}/${own##*/}"
  { mkdir -p "${cached%/*}" && cp "$own/$archive" "$part" && mv -f "$part" "$cached"; } ||
    { rm -f "$part" && echo "It is not kept: the tool cache cannot be written."; }
fi
tar -xzf "$own/$archive" -C "$own" berth || fail "$archive cannot be unpacked in $own."
rm "$own/$archive"
echo "berth=$own/berth" >>"$GITHUB_OUTPUT"
{{- end }}
