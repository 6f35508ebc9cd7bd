// Inside of common: the one way to include cpp-httplib, so that all who do see the same one. It costs 10 s of
// compile time: only http_protocol.cc and http_server_engine.cc do.
#pragma once

// poll() instead of select(): descriptors above 1024 are no error. Lines (status, headers, chunk sizes) are
// cut at 4 KiB: std::regex, which it reads the status line with, recurses for each character, and at 8 KiB an
// unoptimised build under ASan ran out of its 8 MiB of stack.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_USE_POLL
#define CPPHTTPLIB_MAX_LINE_LENGTH 4096
#define CPPHTTPLIB_RECV_BUFSIZ size_t(65536u)
#include <httplib.h>  // IWYU pragma: export
