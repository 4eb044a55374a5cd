// Real machines: they come up, obey, end, and outlive their daemon.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/child_process.h"
#include "hypervisor/jail/observed_jail.h"
#include "base/unix_socket.h"
#include "hypervisor/qemu/accel_probe.h"
#include "hypervisor/volumes/private_volume.h"
#include "tests/integration/hypervisor/qemu/guest.h"

namespace bh::qemu::test {
namespace {

using namespace machine;

class Boot : public testing::Test {
 protected:
  void SetUp() override {
    image_ = find_template();
    if (!image_) GTEST_SKIP() << kNoTemplate;
    ASSERT_TRUE(temp_.ok());
    spec_ = spec_in(*temp_, *image_);
  }
  std::unique_ptr<Machine> start() {
    auto machine = vmm_.start(spec_);
    EXPECT_TRUE(machine.ok()) << machine.error().message;
    return machine ? *std::move(machine) : nullptr;
  }
  RunningMachine record_of(Machine const& machine) const {
    return RunningMachine{machine.pid(), machine.start_time(), spec_.run_folder, spec_.log_file, spec_.window_memory};
  }
  std::string console() const { return read_file(console_log(spec_.run_folder), 1 << 20).value_or(""); }

  // QEMU gives its copies of descriptors numbers of its own.
  static bool holds_nameless_file_in(int pid, std::filesystem::path const& folder) {
    for (auto const& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
      std::error_code closed_meanwhile;
      auto const target = std::filesystem::read_symlink(entry.path(), closed_meanwhile).string();
      if (target.starts_with(folder.string()) && target.ends_with(" (deleted)")) return true;
    }
    return false;
  }

  Result<TempDir> temp_ = TempDir::create("bh-boot");
  std::optional<volumes::TemplateImage> image_;
  MachineSpec spec_;
  QemuVmm vmm_{built_jail()};
};

TEST_F(Boot, ProbeSeesTheMarker) {
  AccelProbe probe;
  probe.kernel = image_->kernel;
  probe.initrd = image_->initrd;
  probe.deadline = std::chrono::seconds(90);
  probe.jail = built_jail();
  auto const trial = boot_to_marker(probe, Accel::tcg);
  ASSERT_TRUE(trial.ok()) << trial.error().message;
  EXPECT_TRUE(trial->came_up) << trial->text;
}

TEST_F(Boot, QemuSitsInItsJailAndHasNothingLeftToOpen) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  ASSERT_TRUE(wait_for_event<MachineUp>(*machine, in_time()).ok());
  auto const plan = QemuJail(built_jail()).plan(Accel::tcg);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  auto seen = jail::observe_jail(machine->pid());
  for (Deadline const deadline = in_time(); seen.ok() && !seen->nothing_to_open && Clock::now() < deadline; seen = jail::observe_jail(machine->pid())) ::usleep(10000);
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(seen->level, plan->level);
  EXPECT_NE(seen->level, jail::Level::none);
  EXPECT_TRUE(seen->nothing_to_open);
}

TEST_F(Boot, LauncherThatIsNotThereIsAnErrorAndNothingRuns) {
  QemuJailOptions options = built_jail();
  options.launcher = temp_->path() / "no-such-launcher";
  QemuVmm without(options);
  auto const machine = without.start(spec_);
  ASSERT_FALSE(machine.ok());
  EXPECT_NE(machine.error().message.find("no-such-launcher"), std::string::npos) << machine.error().message;
}

TEST_F(Boot, GuestThatPowersOffIsSaidToHave) {
  spec_.cmdline += " bulkhead.probe=1";
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  EXPECT_TRUE(wait_for_event<MachineUp>(*machine, in_time()).ok());
  auto const stopped = wait_for_event<MachineStopped>(*machine, in_time());
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_EQ(stopped->reason, StopReason::guest_powered_off) << stopped->text;
  EXPECT_NE(console().find("BULKHEAD-PROBE-OK"), std::string::npos) << console();
  EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(machine->pid())));
}

