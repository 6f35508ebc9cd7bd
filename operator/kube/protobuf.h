// Kubernetes' own form of protobuf: "k8s\0", then a runtime.Unknown that holds the object.
#pragma once

#include <optional>
#include <string_view>

namespace edp::kube {

inline constexpr std::string_view kProtobufMagic{"k8s\0", 4};

// The object's own message, a view into `body`. Nothing where it is no such envelope, or a broken one.
std::optional<std::string_view> protobuf_object(std::string_view body);

}  // namespace edp::kube
