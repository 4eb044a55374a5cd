// Exchange: one message out, its end, one answer in until the peer's end; without ever waiting. For a loop that serves many.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/posix_io.h"

namespace bh::policy {

class Exchange {
 public:
  struct Limits {
    std::size_t answer;
    Deadline deadline;
  };
  [[nodiscard]] static Result<Exchange> begin(std::filesystem::path const& socket, std::string message, Limits limits);

  [[nodiscard]] UniqueFd const& fd() const { return fd_; }
  // What to poll for.
  [[nodiscard]] short wanted() const { return sent_ < message_.size() ? short{POLLOUT} : short{POLLIN}; }
  [[nodiscard]] Deadline deadline() const { return limits_.deadline; }
  // After poll, or at the deadline. nullopt: not done yet.
  [[nodiscard]] Result<std::optional<std::string>> go_on();

 private:
  Exchange(UniqueFd fd, std::string message, Limits limits) : fd_(std::move(fd)), message_(std::move(message)), limits_(limits) {}
  [[nodiscard]] Result<void> send();

  UniqueFd fd_;
  std::string message_;
  Limits limits_;
  std::size_t sent_ = 0;
  std::string answer_;
};

}  // namespace bh::policy
