// The double keeps the promises of the real driver that those above rely on.
#include "hypervisor/machine/fake_vmm.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/temp_dir.h"
#include "hypervisor/machine/wait_for_event.h"

namespace bh::machine {
namespace {

MachineSpec spec_of(std::string name) {
  MachineSpec spec;
  spec.name = std::move(name);
  spec.uuid = "12345678-9abc-4def-8000-000000000001";
  spec.kernel = "/t/vmlinux";
  spec.initrd = "/t/initrd.img";
  spec.run_folder = "/run/" + spec.name;
  spec.log_file = "/log";
  return spec;
}

Deadline soon() { return Clock::now() + std::chrono::seconds(5); }

TEST(FakeVmm, StartsPausesResumesAndIsKilled) {
  FakeVmm vmm;
  auto machine = vmm.start(spec_of("work"));
  ASSERT_TRUE(machine.ok());
  EXPECT_TRUE(wait_for_event<MachineUp>(**machine, soon()).ok());
  ASSERT_TRUE((*machine)->pause().ok());
  EXPECT_TRUE(wait_for_event<MachinePaused>(**machine, soon()).ok());
  ASSERT_TRUE((*machine)->resume().ok());
  EXPECT_TRUE(wait_for_event<MachineResumed>(**machine, soon()).ok());
  EXPECT_TRUE(vmm.runs("work"));
  ASSERT_TRUE((*machine)->kill().ok());
  auto const stopped = wait_for_event<MachineStopped>(**machine, soon());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->reason, StopReason::killed);
  EXPECT_FALSE(vmm.runs("work"));
  EXPECT_FALSE((*machine)->pause().ok());
}

TEST(FakeVmm, DescriptorIsReadableOnlyWhileEventsWait) {
  FakeVmm vmm;
  auto machine = vmm.start(spec_of("work"));
  ASSERT_TRUE(machine.ok());
  EXPECT_EQ((*machine)->handle().size(), 1U);
  EXPECT_FALSE(*wait_for((*machine)->pollable(), POLLIN, Clock::now()));
  vmm.happen("work", MachinePanicked{});
  EXPECT_TRUE(*wait_for((*machine)->pollable(), POLLIN, soon()));
}

TEST(FakeVmm, DeafGuestIgnoresAllButKill) {
  FakeVmm vmm;
  auto machine = vmm.start(spec_of("work"));
  ASSERT_TRUE(machine.ok());
  (void)(*machine)->handle();
  vmm.make_guests_deaf(true);
  EXPECT_TRUE((*machine)->press_power_button().ok());
  EXPECT_TRUE((*machine)->handle().empty());
  EXPECT_TRUE((*machine)->kill().ok());
  EXPECT_EQ((*machine)->handle().size(), 1U);
}

TEST(FakeVmm, MachineOutlivesItsObjectAndIsAdopted) {
  FakeVmm vmm;
  RunningMachine record;
  {
    auto machine = vmm.start(spec_of("work"));
    ASSERT_TRUE(machine.ok());
    record = RunningMachine{(*machine)->pid(), (*machine)->start_time(), "/run/work", "/log", kDefaultWindowMemory};
  }
  auto adopted = vmm.adopt(record);
  ASSERT_TRUE(adopted.ok());
  EXPECT_TRUE(wait_for_event<MachineUp>(**adopted, soon()).ok());
  EXPECT_TRUE((*adopted)->window_memory().open());
  record.start_time += 1;
  EXPECT_FALSE(vmm.adopt(record).ok());
}

TEST(FakeVmm, RefusesOnceWhenTold) {
  FakeVmm vmm;
  vmm.refuse_next_start("no memory");
  auto const refused = vmm.start(spec_of("work"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "no memory");
  EXPECT_TRUE(vmm.start(spec_of("work")).ok());
}

TEST(FakeVmm, SavesAndRestores) {
  FakeVmm vmm;
  auto const temp = TempDir::create("bh-fake");
  ASSERT_TRUE(temp.ok());
  auto saved = vmm.start(spec_of("template"));
  ASSERT_TRUE(saved.ok() && (*saved)->save(SnapshotTarget{temp->path()}).ok());
  EXPECT_TRUE(wait_for_event<MachineSaved>(**saved, soon()).ok());
  SnapshotFiles files;
  files.memory = std::make_shared<UniqueFd>(*open_file(temp->path() / kSnapshotMemory, O_RDONLY));
  files.state = std::make_shared<UniqueFd>(*open_file(temp->path() / kSnapshotState, O_RDONLY));
  MachineSpec clone = spec_of("clone");
  clone.restore_from = files;
  auto restored = vmm.start(clone);
  ASSERT_TRUE(restored.ok());
  EXPECT_TRUE(wait_for_event<MachineRestored>(**restored, soon()).ok());
  vmm.fail_next_restore("damaged state");
  auto failed = vmm.start(clone);
  ASSERT_TRUE(failed.ok());
  auto const stopped = wait_for_event<MachineStopped>(**failed, soon());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->text, "damaged state");
}

TEST(FakeVmm, WiresFillTheirSlots) {
  FakeVmm vmm;
  auto machine = vmm.start(spec_of("work"));
  auto pair = make_socket_pair();
  ASSERT_TRUE(machine.ok() && pair.ok());
  ASSERT_TRUE((*machine)->attach_wire(WireSlot(0), std::move(pair->first), MacAddress{}).ok());
  EXPECT_TRUE(wait_for_event<WireAttached>(**machine, soon()).ok());
  ASSERT_TRUE((*machine)->attach_wire(WireSlot(0), std::move(pair->second), MacAddress{}).ok());
  auto const refused = wait_for_event<RequestFailed>(**machine, soon());
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->request, Request::attach_wire);
  ASSERT_TRUE((*machine)->detach_wire(WireSlot(0)).ok());
  EXPECT_TRUE(wait_for_event<WireDetached>(**machine, soon()).ok());
}

}  // namespace
}  // namespace bh::machine
