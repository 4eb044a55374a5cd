// An X server without a screen, for as long as the object lives.
#pragma once

#include <string>

#include "base/child_process.h"

namespace bh::tray::test {

class XServer {
 public:
  // The error says what to install or what failed.
  static Result<XServer> start();
  ~XServer();
  XServer(XServer&&) noexcept = default;
  XServer& operator=(XServer&&) noexcept = default;
  // ":7"
  [[nodiscard]] std::string const& display() const { return display_; }

 private:
  XServer(ChildProcess process, std::string display) : process_(std::move(process)), display_(std::move(display)) {}
  std::optional<ChildProcess> process_;
  std::string display_;
};

}  // namespace bh::tray::test
