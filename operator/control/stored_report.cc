#include "operator/control/stored_report.h"

#include "common/validation/reading.h"
#include "operator/serve/names.h"

namespace edp::control {

Result<std::optional<std::string>> stored_report(serve::ReportStore* store, const tickets::RunEnded& run,
                                                 const tickets::RunEnded::Target& target) {
  const std::optional<std::string> none;
  if (store == nullptr || !serve::valid_namespace(run.ns) || !serve::valid_object_name(run.name) ||
      !serve::valid_uid(run.uid) || !serve::valid_uid(target.uid)) {
    return none;
  }
  const serve::ReportKey key{run.ns, run.name, run.uid, target.uid, serve::ReportFile::kJson};
  const auto ref = store->find(key);
  if (!ref) {
    if (ref.error().kind == serve::StoreErrorKind::kNotFound) return none;
    return tl::unexpected(ref.error().error);
  }
  if (ref->digest != target.digest || ref->bytes > validation::kMaxReportBytes) return none;
  const auto source = store->open(key, *ref);
  if (!source) {
    if (source.error().kind == serve::StoreErrorKind::kUnavailable)
      return tl::unexpected(source.error().error);
    return none;
  }
  std::string json(static_cast<size_t>((*source)->size()), '\0');
  for (size_t at = 0; at < json.size();) {
    const auto got = (*source)->read(at, json.data() + at, json.size() - at);
    if (!got) return tl::unexpected(got.error());
    at += *got;
  }
  return std::optional(std::move(json));
}

}  // namespace edp::control
