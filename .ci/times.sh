#!/usr/bin/env bash
# Prints how long each part took, and the sum, from a file that .ci/timed-shell.sh has written.
#   .ci/times.sh FILE
awk '
  !($1 in seconds) { parts[++count] = $1 }
  { seconds[$1] += $2; sum += $2; if ($3 != 0) failed[$1] = 1 }
  function line(name, s, note) { printf "%-18s %3d min %4.1f s%s\n", name, s / 60, s % 60, note }
  END {
    for (i = 1; i <= count; i++) line(parts[i], seconds[parts[i]], parts[i] in failed ? "  failed" : "")
    line("all", sum, "")
  }
' "$1"
