#!/usr/bin/env bash
# Renders charts/edp into plain manifests, deploy/edp.yaml; with an argument, into that file ("-": to standard output).
set -euo pipefail
cd "$(dirname "$0")/.."
helm=${HELM:-$HOME/.cache/edp-cluster/tools/helm}
into=${1:-deploy/edp.yaml}
[ "$into" != - ] || into=/dev/stdout
rendered=$("$helm" template edp charts/edp --namespace edp --no-hooks --kube-version 1.37.0 --values deploy/values.yaml)
{
  cat << 'HEAD'
# EDP as plain manifests. Rendered from charts/edp by deploy/generate.sh: change the chart, not this file.
# Needs the Secrets edp-reports-tls and edp-audit-key: deploy/make-tls-secret.sh, deploy/make-audit-key.sh. See
# deploy/README.md.
---
apiVersion: v1
kind: Namespace
metadata:
  name: edp
  labels:
    app.kubernetes.io/name: edp
    app.kubernetes.io/part-of: edp
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: latest
HEAD
  # Helm's own marks mean nothing here; versions 3 and 4 differ in empty lines.
  sed -E '/^ *$/d; /^ +(helm\.sh\/(chart|resource-policy)|app\.kubernetes\.io\/managed-by): /d; /^ +annotations:$/{N;/\n +helm\.sh\/resource-policy: keep$/d}' <<< "$rendered"
} > "$into"
[ $# = 0 ] || exit 0

# The alerts for a Prometheus without its operator: rule_files in prometheus.yml.
{
  echo "# EDP's alerts for a Prometheus without the Prometheus operator. Rendered from charts/edp/files/rules.yaml by deploy/generate.sh."
  "$helm" template edp charts/edp --namespace edp --kube-version 1.37.0 --show-only templates/monitoring.yaml --set monitoring.prometheusRule.enabled=true \
    --set monitoring.dashboard.enabled=false | sed -n '/^  groups:/,$ s/^  //p' | sed '/^ *$/d'
} > deploy/prometheus/rules.yaml
