// Result<T, E>: a value or the reason why there is none. Expected failures travel as values; exceptions mean a bug or no memory.
// GCC 12 has no std::expected; this type keeps to its names so that it can become an alias later.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace bh {

// Wraps an error on its way out: `return Failure{GuiError::truncated};`
template <class E>
struct Failure {
  E error;
};
template <class E>
Failure(E) -> Failure<E>;

struct Error;  // base/error.h; the default for code that talks to the kernel

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  template <class F>
  Result(Failure<F> failure) : state_(std::in_place_index<1>, E(std::move(failure.error))) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition: ok(). Checked in release builds too.
  T& value() & { BH_ASSERT(ok()); return *std::get_if<0>(&state_); }
  T const& value() const& { BH_ASSERT(ok()); return *std::get_if<0>(&state_); }
  T&& value() && { BH_ASSERT(ok()); return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  T const& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  T const* operator->() const { return &value(); }

  // Precondition: !ok().
  E const& error() const& { BH_ASSERT(!ok()); return *std::get_if<1>(&state_); }
  E&& error() && { BH_ASSERT(!ok()); return std::move(*std::get_if<1>(&state_)); }

  T value_or(T fallback) && { return ok() ? std::move(*this).value() : std::move(fallback); }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  Result() = default;
  template <class F>
  Result(Failure<F> failure) : error_(E(std::move(failure.error))) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  E const& error() const& { BH_ASSERT(!ok()); return *error_; }
  E&& error() && { BH_ASSERT(!ok()); return std::move(*error_); }

 private:
  std::optional<E> error_;
};

}  // namespace bh

// Declare `name` from `expr`, or return its error. BH_CHECK is the form for Result<void>.
#define BH_TRY(name, expr)                                                        \
  auto name##_or_error = (expr);                                                  \
  if (!name##_or_error) return ::bh::Failure{std::move(name##_or_error).error()}; \
  auto name = *std::move(name##_or_error)

#define BH_CHECK(expr)                                                                                              \
  do {                                                                                                              \
    if (auto bh_check_result = (expr); !bh_check_result) return ::bh::Failure{std::move(bh_check_result).error()}; \
  } while (false)
