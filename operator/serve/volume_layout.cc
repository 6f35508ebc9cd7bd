#include "operator/serve/volume_layout.h"

#include <dirent.h>

#include <memory>
#include <vector>

#include "operator/serve/names.h"
#include "operator/serve/ref.h"

namespace edp::serve::volume {

std::string run_folder(const ReportKey& key) {
  return std::string(kRuns) + "/" + key.ns + "/" + key.name + "/" + key.run_uid + "/" + key.pod_uid;
}

std::string ref_name(ReportFile file) { return std::string(file_name(file)) + ".ref"; }

std::string blob_folder(std::string_view digest) {
  return std::string(kBlobs) + "/" + std::string(digest.substr(7, 2));
}

std::string blob_name(std::string_view digest) { return std::string(digest.substr(7)); }

bool each_name(const std::string& folder, const std::function<bool(const std::string&)>& visit) {
  // Read first, visit then: the visitor may remove what it sees.
  std::vector<std::string> names;
  {
    const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir(folder.c_str()), ::closedir);
    if (list == nullptr) return true;
    while (const dirent* entry = ::readdir(list.get())) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
  }
  for (const auto& name : names) {
    if (!visit(name)) return false;
  }
  return true;
}

bool each_ref(const std::string& root, std::string_view ns, std::string_view name,
              const std::function<bool(const ReportKey&, const std::string&)>& visit) {
  ReportKey key;
  const auto in_run = [&](const std::string& folder) {
    return each_name(folder, [&](const std::string& uid) {
      if (!valid_uid(uid)) return true;
      key.run_uid = uid;
      return each_name(folder + "/" + uid, [&](const std::string& pod) {
        if (!valid_uid(pod)) return true;
        key.pod_uid = pod;
        return each_name(folder + "/" + uid + "/" + pod, [&](const std::string& file) {
          const auto parsed = file.ends_with(".ref")
                                  ? parse_file_name(std::string_view(file).substr(0, file.size() - 4))
                                  : std::nullopt;
          if (!parsed) return true;
          key.file = *parsed;
          return visit(key, folder + "/" + uid + "/" + pod + "/" + file);
        });
      });
    });
  };
  const std::string runs = root + "/" + std::string(kRuns);
  if (!ns.empty()) {
    key.ns = ns;
    key.name = name;
    return in_run(runs + "/" + key.ns + "/" + key.name);
  }
  return each_name(runs, [&](const std::string& in_ns) {
    if (!valid_namespace(in_ns)) return true;
    key.ns = in_ns;
    return each_name(runs + "/" + in_ns, [&](const std::string& of_name) {
      if (!valid_object_name(of_name)) return true;
      key.name = of_name;
      return in_run(runs + "/" + in_ns + "/" + of_name);
    });
  });
}

}  // namespace edp::serve::volume
