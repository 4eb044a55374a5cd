// The direct path: a window of our own whose pixels lie in shared memory that the X server reads (MIT-SHM by descriptor).
#pragma once

#include <xcb/shm.h>
#include <xcb/xcb.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/mapping.h"

namespace bh::bench {

class X11Surface {
 public:
  static Result<X11Surface> create(std::string const& display, std::uint16_t width, std::uint16_t height);
  // Puts the rectangle and waits until the server has taken it: seconds. Negative: the connection broke.
  double put(std::uint16_t width, std::uint16_t height);
  // Above or below every other window. A window that others cover is not painted at all, and would be measured as infinitely quick.
  void stack(bool above);

 private:
  struct Disconnect {
    void operator()(xcb_connection_t* connection) const { xcb_disconnect(connection); }
  };
  using Connection = std::unique_ptr<xcb_connection_t, Disconnect>;
  X11Surface(Connection connection, Mapping memory) : connection_(std::move(connection)), memory_(std::move(memory)) {}

  Connection connection_;
  Mapping memory_;
  xcb_window_t window_ = 0;
  xcb_gcontext_t gc_ = 0;
  xcb_shm_seg_t segment_ = 0;
  std::uint16_t width_ = 0;
  std::uint16_t height_ = 0;
};

}  // namespace bh::bench
