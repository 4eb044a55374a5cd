// Command line of qrexec-client (qrexec.md 11).
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "base/paths.h"
#include "qrexec/protocol/control_codec.h"

namespace bh::qrexec {

// -c: answer the request `ident` of the qube `source`.
struct AnswerRequest {
  Ident ident;
  std::string source_name;
  DomainId source;
};

struct ClientOptions {
  std::string target;
  std::string command;
  std::optional<std::string> local_program;
  std::optional<AnswerRequest> answer;
  bool just_exec = false;
  bool ignore_exit_code = false;
  bool filter_output = false;
  bool filter_errors = false;
  bool wait_for_end = false;
  bool kill_at_end = false;
  bool socket_stdin = false;
  std::chrono::seconds connect_time{10};  // 0: none
  std::string prefix;
  std::filesystem::path socket_folder;

  [[nodiscard]] bool to_dom0() const;
};

// --help and --version print and give the exit code; an error is printed too.
std::variant<ClientOptions, int> parse_client_options(int argc, char** argv, Paths const& paths);

}  // namespace bh::qrexec
