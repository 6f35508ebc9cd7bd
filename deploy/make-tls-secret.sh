#!/usr/bin/env bash
# Makes an authority and a certificate for EDP's report service, and prints the Secret edp-reports-tls:
#   deploy/make-tls-secret.sh [NAMESPACE [DAYS]] | kubectl apply -f -
# The authority's key is thrown away: to renew, run it again, then `kubectl -n edp rollout restart deployment/edp-operator`.
set -euo pipefail
namespace=${1:-edp}
days=${2:-3650}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
names=DNS:localhost,IP:127.0.0.1
for service in edp-reports edp-operator; do
  for suffix in "" ".$namespace" ".$namespace.svc" ".$namespace.svc.cluster.local"; do names+=,DNS:$service$suffix; done
done
new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null || openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
new_key "$work/ca.key"
openssl req -x509 -new -key "$work/ca.key" -days "$days" -subj /CN=edp-reports-ca -out "$work/ca.crt" \
  -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign
new_key "$work/tls.key"
openssl req -new -key "$work/tls.key" -subj "/CN=edp-reports.$namespace.svc" -out "$work/tls.csr"
printf '%s\n' "subjectAltName=$names" basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth,clientAuth > "$work/extensions"
openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days "$days" \
  -extfile "$work/extensions" -out "$work/tls.crt" 2> /dev/null
cat << SECRET
apiVersion: v1
kind: Secret
metadata:
  name: edp-reports-tls
  namespace: $namespace
type: kubernetes.io/tls
data:
  ca.crt: $(base64 -w0 < "$work/ca.crt")
  tls.crt: $(base64 -w0 < "$work/tls.crt")
  tls.key: $(base64 -w0 < "$work/tls.key")
SECRET
