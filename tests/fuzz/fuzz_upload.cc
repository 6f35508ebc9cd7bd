// What a runner may send: any body, cut anywhere, packed or not, on its way into a store on disk. Whatever
// comes, either a fault is named or the store has exactly the report; and what is taken for a report is JSON
// to others too.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "operator/serve/alerts.h"
#include "operator/serve/testing/keys.h"
#include "operator/serve/upload_body.h"
#include "operator/serve/volume_store.h"

namespace {

using namespace edp::serve;

constexpr uint64_t kMaxBytes = 1U << 20U;

ReportStore& store() {
  static const std::unique_ptr<ReportStore> opened = [] {
    std::string name = (std::filesystem::temp_directory_path() / "edp-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    static std::string root;
    root = name;
    (void)std::atexit([] { std::filesystem::remove_all(root); });
    auto made = open_volume_store({name, 0});
    if (!made) std::abort();
    return std::move(*made);
  }();
  return *opened;
}

}  // namespace

// First byte: which file, packed or not, in which pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const unsigned how = data[0];
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)parse_alerts(body, 10);

  const auto file = (how & 1U) != 0 ? ReportFile::kHtml : ReportFile::kJson;
  const size_t piece = 1 + (how >> 2U) * 7;
  auto writer = store().begin(0);
  if (!writer) std::abort();
  UploadBody upload(**writer, file, (how & 2U) != 0, kMaxBytes);
  bool good = true;
  for (size_t at = 0; at < body.size() && good; at += piece) good = upload.feed(body.substr(at, piece));
  good = good && upload.finish();
  if (!good) {
    const auto& fault = upload.fault();
    if (!fault || (fault->status != 413 && fault->status != 422) || fault->reason.empty()) std::abort();
    return 0;
  }
  const uint64_t bytes = (*writer)->bytes();
  if (bytes == 0 || bytes > kMaxBytes) std::abort();
  // Syncing a disk thousands of times a second says nothing new; every 64th is carried through.
  static unsigned count = 0;
  if (++count % 64 != 0) return 0;
  const ReportKey key = testing::key(1, file);
  if (!(*writer)->commit(key, 1, 1)) std::abort();
  const std::string stored = testing::get(store(), key);
  if (stored.size() != bytes) std::abort();
  if (file == ReportFile::kJson) {
    const auto json = nlohmann::json::parse(stored, nullptr, false);
    // Bytes that are not UTF-8 are the only thing that we let pass and others don't.
    if (json.is_discarded()) {
      for (const char c : stored) {
        if ((static_cast<unsigned char>(c) & 0x80U) != 0) return 0;
      }
      std::abort();
    }
    // A key may also be written with escapes; those we don't take for ours.
    if (json.value("schema", "") != "edp.report/v1" && stored.find("\\u") == std::string::npos) std::abort();
  }
  return 0;
}
