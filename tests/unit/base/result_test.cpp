#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/error.h"
#include "base/untrusted.h"

namespace bh {
namespace {

enum class Trouble { small, big };

Result<int, Trouble> half(int n) {
  if (n % 2 != 0) return Failure{Trouble::small};
  return n / 2;
}
Result<int, Trouble> quarter(int n) {
  BH_TRY(first, half(n));
  BH_TRY(second, half(first));
  return second;
}
Result<void, Trouble> must_halve(int n) {
  BH_TRY(ignored, half(n));
  static_cast<void>(ignored);
  return {};
}

TEST(Result, CarriesTheFirstErrorOut) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error(), Trouble::small);
  EXPECT_TRUE(must_halve(2).ok());
  EXPECT_EQ(must_halve(3).error(), Trouble::small);
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>, Trouble> result(std::make_unique<int>(3));
  std::unique_ptr<int> const moved = *std::move(result);
  EXPECT_EQ(*moved, 3);
}

TEST(ResultDeathTest, TakingTheValueOfAFailureEndsTheProcessInReleaseToo) {
  Result<int, Trouble> const failed = half(1);
  EXPECT_DEATH(static_cast<void>(failed.value()), "does not hold");
}

TEST(Untrusted, TheOnlyWayOutIsACheck) {
  Untrusted<int> const wire(5);
  auto const checked = wire.checked([](int n) -> Result<std::string, Trouble> {
    if (n > 9) return Failure{Trouble::big};
    return std::to_string(n);
  });
  EXPECT_EQ(*checked, "5");
  static_assert(!std::is_convertible_v<Untrusted<int>, int>);
}

TEST(Error, SaysWhatFailedAndWhy) {
  Error const error = Error::from_errno("open /x", ENOENT);
  EXPECT_EQ(error.message, "cannot open /x: No such file or directory");
  EXPECT_EQ(Error(error).in("template").message, "template: cannot open /x: No such file or directory");
}

}  // namespace
}  // namespace bh
