// Asks the admin daemon for the system information of a decision (internal.GetSystemInfo, admin-api.md 1).
#pragma once

#include <filesystem>

#include "base/posix_io.h"
#include "qrexec/policy/system_info.h"

namespace bh::policy {

inline constexpr std::size_t kMaxSystemInfo = std::size_t{16} << 20;

// What is sent, up to the end of the stream, and what comes back; for those that have a loop of their own.
inline constexpr std::string_view kSystemInfoRequest{"internal.GetSystemInfo+ dom0 name dom0\0", 39};
[[nodiscard]] Result<SystemInfo, std::string> parse_system_info_reply(std::string_view reply);

// The error is a sentence that names the socket.
[[nodiscard]] Result<SystemInfo, std::string> ask_system_info(std::filesystem::path const& socket, Deadline deadline);
[[nodiscard]] Result<SystemInfo, std::string> read_system_info(std::filesystem::path const& file);

}  // namespace bh::policy
