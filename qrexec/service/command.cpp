#include "qrexec/service/command.h"

#include <vector>

namespace bh::qrexec {

namespace {

constexpr std::size_t kMaxDescriptor = 65000;
constexpr std::size_t kMaxName = 255;
constexpr std::string_view kServiceWord = "QUBESRPC";

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    std::size_t const space = text.find(' ');
    words.push_back(text.substr(0, space));
    if (space == std::string_view::npos || words.size() > 4) return words;
    text.remove_prefix(space + 1);
  }
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Result<ServiceCall, CommandError> parse_call(std::string_view header) {
  auto const words = words_of(header);
  if (words.size() != 2 && words.size() != 4) return Failure{CommandError::wrong_word_count};
  ServiceCall call;
  call.header = header;
  call.descriptor = words[0];
  std::size_t const plus = words[0].find('+');
  call.name = words[0].substr(0, plus);
  if (plus != std::string_view::npos) call.argument = std::string(words[0].substr(plus + 1));
  // GUARD: the descriptor becomes a file name; a slash would leave the services' folders.
  bool const leaves_folder = words[0].find('/') != std::string_view::npos || call.name == "." || call.name == "..";
  if (call.name.empty() || call.name.size() > kMaxName || words[0].size() > kMaxDescriptor || leaves_folder) {
    return Failure{CommandError::bad_descriptor};
  }
  if (words[1].empty()) return Failure{CommandError::bad_source};
  call.source = words[1];
  if (words.size() == 4) {
    if (words[2].empty() || words[3].empty()) return Failure{CommandError::wrong_word_count};
    call.target_type = words[2];
    call.target = words[3];
  }
  return call;
}

Result<Command, CommandError> parse_rest(std::string user, std::string_view rest) {
  Command command{std::move(user), take_prefix(rest, "nogui:"), ShellLine{}};
  if (!rest.starts_with(kServiceWord)) {
    command.what = ShellLine{std::string(rest)};
    return command;
  }
  rest.remove_prefix(kServiceWord.size());
  if (!take_prefix(rest, " ")) return Failure{CommandError::no_words};
  BH_TRY(call, parse_call(rest));
  command.what = std::move(call);
  return command;
}

}  // namespace

char const* to_string(CommandError error) {
  switch (error) {
    case CommandError::no_user: return "the command has no 'user:' in front";
    case CommandError::no_words: return "QUBESRPC is not followed by a service";
    case CommandError::wrong_word_count: return "a service call has two or four words after QUBESRPC, one space between them";
    case CommandError::bad_descriptor: return "the service's name is empty, longer than 255 characters or holds a slash";
    case CommandError::bad_source: return "the service call names no source";
  }
  return "bad command";
}

Result<Command, CommandError> parse_vm_command(std::string_view text) {
  std::size_t const colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return Failure{CommandError::no_user};
  return parse_rest(std::string(text.substr(0, colon)), text.substr(colon + 1));
}

Result<Command, CommandError> parse_dom0_command(std::string_view text) {
  take_prefix(text, "DEFAULT:");
  return parse_rest({}, text);
}

}  // namespace bh::qrexec
