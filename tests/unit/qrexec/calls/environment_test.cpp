// The environment of services (qrexec.md 10.2): nothing left over, nothing made up.
#include "qrexec/service/environment.h"

#include <gtest/gtest.h>

#include <map>

namespace bh::qrexec {
namespace {

using Map = std::map<std::string, std::optional<std::string>>;
Map map_of(EnvironmentChanges const& changes) { return {changes.begin(), changes.end()}; }

TEST(Environment, LeftoversGo) {
  char const* const current[] = {"PATH=/bin", "QREXEC_SERVICE_PATH=/p", "QREXEC_AGENT_PID=1", "QREXEC_SERVICE_ARGUMENT=evil",
                                 "QREXECX=1", "NOTIFY_SOCKET=/x", nullptr};
  Map const expected{{"QREXEC_SERVICE_ARGUMENT", std::nullopt}, {"QREXECX", std::nullopt}, {"NOTIFY_SOCKET", std::nullopt}};
  EXPECT_EQ(map_of(without_leftovers(current)), expected);
}

TEST(Environment, OfACall) {
  auto const call = std::get<ServiceCall>(parse_vm_command("u:QUBESRPC s+a src keyword adminvm")->what);
  Map changes = map_of(of_service_call(call));
  EXPECT_EQ(changes["QREXEC_REMOTE_DOMAIN"], "src");
  EXPECT_EQ(changes["QREXEC_SERVICE_FULL_NAME"], "s+a");
  EXPECT_EQ(changes["QREXEC_SERVICE_ARGUMENT"], "a");
  EXPECT_EQ(changes["QREXEC_REQUESTED_TARGET_TYPE"], "keyword");
  EXPECT_EQ(changes["QREXEC_REQUESTED_TARGET_KEYWORD"], "adminvm");
  EXPECT_EQ(changes["QREXEC_REQUESTED_TARGET"], std::nullopt);
}

TEST(Environment, WithoutArgumentAndTarget) {
  auto const call = std::get<ServiceCall>(parse_vm_command("u:QUBESRPC s src")->what);
  Map changes = map_of(of_service_call(call));
  EXPECT_EQ(changes["QREXEC_SERVICE_FULL_NAME"], "s");
  EXPECT_EQ(changes["QREXEC_SERVICE_ARGUMENT"], std::nullopt);
  EXPECT_EQ(changes["QREXEC_REQUESTED_TARGET_TYPE"], "");
}

}  // namespace
}  // namespace bh::qrexec
