// R25: no text can turn into an option.
#include "hypervisor/qemu/qemu_option.h"

#include <gtest/gtest.h>

namespace bh::qemu {
namespace {

TEST(QemuOption, DoublesCommas) {
  EXPECT_EQ(QemuOption("socket").set("path", "a,b").text(), "socket,path=a,,b");
  EXPECT_EQ(QemuOption().set("guest", ",,").text(), "guest=,,,,");
  EXPECT_EQ(QemuOption("q35").off("usb").on("x").set("n", std::uint64_t{7}).text(), "q35,usb=off,x=on,n=7");
}

TEST(QemuOption, HostileTextsComeBackAsTheyWere) {
  for (std::string const hostile : {"plain", "x,readonly=off", ",", ",,", ",,,", "a=b", "=", "", "a,,b,=,c", "\"quoted\"", "<xml/>", "ends,", "sp ace", "\\", "%s%n"}) {
    auto const text = QemuOption("head").set("name", hostile).set("last", "1").text();
    auto const parsed = parse_option(text, true);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(*parsed, (ParsedOption{"head", {{"name", hostile}, {"last", "1"}}})) << text;
  }
}

TEST(QemuOption, HeadIsEscapedToo) {
  auto const parsed = parse_option(QemuOption("he,ad").on("a").text(), true);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->head, "he,ad");
}

TEST(QemuOption, PartWithoutEqualsIsNotRead) { EXPECT_FALSE(parse_option("a=b,flag", false).has_value()); }

TEST(QemuOptionDeath, KeysAreConstantsOfOurs) {
  EXPECT_DEATH(QemuOption().set("a,b", "c"), "");
  EXPECT_DEATH(QemuOption().set("", "c"), "");
  EXPECT_DEATH(QemuOption().set("a", std::string_view("b\0c", 3)), "");
}

}  // namespace
}  // namespace bh::qemu
