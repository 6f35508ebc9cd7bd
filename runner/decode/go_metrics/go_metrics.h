// /metrics in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats), as far as the Go
// collector's metrics go (client_golang's collectors.NewGoCollector): memory, goroutines, GC.
#pragma once

#include "runner/decode/decoder.h"

namespace edp::decode::go_metrics {

Result<Decoded> decode_metrics(std::string bytes, const Limits& limits);

}  // namespace edp::decode::go_metrics

namespace edp::decode {
Decoder go_metrics_decoder();
}  // namespace edp::decode
