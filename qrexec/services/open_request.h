// The head of a qubes.OpenInVM call, and the line of a qubes.OpenURL call (filecopy.md sections 8 and 9). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/untrusted.h"

namespace bh::open {

inline constexpr std::size_t kNameField = 256;  // bytes, NUL padded
inline constexpr std::size_t kMaxUrl = 8192;    // bytes, without the newline

struct FileRequest {
  std::string name;  // fit to be a file's name: only [0-9A-Za-z._+@-], not empty, not "." or ".."
  bool view_only = false;
};

enum class OpenFault { no_name, not_a_name, unterminated, not_a_url, url_too_long };
[[nodiscard]] char const* to_string(OpenFault fault);

// `file_name` has no folder in it; of a longer one the tail is sent, which holds the ending that programs go by. The rest of the field is zero:
// it must not carry what memory held before (SECURITY.md R03).
[[nodiscard]] std::array<std::byte, kNameField> encode_name(std::string_view file_name, bool view_only);
Result<FileRequest, OpenFault> decode_name(Untrusted<ByteSpan> field);

// The URL of one line: http, https or ftp, printable ASCII, so that it can be neither an option nor a second line to whoever opens it.
Result<std::string, OpenFault> parse_url(Untrusted<std::string_view> line);
// As the client tells a URL from a file: LETTERS://
[[nodiscard]] bool looks_like_url(std::string_view argument);

}  // namespace bh::open
