#include "hypervisor/vchan/guest_config.h"

#include <gtest/gtest.h>

namespace bh::vchan {
namespace {

ConfigError error_of(std::string_view text) {
  auto const config = GuestConfig::parse(text);
  EXPECT_FALSE(config) << text;
  return config ? ConfigError::too_long : config.error();
}

TEST(GuestConfig, KeepsLinesInOrderAndKnowsItsDomain) {
  auto const config = GuestConfig::parse("QUBE_NAME=work\n\nVCHAN_DOMAIN=5\nKEYBOARD_LAYOUT=de++ctrl:nocaps\nEMPTY=");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->domain(), DomainId(5));
  EXPECT_EQ(config->text(), "QUBE_NAME=work\nVCHAN_DOMAIN=5\nKEYBOARD_LAYOUT=de++ctrl:nocaps\nEMPTY=\n");
}

TEST(GuestConfig, RefusesWhatCouldBeReadAsSomethingElse) {
  for (char const* value : {"a\"b", "a'b", "a\\", "$(x)", "`x`", "a\tb", "a#b", "a;b", "\x01", "\xC3\xA4", "a\rb"}) {
    EXPECT_EQ(error_of("VCHAN_DOMAIN=5\nX=" + std::string(value)), ConfigError::bad_value) << value;
  }
  EXPECT_EQ(error_of(std::string("VCHAN_DOMAIN=5\nX=a\0b\n", 21)), ConfigError::bad_value);
  for (char const* key : {"", "1A", "_A", "a", "A-B", "A B", " A"}) {
    EXPECT_EQ(error_of("VCHAN_DOMAIN=5\n" + std::string(key) + "=x"), ConfigError::bad_key) << key;
  }
  EXPECT_EQ(error_of("VCHAN_DOMAIN=5\nX\n"), ConfigError::no_equals_sign);
  EXPECT_EQ(error_of("VCHAN_DOMAIN=5\nVCHAN_DOMAIN=6\n"), ConfigError::duplicate_key);
}

TEST(GuestConfig, NeedsAQubesNumber) {
  for (char const* text : {"", "A=b", "VCHAN_DOMAIN=0", "VCHAN_DOMAIN=", "VCHAN_DOMAIN=32752", "VCHAN_DOMAIN=05"}) {
    EXPECT_EQ(error_of(text), ConfigError::no_domain) << text;
  }
}

TEST(GuestConfig, TellsTheNumberInDom0FromTheOneInside) {
  auto const cold = GuestConfig::parse("VCHAN_DOMAIN=5\n");
  ASSERT_TRUE(cold);
  EXPECT_EQ(cold->domain(), DomainId(5));
  EXPECT_EQ(cold->own_number(), DomainId(5));
  auto const clone = GuestConfig::parse("QUBE_DOMAIN=7\nVCHAN_DOMAIN=32751\n");
  ASSERT_TRUE(clone);
  EXPECT_EQ(clone->domain(), DomainId(7));
  EXPECT_EQ(clone->own_number(), kCloneAlias);
  for (char const* value : {"", "0", "32752", "07", "x"}) {
    EXPECT_EQ(error_of("VCHAN_DOMAIN=5\nQUBE_DOMAIN=" + std::string(value)), ConfigError::bad_qube_domain) << value;
  }
  EXPECT_EQ(error_of("QUBE_DOMAIN=7\n"), ConfigError::no_domain);
}

TEST(GuestConfig, FindsValuesByWholeKeys) {
  auto const config = GuestConfig::parse("A_B=1\nVCHAN_DOMAIN=5\nA=2\nEMPTY=\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->value("A"), "2");
  EXPECT_EQ(config->value("A_B"), "1");
  EXPECT_EQ(config->value("EMPTY"), "");
  EXPECT_FALSE(config->value("B"));
  EXPECT_FALSE(config->value("EMPT"));
}

TEST(GuestConfig, HoldsItsLimits) {
  std::string const fits = "VCHAN_DOMAIN=5\nX=" + std::string(GuestConfig::kMaxSize - 18, 'x') + "\n";
  EXPECT_EQ(fits.size(), GuestConfig::kMaxSize);
  EXPECT_TRUE(GuestConfig::parse(fits));
  EXPECT_EQ(error_of(fits + "\n"), ConfigError::too_long);
  EXPECT_TRUE(GuestConfig::parse("VCHAN_DOMAIN=5\n" + std::string(GuestConfig::kMaxKey, 'A') + "=x"));
  EXPECT_EQ(error_of("VCHAN_DOMAIN=5\n" + std::string(GuestConfig::kMaxKey + 1, 'A') + "=x"), ConfigError::bad_key);
}

}  // namespace
}  // namespace bh::vchan
