// A descriptor sent along with bytes over a unix socket (SCM_RIGHTS), to a peer that may use it as it likes.
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh {

// As write_some: returns how many bytes went, at least one; the descriptor goes with the first of them. EAGAIN: nothing went.
Result<std::size_t> send_with_fd(UniqueFd const& socket, ByteSpan bytes, UniqueFd const& attached);

struct ReceivedBytes {
  std::size_t count = 0;  // 0: end of stream
  UniqueFd attached;      // may be closed
};
// At most one descriptor is taken; a peer that sends more is cut off by the kernel, which closes the rest.
Result<ReceivedBytes> receive_with_fd(UniqueFd const& socket, std::span<std::byte> into);

}  // namespace bh
