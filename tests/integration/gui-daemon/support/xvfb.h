// Xvfb: an X server of the test's own, on a display number that it finds itself, gone with the object.
#pragma once

#include <string>

#include "base/child_process.h"

namespace bh::gui::test {

class Xvfb {
 public:
  static Result<Xvfb> start(std::string const& screen = "1024x768x24");
  Xvfb(Xvfb&&) noexcept = default;
  Xvfb& operator=(Xvfb&&) = delete;
  ~Xvfb();
  [[nodiscard]] std::string const& display() const { return display_; }  // ":N"

 private:
  Xvfb(ChildProcess process, std::string display) : process_(std::move(process)), display_(std::move(display)) {}
  std::optional<ChildProcess> process_;
  std::string display_;
};

}  // namespace bh::gui::test
