#include <gtest/gtest.h>

#include "base/display_text.h"
#include "base/number.h"
#include "base/strong_number.h"

namespace bh {
namespace {

TEST(ParseDecimal, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), UINT64_MAX);
  for (auto const* bad : {"", "-1", "+1", " 1", "1 ", "01", "1x", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(parse_decimal(bad)) << bad;
  }
  EXPECT_FALSE(parse_decimal("256", 255));
  EXPECT_EQ(parse_decimal("255", 255), 255U);
}

TEST(ParseHex, TakesDigitsWithoutPrefix) {
  EXPECT_EQ(parse_hex("3465a4"), 0x3465a4U);
  EXPECT_FALSE(parse_hex("0x10"));
  EXPECT_FALSE(parse_hex("12345678901234567"));
}

TEST(ForDisplay, LetsNothingThroughThatATerminalOrReaderWouldObey) {
  EXPECT_EQ(for_display("a\x1b[31m\n\xe2\x80\xae" "b"), "a_[31m____b");
  EXPECT_EQ(for_display("abcdef", 3), "abc");
}

TEST(ForTerminal, KeepsLinesAndTabs) { EXPECT_EQ(for_terminal("a\tb\r\n\x1b]0;x\a\x7f"), "a\tb\r\n_]0;x\a_"); }

TEST(StrongNumber, ComparesButDoesNotMix) {
  using Port = StrongNumber<struct PortTag, int>;
  using Window = StrongNumber<struct WindowTag, int>;
  EXPECT_LT(Port(1), Port(2));
  static_assert(!std::is_convertible_v<int, Port>);
  static_assert(!std::is_constructible_v<Port, Window>);
}

}  // namespace
}  // namespace bh
