// Untrusted<T>: the only form in which bytes and numbers of another domain exist until a check has turned them into another type.
#pragma once

#include <utility>

namespace bh {

template <class T>
class Untrusted {
 public:
  explicit Untrusted(T value) : raw_(std::move(value)) {}

  // The single way out: `check` receives the raw value and returns something of another type, usually a Result.
  template <class Check>
  auto checked(Check&& check) && {
    return std::forward<Check>(check)(std::move(raw_));
  }
  template <class Check>
  auto checked(Check&& check) const& {
    return std::forward<Check>(check)(raw_);
  }

 private:
  T raw_;
};

}  // namespace bh
