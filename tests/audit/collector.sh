#!/usr/bin/env bash
# Builds the OpenTelemetry Collector that stands for the SOC's side of Fluent's forward protocol, once, and prints its path.
# Takes some minutes of two cores.
set -euo pipefail
version=0.160.0
home=${XDG_CACHE_HOME:-$HOME/.cache}/edp/otelcol-$version
if [ ! -x "$home/otelcol" ]; then
  mkdir -p "$home/source"
  contrib=github.com/open-telemetry/opentelemetry-collector-contrib
  cat > "$home/builder.yaml" << YAML
dist: {name: otelcol, output_path: $home/source, version: $version}
receivers:
  - gomod: $contrib/receiver/fluentforwardreceiver v$version
exporters:
  - gomod: go.opentelemetry.io/collector/exporter/otlphttpexporter v$version
providers:
  - gomod: go.opentelemetry.io/collector/confmap/provider/envprovider v1.66.0
  - gomod: go.opentelemetry.io/collector/confmap/provider/fileprovider v1.66.0
YAML
  GOFLAGS=-mod=mod go run "go.opentelemetry.io/collector/cmd/builder@v$version" --config "$home/builder.yaml" >&2
  mv "$home/source/otelcol" "$home/otelcol"
fi
echo "$home/otelcol"
