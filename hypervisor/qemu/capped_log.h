// A log that another process appends to and that never eats the disk.
#pragma once

#include <string>

#include "base/byte_count.h"
#include "base/unique_fd.h"

namespace bh::qemu {

inline constexpr ByteCount kMaxLog = mebibytes(1);

// Empties the file once it is longer than kMaxLog. The writer has it open with O_APPEND, so it goes on at the start.
// GUARD: a guest that prints for ever on its console.
void cap_log(UniqueFd const& log);
// The last line written after `from`, fit to be shown; empty if there is none.
[[nodiscard]] std::string last_line(UniqueFd const& readable_log, ByteCount from);
[[nodiscard]] ByteCount log_size(UniqueFd const& log);

}  // namespace bh::qemu
