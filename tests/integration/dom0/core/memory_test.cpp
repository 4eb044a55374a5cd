// Memory as bulkheadd shares it out, on a host whose figures the test makes up and machines that are fake (each holds 64 MiB until told).
#include <atomic>

#include "tests/integration/dom0/core/daemon_fixture.h"

namespace bh::dom0 {
namespace {

struct Memory : Daemon {
  void SetUp() override {
    host_memory = [this] { return memory::HostMemory{machine::Mebibytes(8192), machine::Mebibytes(available)}; };
    Daemon::SetUp();
  }
  std::atomic<std::uint32_t> available = 6000;
};

TEST_F(Memory, AStartThatDoesNotFitIsRefusedWithTheAccount) {
  ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", "name=mail label=red"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "mail"));
  available = 1800;  // 1024 of it kept for dom0, 336 promised to mail and not yet taken
  auto const refused = call("admin.vm.Start", "", "work");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, "QubesMemoryError");
  for (auto const* part : {"start work", "528 MiB", "440 MiB can be given", "mail 64 MiB of 400 MiB promised", "1024 MiB are kept"}) {
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << part << ": " << refused.error().message;
  }
  EXPECT_EQ(state("work"), "Halted");
  available = 1900;
  EXPECT_TRUE(ok("admin.vm.Start", "", "work")) << "with a little more, it fits";
}

TEST_F(Memory, AMachineIsAsLargeAsItMayGrow) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "maxmem", "work", "2000"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  on_daemon([&] { EXPECT_EQ(vmm.started().back().memory, machine::Mebibytes(2000)); });
}

// What a qube may hold is told by an event each time it changes.
TEST_F(Memory, WhatWasLentIsCalledBackWhenTheHostRunsShort) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "maxmem", "work", "2000"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  std::mutex mutex;
  std::vector<std::string> targets;
  std::thread listener([&] {
    (void)client->follow_events("work", Clock::now() + 60s, [&](admin::Event const& event) {
      std::lock_guard const lock(mutex);
      if (event.name == "bulkhead:memory-target") targets.emplace_back(event.value("mib").value_or(""));
      if (event.name == "connection-established") targets.emplace_back("listening");
      return event.name == "domain-shutdown" ? admin::Client::Next::stop : admin::Client::Next::more;
    });
  });
  auto const seen = [&](std::string const& text) {
    return eventually([&] {
      std::lock_guard const lock(mutex);
      return std::find(targets.begin(), targets.end(), text) != targets.end();
    });
  };
  EXPECT_TRUE(seen("listening"));
  available = 1500;  // 476 beyond the reserve; 336 of it are promised to work already, so 140 can be lent, and mail's 400 are to come
  ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", "name=mail label=red"));
  ASSERT_FALSE(call("admin.vm.Start", "", "mail")) << "too little for another";
  available = 2100;  // 1076 beyond the reserve, 336 promised to each of the two: 404 are left to lend
  ASSERT_TRUE(ok("admin.vm.Start", "", "mail"));
  EXPECT_TRUE(seen("804"));
  available = 6000;
  ASSERT_TRUE(ok("admin.vm.Kill", "", "mail"));
  EXPECT_TRUE(seen("2000")) << "and lent again when there is enough";
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  listener.join();
}

}  // namespace
}  // namespace bh::dom0
