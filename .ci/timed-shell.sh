#!/usr/bin/env bash
# make runs its recipes with this shell when TIMES names a file. For every command it adds a line to that file: the part (the target in the
# Makefile), how long the command took in seconds, and its exit status.
#   .ci/timed-shell.sh --part=TARGET -c COMMAND
part=${1#--part=}
shift
[[ -n "$part" ]] || exec bash "$@" # make runs this command for itself, outside of any target.
started=$EPOCHREALTIME
bash "$@"
status=$?
# In some locales bash writes a decimal comma; awk needs a point.
awk -v from="${started/,/.}" -v to="${EPOCHREALTIME/,/.}" -v part="$part" -v status="$status" \
  'BEGIN { print part, to - from, status }' >>"$TIMES"
exit "$status"
