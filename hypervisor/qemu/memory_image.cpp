#include "hypervisor/qemu/memory_image.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace bh::qemu {

namespace {

constexpr std::uint64_t kPage = 4096;
// What one thread takes at a time: large enough to be worth the call, small enough for two threads to end together.
constexpr std::uint64_t kPiece = std::uint64_t{4} << 20;
// Stays in the processor's cache between the read and the write. Reading and writing beats mapping either side: no page is faulted in,
// and a page that is written whole is never zeroed first; nor does a file that shrinks under us end the daemon.
constexpr std::size_t kBuffer = std::size_t{256} << 10;

struct Extent {
  std::uint64_t begin;
  std::uint64_t end;
};

// The next part of [at, end) that holds data; nullopt: none.
Result<std::optional<Extent>> next_data(UniqueFd const& file, std::uint64_t at, std::uint64_t end) {
  off_t const data = ::lseek(file.borrow(), static_cast<off_t>(at), SEEK_DATA);
  if (data < 0 && errno == ENXIO) return std::optional<Extent>();
  if (data < 0) return Failure{Error::from_errno("look for data in a memory image")};
  if (static_cast<std::uint64_t>(data) >= end) return std::optional<Extent>();
  off_t const hole = ::lseek(file.borrow(), data, SEEK_HOLE);
  if (hole < 0) return Failure{Error::from_errno("look for the end of data in a memory image")};
  return std::optional<Extent>(Extent{static_cast<std::uint64_t>(data), std::min(static_cast<std::uint64_t>(hole), end)});
}

Result<void> read_at(UniqueFd const& file, std::span<std::byte> into, std::uint64_t at) {
  while (!into.empty()) {
    ssize_t const got = ::pread(file.borrow(), into.data(), into.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure{Error::from_errno("read a memory image")};
    if (got == 0) return Failure{Error{"a memory image ends too early", 0}};
    into = into.subspan(static_cast<std::size_t>(got));
    at += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<void> write_at(UniqueFd const& file, std::span<std::byte const> bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    ssize_t const put = ::pwrite(file.borrow(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failure{Error::from_errno("write a memory image")};
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    at += static_cast<std::uint64_t>(put);
  }
  return {};
}

bool is_zero(std::span<std::byte const> bytes) {
  return bytes.empty() || (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Runs of pages that are not all zero. Memory that a guest has touched and freed is often zeroes.
Result<std::uint64_t> write_filled_pages(UniqueFd const& file, std::span<std::byte const> bytes, std::uint64_t at) {
  std::uint64_t written = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t j = i;
    while (j < bytes.size() && !is_zero(bytes.subspan(j, std::min<std::size_t>(kPage, bytes.size() - j)))) j += kPage;
    j = std::min(j, bytes.size());
    if (j > i) BH_CHECK(write_at(file, bytes.subspan(i, j - i), at + i));
    written += j - i;
    i = j > i ? j : i + kPage;
  }
  return written;
}

enum class Zeroes { skip, copy };

Result<std::uint64_t> copy_piece(CopyRange const& range, Extent piece, Zeroes zeroes, std::span<std::byte> buffer) {
  std::uint64_t copied = 0;
  for (std::uint64_t at = piece.begin; at < piece.end;) {
    BH_TRY(found, next_data(range.from, at, piece.end));
    if (!found) break;
    for (at = found->begin; at < found->end;) {
      auto const part = buffer.first(std::min<std::uint64_t>(buffer.size(), found->end - at));
      BH_CHECK(read_at(range.from, part, at));
      if (zeroes == Zeroes::skip) {
        BH_TRY(written, write_filled_pages(range.to, part, at));
        copied += written;
      } else {
        BH_CHECK(write_at(range.to, part, at));
        copied += part.size();
      }
      at += part.size();
    }
  }
  return copied;
}

class ParallelCopy {
 public:
  ParallelCopy(CopyRange const& range, Zeroes zeroes, std::stop_token stop) : range_(range), zeroes_(zeroes), stop_(std::move(stop)) {}

  Result<std::uint64_t> run(unsigned threads) {
    {
      std::vector<std::jthread> others;
      for (unsigned i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
      work();
    }
    if (failure_) return Failure{*std::move(failure_)};
    if (stop_.stop_requested()) return Failure{Error{"the copy was given up", ECANCELED}};
    return copied_.load();
  }

 private:
  void work() {
    std::vector<std::byte> buffer(kBuffer);
    for (;;) {
      std::uint64_t const begin = next_.fetch_add(kPiece);
      if (begin >= range_.size.value() || stop_.stop_requested() || failed_) return;
      auto const done = copy_piece(range_, {begin, std::min(begin + kPiece, range_.size.value())}, zeroes_, buffer);
      if (done) {
        copied_ += *done;
        continue;
      }
      std::lock_guard const lock(mutex_);
      failed_ = true;
      if (!failure_) failure_ = done.error();
    }
  }

  CopyRange const& range_;
  Zeroes zeroes_;
  std::stop_token stop_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> copied_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::uint64_t> save_memory(CopyRange const& range, unsigned threads, std::stop_token stop) {
  if (::ftruncate(range.to.borrow(), static_cast<off_t>(range.size.value())) != 0) return Failure{Error::from_errno("size a memory image")};
  return ParallelCopy(range, Zeroes::skip, std::move(stop)).run(threads);
}

Result<std::uint64_t> load_memory(CopyRange const& range, unsigned threads, std::stop_token stop) {
  return ParallelCopy(range, Zeroes::copy, std::move(stop)).run(threads);
}

}  // namespace bh::qemu
