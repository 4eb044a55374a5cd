#include "qrexec/services/open_request.h"

#include <algorithm>

namespace bh::open {

namespace {

constexpr std::string_view kViewOnly = "view-only-";

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool harmless(char c) { return letter(c) || digit(c) || std::string_view("._+@-").find(c) != std::string_view::npos; }

}  // namespace

char const* to_string(OpenFault fault) {
  switch (fault) {
    case OpenFault::no_name: return "the caller sent no file name";
    case OpenFault::not_a_name: return "the caller's file name is not one";
    case OpenFault::unterminated: return "the caller's file name does not end";
    case OpenFault::not_a_url: return "only a single http, https or ftp URL is opened";
    case OpenFault::url_too_long: return "the URL is longer than 8192 bytes";
  }
  return "";
}

std::array<std::byte, kNameField> encode_name(std::string_view file_name, bool view_only) {
  std::array<std::byte, kNameField> field{};
  std::string_view const prefix = view_only ? kViewOnly : std::string_view();
  std::size_t const room = kNameField - 1 - prefix.size();
  if (file_name.size() > room) file_name.remove_prefix(file_name.size() - room);
  auto const end_of_prefix = std::ranges::copy(as_bytes(prefix), field.begin()).out;
  std::ranges::copy(as_bytes(file_name), end_of_prefix);
  return field;
}

namespace {

Result<FileRequest, OpenFault> check_name(ByteSpan field) {
  std::string_view text = as_text(field);
  std::size_t const end = text.find('\0');
  if (text.size() != kNameField || end == std::string_view::npos) return Failure{OpenFault::unterminated};
  text = text.substr(0, end);
  FileRequest request;
  if (text.starts_with(kViewOnly)) {
    request.view_only = true;
    text.remove_prefix(kViewOnly.size());
  }
  if (text.empty()) return Failure{OpenFault::no_name};
  if (text == "." || text == ".." || text.find('/') != std::string_view::npos) return Failure{OpenFault::not_a_name};
  request.name = text;
  std::replace_if(request.name.begin(), request.name.end(), [](char c) { return !harmless(c); }, '_');
  if (request.name.front() == '-') request.name.front() = '_';
  return request;
}

Result<std::string, OpenFault> check_url(std::string_view url) {
  if (url.ends_with('\n')) url.remove_suffix(1);
  if (url.size() > kMaxUrl) return Failure{OpenFault::url_too_long};
  bool const known = url.starts_with("http://") || url.starts_with("https://") || url.starts_with("ftp://");
  bool const printable = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (!known || !printable || url.ends_with("://")) return Failure{OpenFault::not_a_url};
  return std::string(url);
}

}  // namespace

// GUARD: a name that is a path, hides its ending behind control characters, or reads as an option to the program that opens it.
Result<FileRequest, OpenFault> decode_name(Untrusted<ByteSpan> field) { return std::move(field).checked(check_name); }
// GUARD: a second line, a control character or an option handed to a browser's command line.
Result<std::string, OpenFault> parse_url(Untrusted<std::string_view> line) { return std::move(line).checked(check_url); }

bool looks_like_url(std::string_view argument) {
  std::size_t const end = argument.find("://");
  if (end == std::string_view::npos || end == 0 || !letter(argument.front())) return false;
  return std::all_of(argument.begin(), argument.begin() + static_cast<std::ptrdiff_t>(end), [](char c) { return letter(c) || digit(c) || c == '+'; });
}

}  // namespace bh::open
