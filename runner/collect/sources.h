// Inside of collect: one function for each kind of target.
#pragma once

#include "runner/collect/collect.h"
#include "runner/collect/recorder.h"

namespace edp::collect {

// A Go program by net/http/pprof. In time:
//
//   start            index page, then first snapshots, side by side
//   window           |-------------- deltas, W+1 s --------------|
//                      |------------ cpu, W s ----------------|
//                            trace     trace     trace        (or the flight recorder's, at the end)
//                         (snapshots of what shows a trend)
//   end              last snapshots and the rest, side by side; the goroutine dump, which stops the
//                    program while it is written, last
TargetCollection collect_live(const TargetSpec& target, const CollectPlan& plan,
                              const CollectContext& context, Reporter& reporter);

// A file, the files of a directory (not below it; names that begin with a dot are left out), standard input.
TargetCollection collect_files(const TargetSpec& target, const CollectPlan& plan,
                               const CollectContext& context, Reporter& reporter);

}  // namespace edp::collect
