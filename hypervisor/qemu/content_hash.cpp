#include "hypervisor/qemu/content_hash.h"

#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/bytes.h"

namespace bh::qemu {

namespace {

constexpr std::uint64_t kChunk = std::uint64_t{64} << 10;     // one that is all zeroes is not hashed
constexpr std::uint64_t kSegment = std::uint64_t{16} << 20;   // one thread's work at a time
using Digest = std::array<unsigned char, 32>;

class Hash {
 public:
  Hash() { crypto_generichash_init(&state_, nullptr, 0, sizeof(Digest)); }
  void add(std::span<std::byte const> bytes) { crypto_generichash_update(&state_, reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size()); }
  void add(std::uint64_t number) {
    std::array<std::byte, 8> bytes;
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(number >> (8 * i) & 0xFF);
    add(bytes);
  }
  Digest finish() {
    Digest digest;
    crypto_generichash_final(&state_, digest.data(), digest.size());
    return digest;
  }

 private:
  crypto_generichash_state state_;
};

std::string hex(Digest const& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char const byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
  return text;
}

Result<void> read_at(UniqueFd const& file, std::span<std::byte> into, std::uint64_t at) {
  while (!into.empty()) {
    ssize_t const got = ::pread(file.borrow(), into.data(), into.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure{Error::from_errno("read a file to compare it")};
    if (got == 0) return Failure{Error{"a file ends too early", 0}};
    into = into.subspan(static_cast<std::size_t>(got));
    at += static_cast<std::uint64_t>(got);
  }
  return {};
}

bool is_zero(std::span<std::byte const> bytes) { return bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0; }

// A chunk's place is hashed before it, so that data that moved is other data.
Result<Digest> segment_hash(UniqueFd const& file, std::uint64_t begin, std::uint64_t end, std::span<std::byte> buffer) {
  Hash hash;
  for (std::uint64_t at = begin; at < end;) {
    off_t const data = ::lseek(file.borrow(), static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno != ENXIO) return Failure{Error::from_errno("look for data in a file")};
    if (data < 0 || static_cast<std::uint64_t>(data) >= end) break;
    at = static_cast<std::uint64_t>(data) / kChunk * kChunk;
    auto const chunk = buffer.first(std::min(kChunk, end - at));
    BH_CHECK(read_at(file, chunk, at));
    if (!is_zero(chunk)) {
      hash.add(at);
      hash.add(chunk);
    }
    at += kChunk;
  }
  return hash.finish();
}

}  // namespace

Result<std::string> content_hash(UniqueFd const& file, ByteCount size, unsigned threads) {
  if (sodium_init() < 0) return Failure{Error{"libsodium does not start", 0}};
  std::uint64_t const length = size.value();
  if (::lseek(file.borrow(), 0, SEEK_END) < static_cast<off_t>(length)) return Failure{Error{"a file is shorter than it should be", 0}};
  std::vector<Digest> digests((length + kSegment - 1) / kSegment);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> failure;
  auto const work = [&] {
    std::vector<std::byte> buffer(kChunk);
    for (std::size_t i = next++; i < digests.size(); i = next++) {
      auto const digest = segment_hash(file, i * kSegment, std::min((i + 1) * kSegment, length), buffer);
      if (digest) {
        digests[i] = *digest;
        continue;
      }
      std::lock_guard const lock(mutex);
      failure = digest.error();
      return;
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  if (failure) return Failure{*std::move(failure)};
  Hash whole;
  whole.add(length);
  for (auto const& digest : digests) whole.add(std::as_bytes(std::span(digest)));
  return hex(whole.finish());
}

std::string text_hash(std::string_view text) {
  Hash hash;
  hash.add(as_bytes(text));
  return hex(hash.finish());
}

}  // namespace bh::qemu
