#!/usr/bin/env bash
# The shell that make runs its recipes with when TIMES names a file: it adds a line there for every command that it ran, with the part (the
# target of the Makefile), how long the command took in seconds, and how it ended.
#   .ci/timed-shell.sh --part=TARGET -c COMMAND
part=${1#--part=}
shift
[[ -n "$part" ]] || exec bash "$@" # make itself asks something, outside of any target
started=$EPOCHREALTIME
bash "$@"
status=$?
# The comma is how some languages write the point.
awk -v from="${started/,/.}" -v to="${EPOCHREALTIME/,/.}" -v part="$part" -v status="$status" \
  'BEGIN { print part, to - from, status }' >>"$TIMES"
exit "$status"
