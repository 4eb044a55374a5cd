// SHA-256 (FIPS 180-4), for naming contents: change tokens, identities of files. Not for secrets: it takes no care of timing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace bh {

class Sha256 {
 public:
  using Digest = std::array<std::byte, 32>;

  void add(ByteSpan bytes);
  // Ends the sum; the object is then only good to be destroyed.
  [[nodiscard]] Digest finish();

 private:
  void take_block(std::byte const* block);
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> rest_{};
  std::size_t rest_size_ = 0;
  std::uint64_t total_ = 0;
};

// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(ByteSpan bytes);
[[nodiscard]] std::string to_hex(Sha256::Digest const& digest);

}  // namespace bh
