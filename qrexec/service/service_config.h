// rpc-config files (qrexec.md 10.3): a strict subset of TOML, one "key = value" a line. Any doubt is an error, never a default.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bh::qrexec {

inline constexpr std::size_t kMaxServiceConfig = 64 * 1024;

struct ServiceConfig {
  bool wait_for_session = false;
  std::optional<std::string> force_user;
  // The three below concern socket and TCP services only.
  bool skip_service_descriptor = false;
  bool exit_on_client_eof = false;
  bool exit_on_service_eof = false;
  std::vector<std::string> unknown_keys;
};

struct ConfigError {
  std::size_t line;
  std::string what;
};

Result<ServiceConfig, ConfigError> parse_service_config(std::string_view text);

}  // namespace bh::qrexec