TEST_F(Boot, GuestWithoutAMeasuredClockComesUpToo) {
  spec_.tsc.reset();
  spec_.cmdline += " bulkhead.probe=1";
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  auto const stopped = wait_for_event<MachineStopped>(*machine, in_time());
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_EQ(stopped->reason, StopReason::guest_powered_off) << stopped->text;
}

TEST_F(Boot, KernelPanicEndsTheMachine) {
  spec_.cmdline += " rdinit=/no/such/init root=/dev/none";
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  auto const stopped = wait_for_event<MachineStopped>(*machine, in_time());
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_EQ(stopped->reason, StopReason::guest_reset) << stopped->text;
}

TEST_F(Boot, PausesResumesAndIsKilledAtOnce) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  ASSERT_TRUE(machine->pause().ok());  // before the handshake: it waits its turn
  EXPECT_TRUE(wait_for_event<MachinePaused>(*machine, in_time()).ok());
  ASSERT_TRUE(machine->resume().ok());
  EXPECT_TRUE(wait_for_event<MachineResumed>(*machine, in_time()).ok());
  auto const begin = Clock::now();
  ASSERT_TRUE(machine->kill().ok());
  auto const stopped = wait_for_event<MachineStopped>(*machine, in_time());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->reason, StopReason::killed);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(Boot, QemuKilledByOthersIsNoticed) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  ASSERT_TRUE(wait_for_event<MachineUp>(*machine, in_time()).ok());
  ASSERT_EQ(::kill(machine->pid(), SIGKILL), 0);
  auto const stopped = wait_for_event<MachineStopped>(*machine, in_time());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->reason, StopReason::killed);
  EXPECT_EQ(stopped->text, "QEMU was ended by signal 9");
}

TEST_F(Boot, QemuThatCannotStartSaysWhy) {
  std::ofstream(temp_->path() / "no-kernel") << "this is no kernel";
  spec_.kernel = temp_->path() / "no-kernel";
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  auto const stopped = wait_for_event<MachineStopped>(*machine, in_time());
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_EQ(stopped->reason, StopReason::failed);
  EXPECT_NE(stopped->text.find("kernel"), std::string::npos) << stopped->text;
}

TEST_F(Boot, MissingFileIsAnErrorBeforeAnythingRuns) {
  spec_.private_volume = temp_->path() / "no-such-volume";
  auto const machine = vmm_.start(spec_);
  ASSERT_FALSE(machine.ok());
  EXPECT_NE(machine.error().message.find("no-such-volume"), std::string::npos);
}

TEST_F(Boot, DaemonMayDieAndAdopt) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  ASSERT_TRUE(wait_for_event<MachineUp>(*machine, in_time()).ok());
  RunningMachine const record = record_of(*machine);
  struct stat before {};
  ASSERT_EQ(::fstat(machine->window_memory().borrow(), &before), 0);
  machine.reset();

  auto adopted = vmm_.adopt(record);
  ASSERT_TRUE(adopted.ok()) << adopted.error().message;
  EXPECT_TRUE(wait_for_event<MachineUp>(**adopted, in_time()).ok());
  struct stat after {};
  ASSERT_EQ(::fstat((*adopted)->window_memory().borrow(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  ASSERT_TRUE((*adopted)->pause().ok());
  EXPECT_TRUE(wait_for_event<MachinePaused>(**adopted, in_time()).ok());
  adopted->reset();

  // Somebody tidied the logs away meanwhile.
  std::filesystem::remove(record.log_file);
  adopted = vmm_.adopt(record);
  ASSERT_TRUE(adopted.ok()) << adopted.error().message;
  EXPECT_TRUE(wait_for_event<MachinePaused>(**adopted, in_time()).ok());
  ASSERT_TRUE((*adopted)->kill().ok());
  EXPECT_TRUE(wait_for_event<MachineStopped>(**adopted, in_time()).ok());
  // It is this test's own child, which an adopter's never is.
  EXPECT_EQ(::waitpid(record.pid, nullptr, 0), record.pid);
}

TEST_F(Boot, AnswersOwedToADeadDaemonDoNotConfuseItsSuccessor) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  RunningMachine const record = record_of(*machine);
  for (int round = 0; round < 30; ++round) {
    auto const up = wait_for_event<MachineUp>(*machine, in_time());
    ASSERT_TRUE(up.ok()) << "round " << round << ": " << up.error().message;
    // Sent, and the daemon gone before it is answered.
    ASSERT_TRUE(machine->pause().ok());
    machine->handle();
    machine.reset();
    auto adopted = vmm_.adopt(record);
    ASSERT_TRUE(adopted.ok()) << adopted.error().message;
    machine = *std::move(adopted);
  }
  ASSERT_TRUE(machine->kill().ok());
  EXPECT_TRUE(wait_for_event<MachineStopped>(*machine, in_time()).ok());
  EXPECT_EQ(::waitpid(record.pid, nullptr, 0), record.pid);
}

TEST_F(Boot, AnotherProcessIsNotAdopted) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  RunningMachine record = record_of(*machine);
  record.start_time += 1;
  EXPECT_FALSE(vmm_.adopt(record).ok());
  record = record_of(*machine);
  record.window_memory = mebibytes(2);
  EXPECT_FALSE(vmm_.adopt(record).ok());
  auto const own = process_start_time(::getpid());
  ASSERT_TRUE(own.ok());
  record.pid = ::getpid();
  record.start_time = *own;
  EXPECT_FALSE(vmm_.adopt(record).ok());
}

