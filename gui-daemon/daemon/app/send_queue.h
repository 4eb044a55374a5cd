// SendQueue: bytes for an agent that may not read. Never blocks; full means the agent is cut off. GUARD: a guest that stops reading
// would otherwise stop us, or fill our memory.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::gui {

class SendQueue {
 public:
  static constexpr std::size_t kMax = 10'000'000;

  // False: full.
  [[nodiscard]] bool push(ByteSpan bytes);
  // Writes what the socket (non-blocking) takes now.
  Result<void> flush(UniqueFd const& socket);
  [[nodiscard]] bool empty() const { return start_ == bytes_.size(); }
  void clear();

 private:
  Bytes bytes_;
  std::size_t start_ = 0;
};

}  // namespace bh::gui
