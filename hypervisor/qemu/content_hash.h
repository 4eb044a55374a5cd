// The hash of a large, mostly empty file (BLAKE2b), by several threads. Depends on the file's content and length alone, not on where it
// happens to have holes. Withstands a forger, as far as the hash that it is compared with cannot be forged.
#pragma once

#include <string>

#include "base/byte_count.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::qemu {

// Of the first `size` bytes: 64 hex digits. A file that is shorter is an error.
Result<std::string> content_hash(UniqueFd const& file, ByteCount size, unsigned threads);
[[nodiscard]] std::string text_hash(std::string_view text);

}  // namespace bh::qemu
