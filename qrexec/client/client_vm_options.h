// Command line of qrexec-client-vm (qrexec.md 11).
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "qrexec/protocol/trigger_codec.h"

namespace bh::qrexec {

struct ClientVmOptions {
  LocalRequest request;
  std::vector<std::string> program;  // empty: our own streams
  std::filesystem::path agent_socket = "/var/run/qubes/qrexec-agent";
  bool filter_output = false;
  bool filter_errors = false;
  bool socket_stdin = false;
  std::string prefix;
};

std::variant<ClientVmOptions, int> parse_client_vm_options(int argc, char** argv);

}  // namespace bh::qrexec
