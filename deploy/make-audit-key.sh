#!/usr/bin/env bash
# Makes the Ed25519 key that seals the audit, and prints the Secret edp-audit-key:
#   deploy/make-audit-key.sh [NAMESPACE] | kubectl apply -f -
# Once: what an older key has signed is checked with that one's public key. To get that, for `edp-runner audit verify --key`:
#   kubectl -n edp get secret edp-audit-key -o 'jsonpath={.data.key}' | base64 -d | openssl pkey -pubout
set -euo pipefail
cat << SECRET
apiVersion: v1
kind: Secret
metadata:
  name: edp-audit-key
  namespace: ${1:-edp}
type: Opaque
data:
  key: $(openssl genpkey -algorithm ED25519 | base64 -w0)
SECRET
