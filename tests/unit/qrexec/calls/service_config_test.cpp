// rpc-config's subset of TOML (qrexec.md 10.3): accepted and refused files.
#include "qrexec/service/service_config.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

TEST(ServiceConfig, Empty) {
  auto const config = parse_service_config("");
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config->wait_for_session);
  EXPECT_FALSE(config->force_user.has_value());
}

TEST(ServiceConfig, AllKeys) {
  auto const config = parse_service_config(
      "# comment\r\n\nwait-for-session=1 # trailing\nskip-service-descriptor =\ttrue\nexit-on-client-eof = true\nexit-on-service-eof=true");
  ASSERT_TRUE(config.ok());
  EXPECT_TRUE(config->wait_for_session && config->skip_service_descriptor && config->exit_on_client_eof && config->exit_on_service_eof);
  EXPECT_EQ(parse_service_config("force-user = 'us # er'\n")->force_user, "us # er");
}

TEST(ServiceConfig, UnknownKeysAreTold) {
  auto const config = parse_service_config("future.key_1 = 'x'\nfuture.key_1 = 17\n");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->unknown_keys.size(), 2U);
}

TEST(ServiceConfig, BadFilesAreRefused) {
  for (std::string const& text : std::initializer_list<std::string>{
           " wait-for-session=1", "[section]", "wait-for-session", "wait-for-session=", "wait-for-session=00", "wait-for-session=01",
           "wait-for-session=2", "wait-for-session='true'", "wait-for-session=\"true\"", "wait-for-session=True", "wait-for-session=1 2",
           "wait-for-session=-1", "wait-for-session=1\nwait-for-session=1", "force-user=user", "force-user=\"user\"", "force-user='user",
           "force-user='''user'''", "force-user=''", "force-user=true", "skip-service-descriptor=1", "exit-on-client-eof='x'",
           "unknown=\"x\"", "unknown=0x10", "1key=true", "=true", std::string("a=1\0", 4), "force-user='u'\nexit-on-client-eof=true"}) {
    EXPECT_FALSE(parse_service_config(text).ok()) << text;
  }
}

TEST(ServiceConfig, FalseKeysGoWithForceUser) { EXPECT_TRUE(parse_service_config("force-user='u'\nexit-on-client-eof=false").ok()); }

TEST(ServiceConfig, ErrorsNameTheirLine) { EXPECT_EQ(parse_service_config("\n#\nbad").error().line, 3U); }

TEST(ServiceConfig, HasASizeLimit) {
  EXPECT_TRUE(parse_service_config("#" + std::string(kMaxServiceConfig - 1, 'x')).ok());
  EXPECT_FALSE(parse_service_config("#" + std::string(kMaxServiceConfig, 'x')).ok());
}

}  // namespace
}  // namespace bh::qrexec
