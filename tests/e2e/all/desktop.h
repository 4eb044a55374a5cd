// A headless X11 desktop for tests: Xvfb and openbox, both ended with it.
#pragma once

#include <string>

#include "base/child_process.h"
#include "base/error.h"

namespace bh::e2e {

class Desktop {
 public:
  static Result<Desktop> start();
  Desktop(Desktop&&) = default;
  Desktop& operator=(Desktop&&) = default;
  ~Desktop();
  // ":7"
  [[nodiscard]] std::string const& display() const { return display_; }
  // True if a visible window's title begins with "[QUBE] ".
  [[nodiscard]] bool shows_window_of(std::string const& qube) const;
  // True if a frame of that colour ("3465a4") is found by looking at pixels.
  [[nodiscard]] bool shows_frame(std::string const& colour) const;

 private:
  Desktop(ChildProcess server, std::string display) : server_(std::move(server)), display_(std::move(display)) {}
  ChildProcess server_;
  std::optional<ChildProcess> manager_;
  std::string display_;
};

}  // namespace bh::e2e
