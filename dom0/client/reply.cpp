#include "dom0/client/reply.h"

#include <vector>

namespace bh::admin {

namespace {

constexpr std::string_view kNul("\0", 1);

Exception no_answer() {
  return {"QubesDaemonAccessError", "bulkheadd gave no answer: the call was malformed or not permitted, or bulkheadd ended while serving it"};
}

// Clients compute `format % args`, so a literal percent sign travels doubled.
std::string escape_format(std::string_view message) {
  std::string escaped;
  for (char const c : message) {
    if (c == '\0') continue;
    escaped += c;
    if (c == '%') escaped += '%';
  }
  return escaped;
}

std::string apply_format(std::string_view format, std::vector<std::string_view> const& arguments) {
  std::string text;
  std::size_t next = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      text += format[i];
      continue;
    }
    char const kind = format[++i];
    if (kind == '%') {
      text += '%';
    } else if ((kind == 's' || kind == 'd' || kind == 'r') && next < arguments.size()) {
      text += arguments[next++];
    } else {
      text += '%';
      text += kind;
    }
  }
  return text;
}

std::vector<std::string_view> split_at_nul(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    std::size_t const end = text.find('\0');
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

}  // namespace

Bytes encode_reply(Reply const& reply) {
  ByteWriter out;
  if (reply) {
    out.text("0").text(kNul).text(*reply);
  } else {
    out.text("2").text(kNul).text(reply.error().type).text(kNul).text(kNul).text(escape_format(reply.error().message)).text(kNul);
  }
  return std::move(out).take();
}

Reply parse_reply(ByteSpan frame) {
  if (frame.size() > kMaxReply) return Failure{Exception{"QubesDaemonCommunicationError", "the answer is longer than 16 MiB"}};
  std::string_view const text = as_text(frame);
  if (text.size() < 2 || text[1] != '\0') return Failure{no_answer()};
  if (text[0] == '0') return std::string(text.substr(2));
  if (text[0] != '2') return Failure{Exception{"QubesDaemonCommunicationError", "the answer is of an unknown kind"}};
  auto parts = split_at_nul(text.substr(2));
  if (parts.size() < 3) return Failure{no_answer()};
  // parts[1] is a traceback; nobody but a developer of the daemon has use for it.
  std::vector<std::string_view> const arguments(parts.begin() + 3, parts.end());
  return Failure{Exception{std::string(parts[0]), apply_format(parts[2], arguments)}};
}

}  // namespace bh::admin
