#!/usr/bin/env bash
# Builds etcd and the three Kubernetes components of the tests; prints the folder they are in (see ../README.md).
#
#   FLUXION_KUBE   cache outside the checkout (default ~/.cache/fluxion-py/kube)
#   K8S_BIN        a folder that has the four binaries: nothing is built
#   FLUXION_KUBE_JOBS   packages compiled at once (default: as many as processors)
#
# With --where nothing is built: the folder is printed if it is complete, else the exit status is 1.

set -euo pipefail
cd "$(dirname "$0")"

components=(etcd kube-scheduler kube-apiserver kube-controller-manager)

fail() {
  echo "make kube: $1" >&2
  exit 1
}

complete() {
  local name
  for name in "${components[@]}"; do
    [ -x "$1/$name" ] || return 1
  done
}

if [ -n "${K8S_BIN:-}" ]; then
  complete "$K8S_BIN" || fail "K8S_BIN=$K8S_BIN lacks one of: ${components[*]}"
  echo "$K8S_BIN"
  exit
fi

version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' go.mod)
inputs=$(cat go.mod go.sum ./*/main.go build.sh | sha256sum | cut -c 1-12)
folder="${FLUXION_KUBE:-$HOME/.cache/fluxion-py/kube}/$version-$inputs"

if complete "$folder"; then
  echo "$folder"
  exit
fi
[ "${1:-}" != --where ] || exit 1

command -v go >/dev/null || fail "go is missing; install Go $(awk '$1 == "go" { print $2 }' go.mod) or set K8S_BIN"
go mod download >&2 || fail "the Go modules could not be downloaded (go env GOPROXY: $(go env GOPROXY)); or set K8S_BIN"

set_version() {
  local part=k8s.io/component-base/version
  local major minor
  IFS=. read -r major minor _ <<<"${version#v}"
  echo "-X $part.gitVersion=$version -X $part.gitMajor=$major -X $part.gitMinor=$minor"
}

mkdir -p "$folder.part"
# The compiler collects its garbage less often: a quarter less time for some more memory.
GOGC="${GOGC:-400}" CGO_ENABLED=0 nice go build -trimpath -mod=readonly ${FLUXION_KUBE_JOBS:+-p "$FLUXION_KUBE_JOBS"} \
  -ldflags "-s -w $(set_version)" -o "$folder.part/" "${components[@]/#/./}" >&2 ||
  fail "the build failed"
mv -T "$folder.part" "$folder"
echo "$folder"
