#!/bin/sh
# Feeds every fuzz target of this module so many inputs, one after the other, and stops
# at the first that fails. A target is any function Fuzz… in a test file: none is listed.
#
#   run.sh INPUTS          what fails stays under testdata/fuzz of its package, as Go writes it
#   run.sh INPUTS FOLDER   what fails is moved to that folder, and nothing is left in the tree
#
# It is a number and no time: before Go 1.27 a target can fail with "context deadline
# exceeded" because its time is over (https://go.dev/issue/75804).
set -eu
inputs=$1 folder=${2-}
cd "$(dirname "$0")/../.."

# A module in a folder of its own is not this one.
others=$(find . -mindepth 2 -name go.mod -exec dirname {} \;)
files=$(grep -rl --include='*_test.go' '^func Fuzz' .)
for other in $others; do
  files=$(printf '%s\n' "$files" | grep -v "^$other/" || true)
done
[ -n "$files" ] || { echo "No fuzz target was found: look at $0." >&2; exit 1; }

# moved takes from the tree what a target has written since it began.
moved() {
  [ -n "$folder" ] && [ -d "$1/testdata/fuzz" ] || return 0
  find "$1/testdata/fuzz" -type f -newer "$began" | while read -r input; do
    mkdir -p "$folder"
    echo "It failed on this input, which is now in $folder/$(basename "$input"):"
    cat "$input"
    mv "$input" "$folder/"
    echo "Once it is mended, keep it as $input: the unit tests play it from there."
  done
  find "$1/testdata/fuzz" -depth -type d -empty -exec rmdir {} \;
  rmdir "$1/testdata" 2>/dev/null || true # other tests may have theirs in it
}

began=$(mktemp)
trap 'rm -f "$began"' EXIT
count=0
for file in $files; do
  package=$(dirname "$file")
  if grep -q '^//go:build' "$file"; then
    echo "$file has a build constraint: go test would not find its targets. Move them to a file without one." >&2
    exit 1
  fi
  for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
    touch "$began"
    # What is new is made smaller before anything else is tried, for a minute each if Go
    # may: a target that writes files would do nothing else.
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${inputs}x" -fuzzminimizetime 10x "$package" || { moved "$package"; exit 1; }
    count=$((count + 1))
  done
done
echo "$count fuzz targets held against $inputs inputs each."
