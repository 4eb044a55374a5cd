// Command line and environment of qrexec-daemon (qrexec.md 11), and with them all that it knows of itself.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "base/paths.h"
#include "hypervisor/vchan/domain.h"

namespace bh::qrexec {

struct DaemonOptions {
  DomainId domain;
  std::string name;
  std::string default_user = "user";
  std::string uuid;
  std::filesystem::path socket_folder;
  std::filesystem::path policy_program;
  std::optional<std::filesystem::path> policy_socket;
  std::filesystem::path admin_socket;
  std::filesystem::path client_program;  // qrexec-client, for services of dom0
  std::filesystem::path log_folder;
  bool direct = false;
  std::chrono::seconds startup_time{60};
  bool startup_nowait = false;
};

std::variant<DaemonOptions, int> parse_daemon_options(int argc, char** argv, Paths const& paths);

}  // namespace bh::qrexec
