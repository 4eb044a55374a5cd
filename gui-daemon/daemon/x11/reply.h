// Owners for what libxcb returns with malloc().
#pragma once

#include <cstdlib>
#include <memory>

namespace bh::gui::x11 {

struct FreeReply {
  void operator()(void* reply) const { std::free(reply); }
};
template <class T>
using Reply = std::unique_ptr<T, FreeReply>;

}  // namespace bh::gui::x11
