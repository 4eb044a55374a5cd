// Command line of qrexec-agent (qrexec.md 11).
#pragma once

#include <filesystem>
#include <variant>

namespace bh::qrexec {

struct AgentOptions {
  std::filesystem::path socket = "/var/run/qubes/qrexec-agent";
  // While this file is there the machine is nobody's yet (docs/warm-start.md): no call may come in. Empty: never so.
  std::filesystem::path hold_file;
  std::filesystem::path settings = "/run/bulkhead/qube.env";
};

std::variant<AgentOptions, int> parse_agent_options(int argc, char** argv);

}  // namespace bh::qrexec
