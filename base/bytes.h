// ByteReader and ByteWriter: little-endian codecs over spans. Reading past the end is an error value, never undefined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bh {

using Bytes = std::vector<std::byte>;
using ByteSpan = std::span<std::byte const>;

enum class BytesError { truncated };

[[nodiscard]] inline ByteSpan as_bytes(std::string_view text) {
  return std::as_bytes(std::span<char const>(text.data(), text.size()));
}
[[nodiscard]] inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// A view with a cursor; the bytes must outlive it.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  Result<std::uint8_t, BytesError> u8() { return number<std::uint8_t>(); }
  Result<std::uint16_t, BytesError> u16_le() { return number<std::uint16_t>(); }
  Result<std::uint32_t, BytesError> u32_le() { return number<std::uint32_t>(); }
  Result<std::uint64_t, BytesError> u64_le() { return number<std::uint64_t>(); }
  Result<std::int32_t, BytesError> i32_le() { return number<std::int32_t>(); }
  Result<ByteSpan, BytesError> take(std::size_t count) {
    if (count > bytes_.size()) return Failure{BytesError::truncated};
    ByteSpan const taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  // All that is left.
  ByteSpan rest() {
    ByteSpan const taken = bytes_;
    bytes_ = {};
    return taken;
  }

 private:
  template <class T>
  Result<T, BytesError> number() {
    if (bytes_.size() < sizeof(T)) return Failure{BytesError::truncated};
    std::make_unsigned_t<T> value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<std::make_unsigned_t<T>>(
          value | static_cast<std::make_unsigned_t<T>>(static_cast<std::make_unsigned_t<T>>(bytes_[i]) << (8 * i)));
    }
    bytes_ = bytes_.subspan(sizeof(T));
    return static_cast<T>(value);
  }

  ByteSpan bytes_;
};

class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t value) { return number(value); }
  ByteWriter& u16_le(std::uint16_t value) { return number(value); }
  ByteWriter& u32_le(std::uint32_t value) { return number(value); }
  ByteWriter& u64_le(std::uint64_t value) { return number(value); }
  ByteWriter& i32_le(std::int32_t value) { return number(static_cast<std::uint32_t>(value)); }
  ByteWriter& bytes(ByteSpan source) {
    out_.insert(out_.end(), source.begin(), source.end());
    return *this;
  }
  ByteWriter& text(std::string_view source) { return bytes(as_bytes(source)); }
  // Exactly `width` bytes: the text, cut to width - 1, then zeroes. Nothing of the heap leaves with a fixed field.
  ByteWriter& fixed_text(std::string_view source, std::size_t width) {
    std::string_view const cut = source.substr(0, width == 0 ? 0 : width - 1);
    text(cut);
    out_.insert(out_.end(), width - cut.size(), std::byte{0});
    return *this;
  }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] Bytes const& view() const { return out_; }
  // The bytes, leaving the writer empty.
  [[nodiscard]] Bytes take() { return std::exchange(out_, {}); }

 private:
  template <class T>
  ByteWriter& number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      out_.push_back(static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xFF));
    }
    return *this;
  }

  Bytes out_;
};

}  // namespace bh
