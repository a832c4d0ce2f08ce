#!/usr/bin/env bash
# The main job in a minute, on the machine of resources/elk.yaml: what `make demo` runs.
# Needs fluxion-match on the PATH; works in a folder of its own.

set -euo pipefail
galleries="$(cd "$(dirname "$0")/.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cp "$galleries/resources/elk.yaml" "$galleries/jobspec/examples/slide.yaml" .

say() { printf '\n# %s\n' "$1"; }

show() { # print a command, run it; its exit code, if not 0, is told and goes no further
  printf '$ %s\n' "$1"
  local status=0
  bash -c "$1" 2>&1 || status=$?
  [ "$status" = 0 ] || printf '(exit code %s)\n' "$status"
}

say "A machine, described in twelve lines: 4 racks of 10 nodes of 2 sockets of 18 cores"
show "cat elk.yaml"
show "fluxion-match generate elk.yaml -o elk.json"
show "fluxion-match info -L elk.json"

say "A request: 2 racks, in each 3 nodes, whole, with all their cores"
show "cat slide.yaml"
show "fluxion-match allocate -L elk.json --state elk.state -P low slide.yaml"

say "The same again till the machine is full: not now (16) is not the same as never (19)"
show 'for i in 2 3 4 5 6; do fluxion-match allocate -L elk.json --state elk.state -q slide.yaml; done'
show "fluxion-match allocate -L elk.json --state elk.state slide.yaml"

say "But later: a reservation at the first time that fits"
show "fluxion-match reserve -L elk.json --state elk.state -q slide.yaml"

say "And a request that no state of this machine can meet"
show "sed 's/count: 18/count: 19/' slide.yaml | fluxion-match satisfiability -L elk.json -"
