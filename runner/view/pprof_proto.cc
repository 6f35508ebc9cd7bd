#include "runner/view/pprof_proto.h"

#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <unordered_map>

namespace edp::view {
namespace {

using protozero::pbf_writer;

class Writer {
 public:
  explicit Writer(const model::Profile& profile) : profile_(profile) { (void)index(""); }

  std::string run() {
    pbf_writer out(bytes_);
    for (const model::ValueType& type : profile_.sample_types) value_type(out, 1, type);
    for (size_t i = 0; i < profile_.sample_count(); ++i) sample(out, profile_.sample(i));
    for (const model::Mapping& mapping : profile_.mappings) this->mapping(out, mapping);
    for (const model::Location& location : profile_.locations) this->location(out, location);
    for (const model::Function& function : profile_.functions) this->function(out, function);
    const uint64_t drop = index(profile_.drop_frames), keep = index(profile_.keep_frames);
    const uint64_t type = index(profile_.default_sample_type);
    value_type(out, 11, profile_.period_type);
    std::vector<uint64_t> comments;
    for (const std::string_view comment : profile_.comments) comments.push_back(index(comment));
    for (const std::string_view text : strings_) out.add_string(6, text.data(), text.size());
    add(out, 7, drop);
    add(out, 8, keep);
    add(out, 9, static_cast<uint64_t>(profile_.time_nanos));
    add(out, 10, static_cast<uint64_t>(profile_.duration_nanos));
    add(out, 12, static_cast<uint64_t>(profile_.period));
    out.add_packed_uint64(13, comments.begin(), comments.end());
    add(out, 14, type);
    return std::move(bytes_);
  }

 private:
  uint64_t index(std::string_view text) {
    const auto [known, is_new] = indices_.try_emplace(text, strings_.size());
    if (is_new) strings_.push_back(text);
    return known->second;
  }
  static void add(pbf_writer& out, protozero::pbf_tag_type tag, uint64_t value) {
    if (value != 0) out.add_uint64(tag, value);
  }

  void value_type(pbf_writer& out, protozero::pbf_tag_type tag, const model::ValueType& type) {
    const uint64_t name = index(type.type), unit = index(type.unit);
    pbf_writer message(out, tag);
    add(message, 1, name);
    add(message, 2, unit);
  }

  void sample(pbf_writer& out, const model::Sample& sample) {
    pbf_writer message(out, 2);
    std::vector<uint64_t> locations;
    for (const uint32_t i : sample.locations) locations.push_back(profile_.locations[i].id);
    message.add_packed_uint64(1, locations.begin(), locations.end());
    message.add_packed_int64(2, sample.values.begin(), sample.values.end());
    for (const model::Label& label : sample.labels) {
      const uint64_t key = index(label.key), text = index(label.text), unit = index(label.unit);
      pbf_writer inner(message, 3);
      add(inner, 1, key);
      add(inner, 2, label.is_number ? 0 : text);
      add(inner, 3, label.is_number ? static_cast<uint64_t>(label.number) : 0);
      add(inner, 4, unit);
    }
  }

  void mapping(pbf_writer& out, const model::Mapping& mapping) {
    const uint64_t file = index(mapping.file), build_id = index(mapping.build_id);
    pbf_writer message(out, 3);
    add(message, 1, mapping.id);
    add(message, 2, mapping.start);
    add(message, 3, mapping.limit);
    add(message, 4, mapping.offset);
    add(message, 5, file);
    add(message, 6, build_id);
    add(message, 7, mapping.has_functions ? 1 : 0);
    add(message, 8, mapping.has_filenames ? 1 : 0);
    add(message, 9, mapping.has_line_numbers ? 1 : 0);
    add(message, 10, mapping.has_inline_frames ? 1 : 0);
  }

  void location(pbf_writer& out, const model::Location& location) {
    pbf_writer message(out, 4);
    add(message, 1, location.id);
    if (location.mapping != model::kNone) add(message, 2, profile_.mappings[location.mapping].id);
    add(message, 3, location.address);
    for (const model::Line& line : profile_.lines_of(location)) {
      pbf_writer inner(message, 4);
      add(inner, 1, profile_.functions[line.function].id);
      add(inner, 2, static_cast<uint64_t>(line.line));
      add(inner, 3, static_cast<uint64_t>(line.column));
    }
    add(message, 5, location.is_folded ? 1 : 0);
  }

  void function(pbf_writer& out, const model::Function& function) {
    const uint64_t name = index(function.name), system = index(function.system_name),
                   file = index(function.file);
    pbf_writer message(out, 5);
    add(message, 1, function.id);
    add(message, 2, name);
    add(message, 3, system);
    add(message, 4, file);
    add(message, 5, static_cast<uint64_t>(function.start_line));
  }

  const model::Profile& profile_;
  std::string bytes_;
  std::vector<std::string_view> strings_;
  std::unordered_map<std::string_view, uint64_t> indices_;
};

}  // namespace

std::string to_proto(const model::Profile& profile) { return Writer(profile).run(); }

}  // namespace edp::view
