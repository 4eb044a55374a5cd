// Mapping: a shared memory mapping that unmaps itself. It hands out raw memory, so what lies in it is written, or read as
// Untrusted after one copy, but never parsed in place.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh {

class Mapping {
 public:
  enum class Access { read, read_write };

  // Bytes [0, size) of the file, shared. The descriptor may be closed afterwards.
  static Result<Mapping> map(UniqueFd const& fd, std::size_t size, Access access);

  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping();

  [[nodiscard]] std::span<std::byte> bytes() const { return {memory_, size_}; }

 private:
  Mapping(std::byte* memory, std::size_t size) : memory_(memory), size_(size) {}
  std::byte* memory_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace bh
