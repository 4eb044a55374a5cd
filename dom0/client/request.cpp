#include "dom0/client/request.h"

#include <array>
#include <optional>

namespace bh::admin {

char const* to_string(FrameError error) {
  switch (error) {
    case FrameError::too_long: return "the request is longer than 65536 bytes";
    case FrameError::no_header_end: return "the request's header has no end";
    case FrameError::too_few_words: return "the request's header has fewer than four words";
    case FrameError::bad_destination_type: return "the request's destination is neither a name nor @adminvm";
  }
  return "bad request";
}

Result<Bytes, FrameError> encode_call(Call const& call, std::string_view source) {
  for (std::string_view const part : {std::string_view(call.method), source, std::string_view(call.destination)}) {
    if (part.empty() || part.find_first_of(std::string_view(" \0", 2)) != std::string_view::npos) return Failure{FrameError::too_few_words};
  }
  if (call.argument.find_first_of(std::string_view(" \0", 2)) != std::string::npos) return Failure{FrameError::too_few_words};
  ByteWriter out;
  out.text(call.method).text("+").text(call.argument).text(" ").text(source).text(" name ").text(call.destination).u8(0).text(call.payload);
  if (out.size() > kMaxRequest) return Failure{FrameError::too_long};
  return std::move(out).take();
}

namespace {
// The part before the next blank; `text` becomes what follows it.
std::optional<std::string_view> next_word(std::string_view& text) {
  std::size_t const blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  std::string_view const word = text.substr(0, blank);
  text.remove_prefix(blank + 1);
  return word;
}
}  // namespace

Result<IncomingCall, FrameError> parse_call(ByteSpan request) {
  // GUARD: a caller that makes dom0 buffer or copy without bound.
  if (request.size() > kMaxRequest) return Failure{FrameError::too_long};
  std::string_view const text = as_text(request);
  std::size_t const end = text.find('\0');
  if (end == std::string_view::npos) return Failure{FrameError::no_header_end};
  std::string_view header = text.substr(0, end);

  std::array<std::string_view, 3> words;
  for (auto& word : words) {
    auto const next = next_word(header);
    if (!next || next->empty()) return Failure{FrameError::too_few_words};
    word = *next;
  }
  std::string_view destination = header;
  if (destination.empty()) return Failure{FrameError::too_few_words};
  if (words[2] == "keyword" && destination == "adminvm") {
    destination = "dom0";
  } else if (words[2] != "name") {
    return Failure{FrameError::bad_destination_type};
  }
  std::size_t const plus = words[0].find('+');
  std::string_view const argument = plus == std::string_view::npos ? std::string_view{} : words[0].substr(plus + 1);
  return IncomingCall{std::string(words[0].substr(0, plus)), Untrusted(std::string(argument)), Untrusted(std::string(words[1])),
                      Untrusted(std::string(destination)), Untrusted(std::string(text.substr(end + 1)))};
}

}  // namespace bh::admin
