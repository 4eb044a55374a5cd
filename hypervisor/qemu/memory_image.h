// A machine's memory as a sparse file, and back. Only what holds data is stored or copied; a hole reads as zeroes on both sides.
#pragma once

#include <cstdint>
#include <stop_token>

#include "base/byte_count.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::qemu {

struct CopyRange {
  UniqueFd const& from;
  UniqueFd const& to;
  ByteCount size;
};

// Memory to file: pages of zeroes become holes. `to` is empty and gets the whole size. Returns the bytes that were written.
Result<std::uint64_t> save_memory(CopyRange const& range, unsigned threads, std::stop_token stop);
// File to fresh memory of that size: what is a hole in the file stays untouched. Returns the bytes that were copied.
Result<std::uint64_t> load_memory(CopyRange const& range, unsigned threads, std::stop_token stop);

}  // namespace bh::qemu
