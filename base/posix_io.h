// Reading and writing whole things through descriptors, EINTR handled, with caps and deadlines. Results, never a -1 in a size.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// 0 means end of stream. EAGAIN is an Error with errno_value EAGAIN.
Result<std::size_t> read_some(UniqueFd const& fd, std::span<std::byte> into);
Result<std::size_t> write_some(UniqueFd const& fd, ByteSpan bytes);
// Blocking descriptors; end of stream before the last byte is an error.
Result<void> read_exact(UniqueFd const& fd, std::span<std::byte> into);
Result<void> write_all(UniqueFd const& fd, ByteSpan bytes);
// False: the deadline passed first. `events` as for poll(2).
Result<bool> wait_for(UniqueFd const& fd, short events, Deadline deadline);

// Whole file, refused when longer than `cap` bytes.
Result<std::string> read_file(std::filesystem::path const& path, std::size_t cap);
// Temporary file in the same folder, fsync, rename: a reader sees the old or the new content, never a part.
Result<void> write_file_atomically(std::filesystem::path const& path, std::string_view content, unsigned mode = 0644);
// open(2) with O_CLOEXEC added.
Result<UniqueFd> open_file(std::filesystem::path const& path, int flags, unsigned mode = 0600);
Result<void> set_nonblocking(UniqueFd const& fd, bool on);

struct FdPair {
  UniqueFd first;   // pipe: the read end
  UniqueFd second;  // pipe: the write end
};
Result<FdPair> make_pipe();
Result<FdPair> make_socket_pair();

// An anonymous file of `size` zero bytes that nobody can shrink, grow or unseal again (memfd; SEAL_SHRINK|GROW|SEAL).
// GUARD: a peer that truncates shared memory under its reader (SIGBUS).
Result<UniqueFd> make_sealed_memory(std::string_view name, std::size_t size);

}  // namespace bh