TEST_F(Boot, WindowMemoryCannotBeCutUnderItsReaders) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  ASSERT_TRUE(wait_for_event<MachineUp>(*machine, in_time()).ok());
  EXPECT_NE(::ftruncate(machine->window_memory().borrow(), 0), 0);
  auto const through_qemu = open_file("/proc/" + std::to_string(machine->pid()) + "/fd/11", O_RDWR);
  ASSERT_TRUE(through_qemu.ok());
  EXPECT_NE(::ftruncate(through_qemu->borrow(), 0), 0);
}

TEST_F(Boot, PortAcceptsAPeerAndAnotherAfterIt) {
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  ASSERT_TRUE(wait_for_event<MachineUp>(*machine, in_time()).ok());
  for (int turn = 0; turn < 2; ++turn) {
    auto const peer = connect_unix(mux_socket(spec_.run_folder));
    ASSERT_TRUE(peer.ok()) << peer.error().message;
    // QEMU holds the connection: no end of stream comes.
    auto const ended = wait_for(*peer, POLLIN, Clock::now() + std::chrono::milliseconds(200));
    EXPECT_TRUE(ended.ok() && !*ended);
  }
}

TEST_F(Boot, OverlayHasNoNameAndTheTemplateIsNotTouched) {
  ASSERT_TRUE(volumes::create_private_volume(temp_->path() / "volume", mebibytes(16)).ok());
  spec_.private_volume = volumes::private_volume(temp_->path() / "volume");
  auto const before = std::filesystem::last_write_time(*spec_.root_image);
  auto machine = start();
  ASSERT_NE(machine, nullptr);
  Killed const at_last(*machine);
  ASSERT_TRUE(wait_for_event<MachineUp>(*machine, in_time()).ok());
  EXPECT_TRUE(std::filesystem::is_empty(spec_.overlay_folder));
  EXPECT_TRUE(holds_nameless_file_in(machine->pid(), spec_.overlay_folder));
  // A second machine on the same private volume would corrupt it.
  MachineSpec second = spec_;
  second.run_folder = temp_->path() / "run2";
  std::filesystem::create_directories(second.run_folder);
  auto other = vmm_.start(second);
  ASSERT_TRUE(other.ok());
  auto const refused = wait_for_event<MachineStopped>(**other, in_time());
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->reason, StopReason::failed);
  EXPECT_NE(refused->text.find("another process"), std::string::npos) << refused->text;
  ASSERT_TRUE(machine->kill().ok());
  ASSERT_TRUE(wait_for_event<MachineStopped>(*machine, in_time()).ok());
  EXPECT_TRUE(std::filesystem::is_empty(spec_.overlay_folder));
  EXPECT_EQ(std::filesystem::last_write_time(*spec_.root_image), before);
}

}  // namespace
}  // namespace bh::qemu::test
