// The package part of symbols.h: what belongs to the Go standard library.
#include <algorithm>
#include <array>

#include "runner/analyse/symbols.h"

namespace edp::analyse {
namespace {

// Public packages of Go 1.19 to 1.26 (`go list std`), sorted. Packages below an internal/ folder are known by
// their prefix.
constexpr auto kStandard = std::to_array<std::string_view>({
    "archive/tar",
    "archive/zip",
    "arena",
    "bufio",
    "builtin",
    "bytes",
    "cmp",
    "compress/bzip2",
    "compress/flate",
    "compress/gzip",
    "compress/lzw",
    "compress/zlib",
    "container/heap",
    "container/list",
    "container/ring",
    "context",
    "crypto",
    "crypto/aes",
    "crypto/cipher",
    "crypto/des",
    "crypto/dsa",
    "crypto/ecdh",
    "crypto/ecdsa",
    "crypto/ed25519",
    "crypto/elliptic",
    "crypto/fips140",
    "crypto/hkdf",
    "crypto/hmac",
    "crypto/hpke",
    "crypto/md5",
    "crypto/mlkem",
    "crypto/pbkdf2",
    "crypto/rand",
    "crypto/rc4",
    "crypto/rsa",
    "crypto/sha1",
    "crypto/sha256",
    "crypto/sha3",
    "crypto/sha512",
    "crypto/subtle",
    "crypto/tls",
    "crypto/x509",
    "crypto/x509/pkix",
    "database/sql",
    "database/sql/driver",
    "debug/buildinfo",
    "debug/dwarf",
    "debug/elf",
    "debug/gosym",
    "debug/macho",
    "debug/pe",
    "debug/plan9obj",
    "embed",
    "encoding",
    "encoding/ascii85",
    "encoding/asn1",
    "encoding/base32",
    "encoding/base64",
    "encoding/binary",
    "encoding/csv",
    "encoding/gob",
    "encoding/hex",
    "encoding/json",
    "encoding/json/jsontext",
    "encoding/json/v2",
    "encoding/pem",
    "encoding/xml",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go/ast",
    "go/build",
    "go/build/constraint",
    "go/constant",
    "go/doc",
    "go/doc/comment",
    "go/format",
    "go/importer",
    "go/parser",
    "go/printer",
    "go/scanner",
    "go/token",
    "go/types",
    "go/version",
    "hash",
    "hash/adler32",
    "hash/crc32",
    "hash/crc64",
    "hash/fnv",
    "hash/maphash",
    "html",
    "html/template",
    "image",
    "image/color",
    "image/color/palette",
    "image/draw",
    "image/gif",
    "image/jpeg",
    "image/png",
    "index/suffixarray",
    "io",
    "io/fs",
    "io/ioutil",
    "iter",
    "log",
    "log/slog",
    "log/syslog",
    "maps",
    "math",
    "math/big",
    "math/bits",
    "math/cmplx",
    "math/rand",
    "math/rand/v2",
    "mime",
    "mime/multipart",
    "mime/quotedprintable",
    "net",
    "net/http",
    "net/http/cgi",
    "net/http/cookiejar",
    "net/http/fcgi",
    "net/http/httptest",
    "net/http/httptrace",
    "net/http/httputil",
    "net/http/pprof",
    "net/mail",
    "net/netip",
    "net/rpc",
    "net/rpc/jsonrpc",
    "net/smtp",
    "net/textproto",
    "net/url",
    "os",
    "os/exec",
    "os/signal",
    "os/user",
    "path",
    "path/filepath",
    "plugin",
    "reflect",
    "regexp",
    "regexp/syntax",
    "runtime",
    "runtime/cgo",
    "runtime/coverage",
    "runtime/debug",
    "runtime/metrics",
    "runtime/pprof",
    "runtime/race",
    "runtime/trace",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "sync/atomic",
    "syscall",
    "testing",
    "testing/cryptotest",
    "testing/fstest",
    "testing/iotest",
    "testing/quick",
    "testing/slogtest",
    "testing/synctest",
    "text/scanner",
    "text/tabwriter",
    "text/template",
    "text/template/parse",
    "time",
    "time/tzdata",
    "unicode",
    "unicode/utf16",
    "unicode/utf8",
    "unique",
    "unsafe",
    "weak",
});
static_assert(std::ranges::is_sorted(kStandard));

bool is_standard_package(std::string_view package) {
  if (std::ranges::binary_search(kStandard, package)) return true;
  if (package.starts_with("internal/") || package.starts_with("vendor/golang.org/")) return true;
  // "crypto/internal/fips140/aes" lies below "crypto"; below "log/slog" lies "log/slog/internal".
  for (size_t at = package.find("/internal"); at != std::string_view::npos;
       at = package.find("/internal", at + 1)) {
    const size_t end = at + std::string_view("/internal").size();
    if (end < package.size() && package[end] != '/') continue;
    if (std::ranges::binary_search(kStandard, package.substr(0, at))) return true;
  }
  return false;
}

// Where the file lies, as seen from the source root: GOROOT/src/net/http/server.go -> net/http, and the same
// of the bare net/http/server.go that -trimpath leaves.
std::string_view source_folder(std::string_view file) {
  const size_t slash = file.rfind('/');
  if (slash == std::string_view::npos) return {};
  std::string_view folder = file.substr(0, slash);
  if (const size_t src = folder.rfind("/src/"); src != std::string_view::npos) return folder.substr(src + 5);
  if (folder.starts_with("src/")) return folder.substr(4);
  return folder;
}

bool is_placeholder(std::string_view file) {
  return file.empty() || file.front() == '<' || file.front() == '?';
}

}  // namespace

std::string_view package_of(std::string_view function) {
  // Type arguments may hold slashes and dots of their own.
  const std::string_view head = function.substr(0, function.find_first_of("[("));
  const size_t slash = head.rfind('/');
  const size_t dot = head.find('.', slash == std::string_view::npos ? 0 : slash);
  if (dot == std::string_view::npos || head.starts_with("type:") || head.starts_with("go:")) return {};
  return function.substr(0, dot);
}

std::string_view receiver_of(std::string_view function) {
  const std::string_view package = package_of(function);
  if (package.empty()) return function;
  const std::string_view name = function.substr(package.size() + 1);
  size_t end = std::string_view::npos;
  if (name.starts_with("(")) {
    int depth = 0;
    for (size_t i = 0; i < name.size(); ++i) {
      if (name[i] == '[' || name[i] == '(') ++depth;
      if (name[i] == ']' || name[i] == ')') --depth;
      if (depth == 0) {
        end = i + 1;
        break;
      }
    }
  } else {
    // "Cache.Get" has a receiver, "Get.func1" is a closure of a plain function.
    int depth = 0;
    for (size_t i = 0; i < name.size() && end == std::string_view::npos; ++i) {
      if (name[i] == '[') ++depth;
      if (name[i] == ']') --depth;
      if (name[i] == '.' && depth == 0) end = i;
    }
    if (end == std::string_view::npos) return package;
    const std::string_view rest = name.substr(end + 1);
    if (rest.empty() || rest.front() == '.' || (rest.front() >= '0' && rest.front() <= '9') ||
        rest.starts_with("func") || rest.starts_with("gowrap") || rest.starts_with("deferwrap")) {
      return package;
    }
  }
  if (end == std::string_view::npos) return package;
  return function.substr(0, package.size() + 1 + end);
}

bool is_standard_library(std::string_view function, std::string_view file) {
  const std::string_view package = package_of(function);
  if (package.empty()) return true;
  if (!is_standard_package(package)) return false;
  if (is_placeholder(file)) return true;
  // A linkname gives a function of one package a file of another: both must be the library's.
  return is_standard_package(source_folder(file));
}

bool is_map_plumbing(std::string_view function, std::string_view file) {
  if (!file.empty() && file.front() == '<') return true;  // <autogenerated>
  const std::string_view package = package_of(function);
  if (package.empty()) return true;
  const bool named = package == "runtime" || package == "sync" || package == "maps" ||
                     package == "sync/atomic" || package == "internal/sync" || package == "internal/abi" ||
                     package == "internal/race" || package == "internal/bytealg" ||
                     package.starts_with("internal/runtime/") || package.starts_with("runtime/internal/");
  return named && is_standard_library(function, file);
}

}  // namespace edp::analyse
