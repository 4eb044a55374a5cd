// The head of qubes.OpenInVM and the line of qubes.OpenURL, at their limits and from a hostile qube.
#include "qrexec/services/open_request.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bh::open {
namespace {

std::array<std::byte, kNameField> field(std::string_view text) {
  std::array<std::byte, kNameField> bytes{};
  std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}
Result<FileRequest, OpenFault> decoded(std::string_view text) {
  auto const bytes = field(text);
  return decode_name(Untrusted<ByteSpan>(ByteSpan(bytes)));
}
Result<std::string, OpenFault> url(std::string_view line) { return parse_url(Untrusted<std::string_view>(line)); }

TEST(OpenName, ArrivesAsItWasSent) {
  auto const sent = encode_name("report.pdf", false);
  EXPECT_EQ(sent, field("report.pdf"));
  auto const request = decoded("report.pdf");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->name, "report.pdf");
  EXPECT_FALSE(request->view_only);
}

TEST(OpenName, ViewOnlyIsAPrefix) {
  EXPECT_EQ(encode_name("a.txt", true), field("view-only-a.txt"));
  auto const request = decoded("view-only-a.txt");
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->view_only);
  EXPECT_EQ(request->name, "a.txt");
}

TEST(OpenName, OfLongNamesTheTailIsSentAndThePaddingIsZero) {
  std::string const exact = std::string(251, 'a') + ".txt";
  EXPECT_EQ(encode_name(exact, false), field(exact));
  EXPECT_EQ(encode_name("x" + exact, false), field(exact));
  EXPECT_EQ(encode_name(exact, true), field("view-only-" + exact.substr(10)));
  EXPECT_EQ(encode_name("y", false)[2], std::byte{0});
}

TEST(OpenName, WhatIsNoNameIsRefused) {
  EXPECT_EQ(decoded("").error(), OpenFault::no_name);
  EXPECT_EQ(decoded("view-only-").error(), OpenFault::no_name);
  for (char const* bad : {".", "..", "a/b", "/etc/passwd", "../x", "view-only-..", "view-only-/x"}) {
    auto const request = decoded(bad);
    ASSERT_FALSE(request.ok()) << bad;
    EXPECT_EQ(request.error(), OpenFault::not_a_name) << bad;
  }
  EXPECT_EQ(decoded(std::string(kNameField, 'a')).error(), OpenFault::unterminated);
  auto const whole = field("a");
  EXPECT_EQ(decode_name(Untrusted<ByteSpan>(ByteSpan(whole).first(255))).error(), OpenFault::unterminated);
}

TEST(OpenName, EveryOtherByteBecomesAnUnderscore) {
  for (int c = 1; c < 256; ++c) {
    if (c == '/') continue;
    std::string const text = std::string("a") + static_cast<char>(c) + "b";
    auto const request = decoded(text);
    ASSERT_TRUE(request.ok()) << c;
    bool const harmless = std::isalnum(c) != 0 || std::string_view("._+@-").find(static_cast<char>(c)) != std::string_view::npos;
    EXPECT_EQ(request->name, (c < 128 && harmless) ? text : "a_b") << c;
  }
  // Nobody's option.
  EXPECT_EQ(decoded("-rf")->name, "_rf");
}

TEST(OpenUrl, ThreeSchemesOnOneLine) {
  EXPECT_EQ(*url("http://a"), "http://a");
  EXPECT_EQ(*url("https://example.org/?q=1#x\n"), "https://example.org/?q=1#x");
  EXPECT_EQ(*url("ftp://a"), "ftp://a");
  for (char const* bad : {"", "\n", "file:///etc/passwd", "javascript:alert(1)", "HTTP://a", "-https://a", " http://a", "http://", "http://a b", "http://a\nhttp://b", "http://a\x1b[2J", "http://\xC3\xA4", "http://a\r\n"}) {
    EXPECT_FALSE(url(bad).ok()) << bad;
  }
}

TEST(OpenUrl, LengthIsLimited) {
  std::string const longest = "http://" + std::string(kMaxUrl - 7, 'a');
  EXPECT_TRUE(url(longest).ok());
  EXPECT_TRUE(url(longest + "\n").ok());
  EXPECT_EQ(url(longest + "a").error(), OpenFault::url_too_long);
}

TEST(OpenUrl, IsToldFromAFile) {
  for (char const* one : {"http://x", "a+b1://"}) EXPECT_TRUE(looks_like_url(one)) << one;
  for (char const* other : {"", "://x", "1a://x", "a.b://x", "http:/x", "./http", "a b://x"}) EXPECT_FALSE(looks_like_url(other)) << other;
}

}  // namespace
}  // namespace bh::open
