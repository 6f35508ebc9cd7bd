#include "operator/watch/splitter.h"

#include <algorithm>
#include <exception>
#include <protozero/pbf_reader.hpp>

namespace edp::watch {
namespace {

constexpr size_t kKeepCapacity = size_t{256} << 10;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Empties a buffer; one that an unusual object blew up gives its memory back.
void reset(std::string& buffer) {
  if (buffer.capacity() > kKeepCapacity) {
    std::string().swap(buffer);
  } else {
    buffer.clear();
  }
}

// The first byte of [at, end) that can end a string or escape its end.
const char* string_stop(const char* at, const char* end) {
  while (at != end && *at != '"' && *at != '\\') ++at;
  return at;
}

// Past the JSON value at `at`; null where it doesn't end. Brackets are counted, not matched by kind.
const char* skip_value(const char* at, const char* end) {
  size_t depth = 0;
  for (; at != end; ++at) {
    switch (*at) {
      case '"':
        for (++at; (at = string_stop(at, end)) != end && *at == '\\'; at += 2)
          if (end - at < 2) return nullptr;
        if (at == end) return nullptr;
        if (depth == 0) return at + 1;
        break;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0) return at;  // ends what the value is in
        if (--depth == 0) return at + 1;
        break;
      case ',':
        if (depth == 0) return at;
        break;
      default:
        break;
    }
  }
  return depth == 0 ? at : nullptr;
}

}  // namespace

bool LineSplitter::deliver(std::string_view line) {
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
  return line.empty() || on_line_(line);
}

bool LineSplitter::feed(std::string_view chunk) {
  while (!chunk.empty()) {
    const size_t newline = chunk.find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::string_view part = chunk.substr(0, newline);
    chunk.remove_prefix(ends ? newline + 1 : chunk.size());
    if (!skipping_ && line_.size() + part.size() > max_line_) {
      skipping_ = true;
      ++too_long_;
      reset(line_);
    }
    if (!ends) {
      if (!skipping_) line_.append(part);
      return true;
    }
    if (skipping_) {
      skipping_ = false;
      continue;
    }
    bool more = true;
    if (line_.empty()) {
      more = deliver(part);
    } else {
      line_.append(part);
      more = deliver(line_);
      reset(line_);
    }
    if (!more) return false;
  }
  return true;
}

bool FrameSplitter::feed(std::string_view chunk) {
  constexpr size_t kHead = 4;
  while (!chunk.empty()) {
    if (head_ < kHead) {
      left_ = left_ << 8U | static_cast<unsigned char>(chunk.front());
      chunk.remove_prefix(1);
      if (++head_ < kHead) continue;
      skipping_ = left_ > max_frame_;
      if (skipping_) ++too_long_;
      if (left_ == 0) head_ = 0;
      continue;
    }
    const std::string_view part = chunk.substr(0, left_);
    chunk.remove_prefix(part.size());
    left_ -= part.size();
    if (left_ == 0) head_ = 0;
    if (skipping_) continue;
    if (left_ == 0 && frame_.empty()) {  // as a whole in one chunk: no copy
      if (!on_frame_(part)) return false;
      continue;
    }
    frame_ += part;
    if (left_ != 0) continue;
    const bool more = on_frame_(frame_);
    reset(frame_);
    if (!more) return false;
  }
  return true;
}

bool EventSplitter::feed(std::string_view chunk) {
  if (!begun_ && !chunk.empty()) {
    begun_ = true;
    framed_ = chunk.front() == '\0';
  }
  return framed_ ? frames_.feed(chunk) : lines_.feed(chunk);
}

bool ListSplitter::broken(std::string what) {
  error_ = std::move(what);
  return false;
}

void ListSplitter::keep(std::string_view bytes) {
  if (in_item_) {
    if (!skipping_ && item_.size() + bytes.size() > max_item_) {
      skipping_ = true;
      ++too_long_;
      reset(item_);
    }
    if (!skipping_) item_.append(bytes);
  } else if (!in_items_) {
    if (envelope_.size() + bytes.size() > kMaxEnvelope) {
      broken("a list has more than 64 KiB beside its items");
    } else {
      envelope_.append(bytes);
    }
  }
}

bool ListSplitter::end_item(std::string_view last_part) {
  bool more = true;
  if (item_.empty() && !skipping_ && last_part.size() <= max_item_) {
    more = on_item_(last_part);
  } else {
    keep(last_part);
    if (!skipping_) more = on_item_(item_);
  }
  reset(item_);
  in_item_ = skipping_ = false;
  return more;
}

