#include "operator/kube/protobuf.h"

#include <exception>
#include <protozero/pbf_reader.hpp>

namespace edp::kube {
namespace {

constexpr protozero::pbf_tag_type kRaw = 2;

}  // namespace

std::optional<std::string_view> protobuf_object(std::string_view body) try {
  if (!body.starts_with(kProtobufMagic)) return std::nullopt;
  body.remove_prefix(kProtobufMagic.size());
  std::string_view object;
  protozero::pbf_reader unknown(body.data(), body.size());
  while (unknown.next()) {
    if (unknown.tag_and_type() == protozero::tag_and_type(kRaw, protozero::pbf_wire_type::length_delimited)) {
      const protozero::data_view raw = unknown.get_view();
      object = {raw.data(), raw.size()};
    } else {
      unknown.skip();
    }
  }
  return object;
} catch (const std::exception&) {  // protozero's way to say that a message is broken
  return std::nullopt;
}

}  // namespace edp::kube
