// Command line of qrexec-agent (qrexec.md 11).
#pragma once

#include <filesystem>
#include <variant>

namespace bh::qrexec {

struct AgentOptions {
  std::filesystem::path socket = "/var/run/qubes/qrexec-agent";
};

std::variant<AgentOptions, int> parse_agent_options(int argc, char** argv);

}  // namespace bh::qrexec
