// StrongNumber: an integer with a meaning of its own. Two of different tags never mix, and none converts by itself.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace bh {

template <class Tag, class T>
class StrongNumber {
 public:
  constexpr StrongNumber() = default;
  explicit constexpr StrongNumber(T value) : value_(value) {}
  [[nodiscard]] constexpr T value() const { return value_; }
  friend constexpr auto operator<=>(StrongNumber, StrongNumber) = default;

 private:
  T value_{};
};

}  // namespace bh

template <class Tag, class T>
struct std::hash<bh::StrongNumber<Tag, T>> {
  std::size_t operator()(bh::StrongNumber<Tag, T> number) const noexcept { return std::hash<T>{}(number.value()); }
};
