// Finding what serves a call: NAME+ARGUMENT in every folder, then NAME in every folder (qrexec.md 10.1, conformance.md 1).
// Nothing there is 127; anything odd there is 125 at once, never a reason to go on to another file.
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "qrexec/service/command.h"
#include "qrexec/service/service_config.h"
#include "qrexec/service/tcp_target.h"

namespace bh::qrexec {

// Exit codes that the caller sees (qrexec.md 9).
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitRefused = 126;
inline constexpr int kExitProblem = 125;

struct ServiceFailure {
  int code;
  std::string message;
};

struct ExecutableService {
  std::filesystem::path path;
};
struct SocketService {
  std::filesystem::path path;
};
using FoundService = std::variant<ExecutableService, SocketService, TcpTarget>;

using Folders = std::vector<std::filesystem::path>;
// "a:b:c"; empty parts are left out.
[[nodiscard]] Folders split_folders(std::string_view colon_separated);

Result<FoundService, ServiceFailure> find_service(Folders const& folders, ServiceCall const& call);
// The defaults where there is no file.
Result<ServiceConfig, ServiceFailure> load_service_config(Folders const& folders, ServiceCall const& call);

}  // namespace bh::qrexec
