// The connecting end of a vchan over the `socket` transport (format: qrexec.md 14). What a stream is: see server.h.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/posix_io.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::vchan {

// Tries until the deadline while the server is not there yet (ENOENT, ECONNREFUSED, EAGAIN); then ETIMEDOUT in errno_value.
// Any other refusal is final. A blocking, close-on-exec stream.
Result<UniqueFd> connect(std::filesystem::path const& directory, ChannelName const& name, Deadline deadline);

// One attempt, for callers with a loop of their own: nullopt is "not there yet, ask again in kRetryAfter". Never waits.
inline constexpr std::chrono::milliseconds kRetryAfter{5};
Result<std::optional<UniqueFd>> try_connect(std::filesystem::path const& directory, ChannelName const& name);

}  // namespace bh::vchan
