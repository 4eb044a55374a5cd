#include "base/bytes.h"

#include <gtest/gtest.h>

namespace bh {
namespace {

TEST(ByteReader, ReadsLittleEndianAndKeepsItsPlace) {
  Bytes const bytes = ByteWriter().u8(1).u16_le(0x0203).u32_le(0x04050607).u64_le(0x08090A0B0C0D0E0F).i32_le(-2).take();
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.u8(), 1);
  EXPECT_EQ(*reader.u16_le(), 0x0203);
  EXPECT_EQ(*reader.u32_le(), 0x04050607U);
  EXPECT_EQ(*reader.u64_le(), 0x08090A0B0C0D0E0FU);
  EXPECT_EQ(*reader.i32_le(), -2);
  EXPECT_EQ(reader.left(), 0U);
}

TEST(ByteReader, ReadingPastTheEndIsAnErrorAndMovesNothing) {
  Bytes const bytes = ByteWriter().u8(7).u8(8).u8(9).take();
  ByteReader reader(bytes);
  EXPECT_FALSE(reader.u32_le());
  EXPECT_FALSE(reader.take(4));
  EXPECT_EQ(reader.left(), 3U);
  EXPECT_EQ(reader.take(3)->size(), 3U);
  EXPECT_FALSE(reader.u8());
}

TEST(ByteWriter, FixedTextIsCutTerminatedAndPaddedWithZeroes) {
  Bytes const bytes = ByteWriter().fixed_text("abcdef", 4).fixed_text("x", 4).fixed_text("", 0).take();
  EXPECT_EQ(as_text(bytes), std::string_view("abc\0x\0\0\0", 8));
}

}  // namespace
}  // namespace bh
