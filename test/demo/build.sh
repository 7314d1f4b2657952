#!/bin/sh
# Builds make's targets and shows that it is alive: compiling Kubernetes' control
# plane takes minutes, in which neither make nor go says a word.
#
#   MAKE=make sh test/demo/build.sh bin/berth bin/cluster bin/demo
set -u

command -v go >/dev/null || {
	echo "Go is not installed, or not in PATH. Get 1.26 or newer from https://go.dev/dl" >&2
	exit 127
}
log=$(mktemp) || exit 1
ticker=
trap '[ -z "$ticker" ] || kill "$ticker" 2>/dev/null; rm -f "$log"' EXIT
trap 'exit 130' INT TERM HUP

new=
for target; do [ -x "$target" ] || new="$new ${target##*/}"; done
[ -z "$new" ] || echo "Compiling$new. The first time takes about ten minutes on two cores, later ones seconds."

# One line every 20 seconds. It sleeps in short naps, of which at most one is left
# when this is over.
progress() {
	naps=0
	while sleep 1 >/dev/null; do
		naps=$((naps + 1))
		[ $((naps % 20)) -eq 0 ] || continue
		printf '  %d min %02d s: %d modules fetched, %d packages compiled\n' $((naps / 60)) $((naps % 60)) \
			"$(grep -c '^go: downloading ' "$log")" "$(grep -c '^[^ ]*$' "$log")"
	done
}
progress &
ticker=$!

"${MAKE:-make}" -s GOFLAGS='-trimpath -v' "$@" >"$log" 2>&1
status=$?
# -v prints the name of every package; whatever else there is, is worth reading.
[ $status -eq 0 ] || grep -v -e '^[^ ]*$' -e '^go: downloading ' "$log" >&2
exit $status
