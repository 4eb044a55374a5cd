// The command string of EXEC_CMDLINE (qrexec.md 10): "user:[nogui:]rest" in a VM, "[DEFAULT:][nogui:]rest" in dom0, where rest is
// "QUBESRPC descriptor source [type target]" or a line for a shell. Strict: every word in its place or an error (125).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace bh::qrexec {

struct ServiceCall {
  std::string descriptor;               // as in the command: "name", "name+" or "name+argument"
  std::string name;
  std::optional<std::string> argument;  // nullopt: no '+'
  std::string source;
  std::string target_type;              // "name", "keyword" or empty
  std::string target;                   // keyword without its '@'
  std::string header;                   // the text after "QUBESRPC ": what socket services get
};
struct ShellLine {
  std::string line;
};

struct Command {
  std::string user;  // empty in dom0
  bool nogui = false;
  std::variant<ServiceCall, ShellLine> what;
};

enum class CommandError { no_user, no_words, wrong_word_count, bad_descriptor, bad_source };
[[nodiscard]] char const* to_string(CommandError error);

Result<Command, CommandError> parse_vm_command(std::string_view text);
Result<Command, CommandError> parse_dom0_command(std::string_view text);

}  // namespace bh::qrexec
