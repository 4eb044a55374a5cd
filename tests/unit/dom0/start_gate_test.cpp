// Red does not start on a leaky host unless its owner says so; what the host is stands where clients see it.
#include "dom0/core/life/start_gate.h"

#include <gtest/gtest.h>

#include "base/temp_dir.h"
#include "tests/unit/hypervisor/host/host_fixture.h"

namespace bh::dom0 {
namespace {

using machine::Accel;

class StartGateTest : public ::testing::Test {
 protected:
  TempDir folder = *TempDir::create("bh-gate-");
  Registry registry = *Registry::open(folder.path() / "bulkhead.db");
  host::HostFixture host = host::HostFixture::intel();
  StartGate gate{registry, host.root()};

  static Qube qube(char const* label) { return {*DomainName::parse("work"), 1, random_uuid(), QubeClass::app, *LabelName::parse(label)}; }
  std::string warning() {
    auto const& features = registry.inventory().dom0().features;
    auto const found = features.find(*FeatureName::parse("bulkhead.host-warning"));
    return found == features.end() ? "" : found->second.text();
  }
};

TEST_F(StartGateTest, ASoundHostStartsEverythingSilently) {
  for (char const* label : {"red", "blue", "black"}) EXPECT_TRUE(gate.ask(qube(label), Accel::kvm).ok()) << label;
  EXPECT_EQ(warning(), "");
}

TEST_F(StartGateTest, ALeakyOneRefusesRedUnderKvmOnly) {
  host.vulnerability("mds", "Vulnerable");
  auto const refused = gate.ask(qube("red"), Accel::kvm);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("mds"), std::string::npos);
  EXPECT_NE(refused.error().message.find("bulkhead features work start-on-leaky-host 1"), std::string::npos);
  EXPECT_TRUE(gate.ask(qube("red"), Accel::tcg).ok());
  EXPECT_TRUE(gate.ask(qube("orange"), Accel::kvm).ok());
  EXPECT_NE(warning().find("mds"), std::string::npos);
}

TEST_F(StartGateTest, TheOwnersWordStartsItAndNothingElseDoes) {
  host.vulnerability("mds", "Vulnerable");
  for (auto const& [value, starts] : {std::pair{"1", true}, {"", false}, {"0", false}, {"yes", false}}) {
    Qube red = qube("red");
    red.features.emplace(*FeatureName::parse(kStartOnLeakyHost), *FeatureValue::parse(value));
    EXPECT_EQ(gate.ask(red, Accel::kvm).ok(), starts) << value;
  }
}

TEST_F(StartGateTest, TheWarningGoesWhenTheHostIsMended) {
  host.vulnerability("mds", "Vulnerable");
  (void)gate.ask(qube("blue"), Accel::kvm);
  ASSERT_NE(warning(), "");
  host.vulnerability("mds", "Mitigation: Clear CPU buffers; SMT disabled");
  EXPECT_TRUE(gate.ask(qube("red"), Accel::kvm).ok());
  EXPECT_EQ(warning(), "");
}

}  // namespace
}  // namespace bh::dom0