bool ListSplitter::feed(std::string_view chunk) {
  if (!error_.empty()) return false;
  const char* const end = chunk.data() + chunk.size();
  const char* from = chunk.data();  // of the item's or envelope's part that is still to be kept
  for (const char* at = from; at != end; ++at) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
        continue;
      }
      const char* const stop = string_stop(at, end);
      if (reading_key_ && key_.size() < 16) key_.append(at, std::min<size_t>(stop - at, 16));
      at = stop;
      if (at == end) break;
      if (*at == '\\') {
        escaped_ = true;
      } else {
        in_string_ = reading_key_ = false;
      }
      continue;
    }
    const char c = *at;
    if (is_space(c)) continue;
    if (in_items_ && !in_item_) {
      if (c == ',') continue;
      from = at;
      if (c == ']') {
        in_items_ = false;
      } else if (c == '{') {
        in_item_ = true;
      } else {
        return broken("an item of a list is no object");
      }
    } else if (depth_ == 0 && (c != '{' || ended_)) {
      return broken(ended_ ? "something follows the list" : "not a JSON object");
    }
    switch (c) {
      case '"':
        in_string_ = true;
        if (depth_ == 1 && key_next_) {
          reading_key_ = true;
          key_next_ = false;
          key_.clear();
        }
        break;
      case '{':
      case '[':
        if (++depth_ > 1000) return broken("nested too deeply");
        if (depth_ == 1) key_next_ = true;
        if (depth_ == 2 && c == '[' && key_ == "items") {
          keep({from, static_cast<size_t>(at + 1 - from)});
          in_items_ = items_seen_ = true;
        }
        break;
      case '}':
      case ']':
        if (--depth_ == 0) ended_ = true;
        if (in_item_ && depth_ == 2) {
          const bool more = end_item({from, static_cast<size_t>(at + 1 - from)});
          if (!more) return false;
        }
        break;
      case ',':
        if (depth_ == 1) key_next_ = true;
        break;
      case 'n':
        if (depth_ == 1 && key_ == "items") items_seen_ = true;  // null: Go's empty list
        break;
      default:
        break;
    }
  }
  if (in_item_ || !in_items_) keep({from, static_cast<size_t>(end - from)});
  return error_.empty();
}

namespace {

// metav1.WatchEvent{type = 1, object = 2: runtime.RawExtension{raw = 1}}
Result<WatchEvent> split_frame(std::string_view frame) try {
  constexpr auto kFirst = protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited);
  constexpr auto kSecond = protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited);
  const auto view = [](protozero::data_view bytes) { return std::string_view(bytes.data(), bytes.size()); };
  WatchEvent event;
  protozero::pbf_reader message(frame.data(), frame.size());
  while (message.next()) {
    switch (message.tag_and_type()) {
      case kFirst:
        event.type = view(message.get_view());
        break;
      case kSecond: {
        protozero::pbf_reader extension = message.get_message();
        while (extension.next()) {
          if (extension.tag_and_type() == kFirst) {
            event.object = view(extension.get_view());
          } else {
            extension.skip();
          }
        }
        break;
      }
      default:
        message.skip();
    }
  }
  if (event.type.empty() || event.object.empty()) return fail("a watch event has no type or no object");
  return event;
} catch (const std::exception& error) {
  return fail(std::string("a watch event is not valid protobuf: ") + error.what());
}

}  // namespace

Result<WatchEvent> split_event(std::string_view bytes) {
  if (bytes.starts_with('\n')) return split_frame(bytes);  // the tag of its type; no line begins so
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const auto spaces = [&] {
    while (at != end && is_space(*at)) ++at;
    return at != end;
  };
  if (!spaces() || *at != '{') return fail("a watch event is no JSON object");
  ++at;
  WatchEvent event;
  while (spaces() && *at != '}') {
    if (*at != '"') return fail("a watch event is no JSON object");
    const char* const key = at;
    const char* const key_end = skip_value(at, end);
    if (key_end == nullptr) return fail("a watch event ends too early");
    at = key_end;
    if (!spaces() || *at != ':') return fail("a watch event is no JSON object");
    ++at;
    if (!spaces()) break;
    const char* const value = at;
    at = skip_value(at, end);
    if (at == nullptr) return fail("a watch event ends too early");
    const std::string_view name(key + 1, static_cast<size_t>(key_end - key) - 2);
    const std::string_view text(value, static_cast<size_t>(at - value));
    if (name == "type" && text.size() >= 2 && text.front() == '"') {
      event.type = text.substr(1, text.size() - 2);
    } else if (name == "object" && text.starts_with('{')) {
      event.object = text;
    }
    if (spaces() && *at == ',') ++at;
  }
  if (at == end) return fail("a watch event ends too early");
  if (event.type.empty() || event.object.empty()) return fail("a watch event has no type or no object");
  return event;
}

}  // namespace edp::watch
