// An X server without a screen, on a display number of its own choice.
#pragma once

#include <string>

#include "base/child_process.h"
#include "base/error.h"

namespace bh::e2e {

struct XServer {
  ChildProcess process;
  std::string display;  // ":7"
};

// `screen` as Xvfb wants it: "1280x800x24". The caller ends the process.
Result<XServer> start_x_server(std::string const& screen);

}  // namespace bh::e2e
