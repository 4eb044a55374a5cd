#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace bh {

Error Error::from_errno(std::string_view doing) { return from_errno(doing, errno); }

Error Error::from_errno(std::string_view doing, int errno_value) {
  char buffer[128] = {};
  char const* text = ::strerror_r(errno_value, buffer, sizeof buffer);
  return Error{"cannot " + std::string(doing) + ": " + text, errno_value};
}

Error Error::in(std::string_view context) && {
  return Error{std::string(context) + ": " + std::move(message), errno_value};
}

}  // namespace bh
