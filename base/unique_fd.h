// UniqueFd: the one owner of a file descriptor. Not convertible to bool, so that 0 and -1 are never mistaken for truth.
#pragma once

#include <unistd.h>

#include <utility>

#include "base/error.h"

namespace bh {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    UniqueFd(std::move(other)).swap(*this);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  void swap(UniqueFd& other) noexcept { std::swap(fd_, other.fd_); }

  // Borrowed for a system call; stays owned here.
  [[nodiscard]] int borrow() const { return fd_; }
  // Gives ownership away, for libraries that take a raw fd.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  void reset() { UniqueFd().swap(*this); }
  // A second descriptor (close-on-exec) for the same open file.
  [[nodiscard]] Result<UniqueFd> duplicate() const;

  explicit operator bool() const = delete;
  friend int close(UniqueFd const&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace bh
