// The path and Unicode cases of filecopy.md sections 4 and 7.
#include <gtest/gtest.h>

#include "qrexec/services/display_safe.h"
#include "qrexec/services/entry_name.h"

namespace bh::qfile {
namespace {

bool name_ok(std::string_view text, NameRules rules = NameRules::strict) { return EntryName::parse(text, rules).ok(); }

bool link_ok(std::string_view link, std::string_view target) {
  auto const name = EntryName::parse(link, NameRules::strict);
  return name && LinkTarget::parse(target, *name, NameRules::strict).ok();
}

TEST(EntryName, RefusesWhatLeadsOutOrHasTwoSpellings) {
  for (char const* text : {"", "..", "a/..", "a/../b", "../a", "/", "//a", "/a", "a//b", ".", "./a", "a/.", "a/./b", "a/", "a/b/"}) {
    EXPECT_FALSE(name_ok(text)) << text;
    EXPECT_FALSE(name_ok(text, NameRules::allow_all)) << text;
  }
  for (char const* text : {".a", "..a", "a..b", "a..", "...", "a b", "a/b/c", "-rf", "~"}) EXPECT_TRUE(name_ok(text)) << text;
}

TEST(EntryName, JudgesEverySingleByte) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string const text(1, static_cast<char>(byte));
    bool const plain = byte >= 0x20 && byte <= 0x7E && byte != '/' && byte != '.';
    EXPECT_EQ(name_ok(text), plain) << byte;
    EXPECT_EQ(name_ok(text, NameRules::allow_all), byte != 0 && byte != '/' && byte != '.') << byte;
  }
  EXPECT_FALSE(name_ok(std::string("a\0b", 3), NameRules::allow_all));
}

TEST(EntryName, HoldsLengthAndDepth) {
  EXPECT_TRUE(name_ok(std::string(kMaxNameLength, 'a')));
  EXPECT_FALSE(name_ok(std::string(kMaxNameLength + 1, 'a')));
  std::string deep = "a";
  for (std::size_t i = 1; i < kMaxDepth; ++i) deep += "/a";
  EXPECT_EQ(EntryName::parse(deep, NameRules::strict)->depth(), kMaxDepth);
  auto const too_deep = EntryName::parse(deep + "/a", NameRules::strict);
  ASSERT_FALSE(too_deep);
  EXPECT_EQ(too_deep.error(), NameError::too_deep);
}

TEST(EntryName, KnowsItsPlace) {
  auto const name = *EntryName::parse("a/b/c", NameRules::strict);
  EXPECT_EQ(name.parent(), "a/b");
  EXPECT_EQ(name.last(), "c");
  auto const top = *EntryName::parse("a", NameRules::strict);
  EXPECT_EQ(top.parent(), "");
  EXPECT_EQ(top.last(), "a");
}

TEST(LinkTarget, StaysInItsTopLevelEntry) {
  EXPECT_TRUE(link_ok("a/b", "a"));
  EXPECT_TRUE(link_ok("a/b/c", "../a"));
  EXPECT_TRUE(link_ok("a/b/c", ".."));
  EXPECT_TRUE(link_ok("a/b/c", "a/"));
  EXPECT_TRUE(link_ok("a/b", "./x"));
  EXPECT_TRUE(link_ok("a/b", "b//c"));
  EXPECT_TRUE(link_ok("a/b", "x/."));
  EXPECT_TRUE(link_ok("a/b/c/d", "../../x"));
  EXPECT_FALSE(link_ok("a", "b"));
  EXPECT_FALSE(link_ok("a/b", "../a"));
  EXPECT_FALSE(link_ok("a/b/c", "../../a"));
  EXPECT_FALSE(link_ok("a/b", ".."));
  EXPECT_FALSE(link_ok("a/b/c", "/a"));
  EXPECT_FALSE(link_ok("a/b/c", "x/.."));
  EXPECT_FALSE(link_ok("a/b/c", "x/../../.."));
  EXPECT_FALSE(link_ok("a/b/c", "./../.."));
  EXPECT_FALSE(link_ok("..", "x"));
  for (char const* target : {"", ".", "/", "//", "./", "a\nb", "a\x7F"}) EXPECT_FALSE(link_ok("a/b/c", target)) << target;
  EXPECT_FALSE(link_ok("a/b/c", std::string(kMaxTargetLength + 1, 'x')));
  EXPECT_TRUE(link_ok("a/b/c", std::string(kMaxTargetLength, 'x')));
}

TEST(DisplaySafe, TakesLettersOfTheListedScripts) {
  for (char const* text : {"Grüße", "Ελλάδα", "Привет", "日本語", "ひらがな", "カタカナ", "한국어", "€5", "±∞", "«x»", "a_b"}) {
    EXPECT_TRUE(safe_for_display(std::string_view(text))) << text;
  }
}

TEST(DisplaySafe, RefusesWhatDeceives) {
  for (char const* text : {"\xF0\x9F\x98\x80" /* emoji */, "\xE2\x80\xAE" /* right-to-left override */, "\xC2\xA0" /* no-break space */,
                           "a\xCC\x81" /* combining */, "\xD7\xA9" /* Hebrew */, "\xD8\xB4" /* Arabic */, "\xE2\x80\x8B" /* zero width */,
                           "\xC2\xAD" /* soft hyphen */, "\xEF\xBB\xBF", "\xEE\x80\x80" /* private */, "\xC2\x85", "\xE1\x9A\x80"}) {
    EXPECT_FALSE(safe_for_display(std::string_view(text))) << text;
  }
}

TEST(DisplaySafe, RefusesMalformedUtf8) {
  for (char const* text : {"\xC0\xAF", "\xE0", "\xE0\xA4", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\x80",
                           "\xE0\x80\xAF", "\xF0\x80\x80\xAF", "\xC3", "\xC3(", "a\xE6\x97"}) {
    EXPECT_FALSE(safe_for_display(std::string_view(text)));
  }
}

TEST(DisplaySafe, JudgesEveryCodePoint) {
  std::size_t safe = 0;
  for (std::uint32_t point = 0; point < 0x120000; ++point) {
    bool const never = point < 0x20 || (point >= 0x7F && point <= 0x9F) || (point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF ||
                       (point & 0xFFFE) == 0xFFFE || (point >= 0xFDD0 && point <= 0xFDEF) || (point >= 0xE000 && point <= 0xF8FF);
    if (never) {
      ASSERT_FALSE(safe_for_display(point)) << point;
    }
    safe += safe_for_display(point) ? 1 : 0;
  }
  EXPECT_GT(safe, 100'000U);  // Han alone has 90,000
  for (std::uint32_t const point : {0x110000U, 0x80000000U, 0xFFFFFFFFU}) EXPECT_FALSE(safe_for_display(point));
}

}  // namespace
}  // namespace bh::qfile
