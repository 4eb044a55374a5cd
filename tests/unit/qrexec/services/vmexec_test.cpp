#include <gtest/gtest.h>

#include "qrexec/services/vmexec_argument.h"

namespace bh::vmexec {
namespace {

// As the dom0 side writes it.
std::string encode(std::vector<std::string> const& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += '+';
    for (unsigned char const c : words[i]) {
      if (c == '-') {
        text += "--";
      } else if (std::isalnum(c) != 0 || c == '_' || c == '.') {
        text += static_cast<char>(c);
      } else {
        char hex[4];
        std::snprintf(hex, sizeof hex, "-%02X", c);
        text += hex;
      }
    }
  }
  return text;
}

TEST(VmExec, ReadsEveryByteBack) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  for (auto const& words : std::vector<std::vector<std::string>>{{"ls", "-l", "/home"}, {"a", "", ""}, {"sh", "-c", "echo $HOME; rm *"}, {"x", all}}) {
    auto const back = decode(encode(words));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, words);
  }
}

TEST(VmExec, RefusesEveryOtherSpelling) {
  for (char const* text : {"", "+a", "a b", "a/b", "a-", "a-2", "a-2f", "a-G0", "a-+b", "a$", "a\n", "\xC3\xA4", "a-00"}) {
    EXPECT_FALSE(decode(text)) << text;
  }
  EXPECT_FALSE(decode(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace bh::vmexec
