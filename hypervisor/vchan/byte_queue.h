// ByteQueue: bytes in at the back, out at the front, in one piece of memory.
#pragma once

#include <cstring>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"

namespace bh {

class ByteQueue {
 public:
  [[nodiscard]] std::size_t size() const { return bytes_.size() - head_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] ByteSpan view() const { return ByteSpan(bytes_).subspan(head_); }
  void append(ByteSpan more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }
  void append_zeroes(std::size_t count) { bytes_.resize(bytes_.size() + count); }
  // Precondition: count <= size().
  void consume(std::size_t count) {
    BH_ASSERT(count <= size());
    head_ += count;
    if (head_ == bytes_.size()) {
      clear();
    } else if (head_ > kCompactAt && head_ > bytes_.size() / 2) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  void clear() {
    bytes_.clear();
    head_ = 0;
    // A burst must not stay resident for the life of the qube.
    if (bytes_.capacity() > kKeepCapacity) std::vector<std::byte>().swap(bytes_);
  }

 private:
  static constexpr std::size_t kCompactAt = 65536;
  static constexpr std::size_t kKeepCapacity = 1 << 20;
  std::vector<std::byte> bytes_;
  std::size_t head_ = 0;
};

}  // namespace bh
