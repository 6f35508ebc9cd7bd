#!/usr/bin/env bash
# Builds the pinned tools that tests of the operator ask for into the user's cache, each once. Called by `./edp test`.
set -euo pipefail
export GOBIN=${XDG_CACHE_HOME:-$HOME/.cache}/edp-cluster/tools CGO_ENABLED=0 GOFLAGS=-buildvcs=false
for module in \
  helm.sh/helm/v3/cmd/helm@v3.22.0 \
  github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 \
  github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0 \
  github.com/versity/versitygw/cmd/versitygw@v1.8.0; do
  name=$(basename "${module%@*}")
  [ -x "$GOBIN/$name" ] || (cd / && echo "building $name" && go install -ldflags '-s -w' "$module")
done
