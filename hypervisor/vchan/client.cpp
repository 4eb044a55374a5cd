#include "hypervisor/vchan/client.h"

#include <cerrno>
#include <thread>

#include "base/unix_socket.h"

namespace bh::vchan {

Result<std::optional<UniqueFd>> try_connect(std::filesystem::path const& directory, ChannelName const& name) {
  auto stream = try_connect_unix(directory / name.file_name());
  if (!stream) {
    int const reason = stream.error().errno_value;
    if (reason == ENOENT || reason == ECONNREFUSED || reason == EAGAIN) return std::optional<UniqueFd>{};
    return Failure{std::move(stream).error()};
  }
  BH_CHECK(set_nonblocking(*stream, false));
  return std::optional<UniqueFd>(*std::move(stream));
}

Result<UniqueFd> connect(std::filesystem::path const& directory, ChannelName const& name, Deadline deadline) {
  for (;;) {
    BH_TRY(stream, try_connect(directory, name));
    if (stream) return *std::move(stream);
    if (Clock::now() >= deadline) {
      return Failure{Error{"nobody serves " + name.file_name() + " in " + directory.string(), ETIMEDOUT}};
    }
    std::this_thread::sleep_for(kRetryAfter);
  }
}

}  // namespace bh::vchan
