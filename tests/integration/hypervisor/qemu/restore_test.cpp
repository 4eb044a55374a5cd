// Machines saved and restored by a real QEMU, and everything that can go wrong on the way.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "hypervisor/qemu/content_hash.h"
#include "hypervisor/qemu/snapshot_store.h"
#include "tests/integration/hypervisor/qemu/ticking_guest.h"

namespace bh::qemu::test {
namespace {

namespace fs = std::filesystem;
using namespace machine;

class Restore : public testing::Test {
 protected:
  void SetUp() override {
    image_ = find_template();
    if (!image_) GTEST_SKIP() << kNoTemplate;
    temp_.emplace(*TempDir::create("bh-restore"));
    spec_ = spec_in(*temp_, *image_);
    make_ticking_initrd(image_->initrd, temp_->path() / "initrd");
    spec_.initrd = temp_->path() / "initrd";
    spec_.private_volume = temp_->path() / "placeholder";
    make_file(*spec_.private_volume, kPlaceholderSize, "");
    auto store = SnapshotStore::open(temp_->path() / "snapshots");
    ASSERT_TRUE(store.ok()) << store.error().message;
    store_.emplace(*std::move(store));
    auto key = snapshot_key(spec_, {.template_hash = image_->hash, .tag = "test"});
    ASSERT_TRUE(key.ok()) << key.error().message;
    key_ = *std::move(key);
  }
  static void make_file(fs::path const& path, std::uint64_t size, std::string const& head) {
    auto const file = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(head.empty() || write_all(*file, as_bytes(head)).ok());
    ASSERT_EQ(::ftruncate(file->borrow(), static_cast<off_t>(size)), 0);
  }
  // Boots the guest until it ticks, saves it, commits.
  void save() {
    auto machine = vmm_.start(spec_);
    ASSERT_TRUE(machine.ok()) << machine.error().message;
    {
      Killed const killed(**machine);
      auto const tick = wait_for_tick(**machine, console_log(spec_.run_folder), [](Tick const& seen) { return seen.count >= 3; });
      ASSERT_TRUE(tick.has_value()) << text_of(console_log(spec_.run_folder));
      EXPECT_EQ(tick->root_marker, kRootMarker);
      auto target = store_->begin(key_);
      ASSERT_TRUE(target.ok()) << target.error().message;
      ASSERT_TRUE((*machine)->save(*target).ok());
      auto const saved = wait_for_event<MachineSaved>(**machine, in_time());
      ASSERT_TRUE(saved.ok()) << saved.error().message;
      EXPECT_GT(saved->memory.value(), std::uint64_t{1} << 20);
      at_save_ = last_tick(console_log(spec_.run_folder))->count;
    }
    auto const committed = store_->commit(key_, "test");
    ASSERT_TRUE(committed.ok()) << committed.error().message;
  }
  MachineSpec clone_spec(std::string const& name, std::uint64_t private_size) {
    MachineSpec clone = spec_;
    clone.name = name;
    clone.uuid.back() = static_cast<char>('2' + clones_++);
    clone.run_folder = temp_->path() / name;
    clone.log_file = temp_->path() / (name + ".log");
    clone.private_volume = temp_->path() / (name + ".img");
    make_file(*clone.private_volume, private_size, "I-am-" + name + "\n");
    fs::create_directories(clone.run_folder);
    auto files = store_->find(key_);
    EXPECT_TRUE(files.ok()) << files.error().message;
    if (files) clone.restore_from = *std::move(files);
    return clone;
  }
  static std::string text_of(fs::path const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::optional<volumes::TemplateImage> image_;
  std::optional<TempDir> temp_;
  std::optional<SnapshotStore> store_;
  SnapshotKey key_;
  MachineSpec spec_;
  std::uint64_t at_save_ = 0;
  int clones_ = 0;
  QemuVmm vmm_{built_jail()};
};

TEST_F(Restore, TwoClonesAtOnceGoOnApart) {
  ASSERT_NO_FATAL_FAILURE(save());
  std::vector<std::unique_ptr<Machine>> machines;
  for (std::string const name : {"one", "two"}) {
    auto machine = vmm_.start(clone_spec(name, name == "one" ? 8 << 20 : 6 << 20));
    ASSERT_TRUE(machine.ok()) << machine.error().message;
    machines.push_back(*std::move(machine));
  }
  Killed const killed_one(*machines[0]);
  Killed const killed_two(*machines[1]);
  for (auto const& machine : machines) {
    auto const restored = wait_for_event<MachineRestored>(*machine, in_time());
    ASSERT_TRUE(restored.ok()) << restored.error().message;
  }
  for (int i = 0; i < 2; ++i) {
    std::string const name = i == 0 ? "one" : "two";
    auto const console = temp_->path() / name / "console.log";
    auto const first = wait_for_tick(*machines[static_cast<std::size_t>(i)], console, [](Tick const&) { return true; });
    ASSERT_TRUE(first.has_value()) << text_of(console);
    EXPECT_GE(first->count, at_save_) << "it goes on where it was saved";
    EXPECT_LT(first->count, at_save_ + 1000) << "and did not boot";
    // Its own disk, of another size than the placeholder: the guest learns it when told.
    ByteCount const size((i == 0 ? 8U : 6U) << 20);
    ASSERT_TRUE(machines[static_cast<std::size_t>(i)]->resize_volume(Volume::private_volume, size).ok());
    auto const grown = wait_for_tick(*machines[static_cast<std::size_t>(i)], console, [&](Tick const& tick) { return tick.private_sectors == size.value() / 512 && tick.private_head != "-"; });
    ASSERT_TRUE(grown.has_value()) << text_of(console);
    EXPECT_EQ(grown->private_head, "I-am-" + name);
    EXPECT_EQ(grown->root_marker, kRootMarker) << "what it had written to its root before it was saved";
  }
  // Each wrote to a disk of its own. (What they wrote may well be the same: until a clone is given fresh randomness, its generator goes on
  // where the saved one stood. This guest has nobody who would; seen here more than once.)
  auto const written = [&](char const* name) { return text_of(temp_->path() / (std::string(name) + ".img")).substr(512, 36); };
  for (char const* name : {"one", "two"}) {
    ASSERT_EQ(written(name).size(), 36U);
    EXPECT_EQ(written(name)[8], '-') << "a uuid of the guest's";
  }
  EXPECT_GT(machines[0]->memory_in_use().value_or(ByteCount(0)).value(), std::uint64_t{1} << 20);
}

TEST_F(Restore, ClonesThatShareMemoryKeepWhatTheyChangeForThemselves) {
  spec_.balloon = false;
  key_ = *snapshot_key(spec_, {.template_hash = image_->hash, .tag = "test"});
  ASSERT_NO_FATAL_FAILURE(save());
  auto const shared = store_->find_shared(key_);
  ASSERT_TRUE(shared.ok()) << shared.error().message;
  std::vector<std::unique_ptr<Machine>> machines;
  for (std::string const name : {"one", "two"}) {
    MachineSpec clone = clone_spec(name, 8 << 20);
    clone.restore_from = *shared;
    auto machine = vmm_.start(clone);
    ASSERT_TRUE(machine.ok()) << machine.error().message;
    machines.push_back(*std::move(machine));
  }
  Killed const killed_one(*machines[0]);
  Killed const killed_two(*machines[1]);
  for (std::size_t i = 0; i < 2; ++i) {
    auto const console = temp_->path() / (i == 0 ? "one" : "two") / "console.log";
    auto const tick = wait_for_tick(*machines[i], console, [&](Tick const& seen) { return seen.count > at_save_ + 3; });
    ASSERT_TRUE(tick.has_value()) << text_of(console);
    EXPECT_EQ(tick->root_marker, kRootMarker);
    EXPECT_FALSE(machines[i]->memory_in_use().ok()) << "what it has for itself is in no file";
    EXPECT_FALSE(machines[i]->save({temp_->path()}).ok());
  }
  // Two guests have run and written to their memory; the shared one is what it was.
  auto const saved = content_hash(*shared->memory, mebibytes(spec_.memory.value()), 1);
  auto const now = content_hash(*shared->shared_memory, mebibytes(spec_.memory.value()), 1);
  ASSERT_TRUE(saved.ok() && now.ok());
  EXPECT_EQ(*saved, *now);
}

TEST_F(Restore, SnapshotStaysAsItWasWhileClonesRun) {
  ASSERT_NO_FATAL_FAILURE(save());
  {
    auto machine = vmm_.start(clone_spec("one", 8 << 20));
    ASSERT_TRUE(machine.ok());
    Killed const killed(**machine);
    ASSERT_TRUE(wait_for_tick(**machine, temp_->path() / "one/console.log", [](Tick const&) { return true; }).has_value());
  }
  // Another life of the store reads every byte again.
  auto again = SnapshotStore::open(temp_->path() / "snapshots");
  ASSERT_TRUE(again.ok());
  auto const found = again->find(key_);
  EXPECT_TRUE(found.ok()) << found.error().message;
}

TEST_F(Restore, DamagedStateIsAFailureWithAReasonAndNotAHang) {
  ASSERT_NO_FATAL_FAILURE(save());
  MachineSpec clone = clone_spec("one", 8 << 20);
  auto state = read_file(temp_->path() / "snapshots" / key_.text / kSnapshotState, std::size_t{64} << 20);
  ASSERT_TRUE(state.ok());
  ASSERT_TRUE(write_file_atomically(temp_->path() / "half", state->substr(0, state->size() / 2)).ok());
  clone.restore_from->state = std::make_shared<UniqueFd const>(*open_file(temp_->path() / "half", O_RDONLY));
  auto machine = vmm_.start(clone);
  ASSERT_TRUE(machine.ok());
  Killed const killed(**machine);
  auto const stopped = wait_for_event<MachineStopped>(**machine, in_time());
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_EQ(stopped->reason, StopReason::failed);
  EXPECT_FALSE(stopped->text.empty());
}

TEST_F(Restore, MemoryThatCannotBeReadEndsTheClone) {
  ASSERT_NO_FATAL_FAILURE(save());
  MachineSpec clone = clone_spec("one", 8 << 20);
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  clone.restore_from->memory = std::make_shared<UniqueFd const>(std::move(pipe->first));
  auto machine = vmm_.start(clone);
  ASSERT_TRUE(machine.ok());
  Killed const killed(**machine);
  auto const stopped = wait_for_event<MachineStopped>(**machine, in_time());
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_EQ(stopped->reason, StopReason::failed);
  EXPECT_NE(stopped->text.find("memory could not be copied"), std::string::npos) << stopped->text;
}

TEST_F(Restore, KilledInAnyPhaseItIsJustGone) {
  ASSERT_NO_FATAL_FAILURE(save());
  for (int delay_ms : {0, 5, 20, 50, 80, 120, 200, 300}) {
    auto machine = vmm_.start(clone_spec("c" + std::to_string(delay_ms), 8 << 20));
    ASSERT_TRUE(machine.ok());
    int const pid = (*machine)->pid();
    auto const end = Clock::now() + std::chrono::milliseconds(delay_ms);
    while (Clock::now() < end) {
      (void)(*machine)->handle();
      (void)wait_for((*machine)->pollable(), POLLIN, end);
    }
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    auto const stopped = wait_for_event<MachineStopped>(**machine, in_time());
    ASSERT_TRUE(stopped.ok()) << delay_ms << " ms: " << stopped.error().message;
    EXPECT_EQ(stopped->reason, StopReason::killed) << delay_ms << " ms: " << stopped->text;
    EXPECT_NE(::kill(pid, 0), 0) << "collected";
  }
}

TEST_F(Restore, DaemonThatDiesHalfwayLeavesAMachineThatIsKnownForBroken) {
  ASSERT_NO_FATAL_FAILURE(save());
  MachineSpec const clone = clone_spec("one", 8 << 20);
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  int const daemon = ::fork();
  ASSERT_GE(daemon, 0);
  if (daemon == 0) {
    // Nobody handles the machine's events, so its state is never loaded; nor does any destructor run.
    auto machine = vmm_.start(clone);
    if (!machine) ::_exit(1);
    ::usleep(500'000);
    std::string const facts = std::to_string((*machine)->pid()) + " " + std::to_string((*machine)->start_time()) + "\n";
    ::_exit(write_all(pipe->second, as_bytes(facts)).ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(daemon, &status, 0), daemon);
  ASSERT_EQ(status, 0);
  char facts[64] = {};
  ASSERT_TRUE(read_some(pipe->first, std::as_writable_bytes(std::span(facts)).first(63)).ok());
  RunningMachine record{0, 0, clone.run_folder, clone.log_file, clone.window_memory};
  std::istringstream(facts) >> record.pid >> record.start_time;
  // Its process may not be QEMU yet.
  auto adopted = vmm_.adopt(record);
  for (auto const end = in_time(); !adopted && adopted.error().errno_value != ESRCH && Clock::now() < end; adopted = vmm_.adopt(record)) ::usleep(10'000);
  ASSERT_TRUE(adopted.ok()) << adopted.error().message;
  Killed const killed(**adopted);
  auto const lost = wait_for_event<MonitorLost>(**adopted, in_time());
  ASSERT_TRUE(lost.ok()) << lost.error().message << ": " << text_of(clone.log_file);
  EXPECT_NE(lost->text.find("ended halfway"), std::string::npos) << lost->text;
}

TEST_F(Restore, SaveThatCannotBeWrittenIsRefusedWithTheReason) {
  auto machine = vmm_.start(spec_);
  ASSERT_TRUE(machine.ok());
  Killed const killed(**machine);
  ASSERT_TRUE(wait_for_event<MachineUp>(**machine, in_time()).ok());
  ASSERT_TRUE((*machine)->save({temp_->path() / "no such folder"}).ok());
  EXPECT_FALSE((*machine)->save({temp_->path()}).ok()) << "one at a time";
  auto const refused = wait_for_event<RequestFailed>(**machine, in_time());
  ASSERT_TRUE(refused.ok()) << refused.error().message;
  EXPECT_EQ(refused->request, Request::save);
  EXPECT_NE(refused->text.find("no such folder"), std::string::npos) << refused->text;
}

TEST_F(Restore, QemuKilledDuringASaveLeavesNothingThatIsFound) {
  auto machine = vmm_.start(spec_);
  ASSERT_TRUE(machine.ok());
  Killed const killed(**machine);
  ASSERT_TRUE(wait_for_event<MachineUp>(**machine, in_time()).ok());
  auto const target = store_->begin(key_);
  ASSERT_TRUE(target.ok() && (*machine)->save(*target).ok());
  ASSERT_EQ(::kill((*machine)->pid(), SIGKILL), 0);
  ASSERT_TRUE(wait_for_event<MachineStopped>(**machine, in_time()).ok());
  auto const found = store_->find(key_);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().errno_value, ENOENT);
  store_.emplace(*SnapshotStore::open(temp_->path() / "snapshots"));
  EXPECT_TRUE(fs::is_empty(temp_->path() / "snapshots"));
}

TEST_F(Restore, KeyTellsMachinesApart) {
  auto const key_of = [&](auto&& change) {
    MachineSpec changed = spec_;
    SnapshotFacts facts{.template_hash = image_->hash, .tag = "test"};
    change(changed, facts);
    auto key = snapshot_key(changed, facts);
    EXPECT_TRUE(key.ok());
    return key ? key->text : "";
  };
  EXPECT_EQ(key_of([](auto& spec, auto&) { spec.name = "other", spec.uuid.back() = '9', spec.tsc = Kilohertz(1234), spec.private_volume = "/other", spec.run_folder = "/x"; }), key_.text) << "a clone's own";
  for (auto const& other : {key_of([](auto& spec, auto&) { spec.memory = Mebibytes(300); }), key_of([](auto& spec, auto&) { spec.vcpus = VcpuCount(2); }),
                            key_of([](auto& spec, auto&) { spec.window_memory = mebibytes(2); }), key_of([](auto& spec, auto&) { spec.cmdline += " x"; }),
                            key_of([](auto& spec, auto&) { spec.private_volume.reset(); }), key_of([](auto& spec, auto&) { spec.wires = WireCount(2); }),
                            key_of([](auto& spec, auto&) { spec.balloon = false; }), key_of([](auto& spec, auto&) { spec.tsc.reset(); }),
                            key_of([](auto& spec, auto&) { spec.initrd = spec.kernel; }), key_of([](auto&, auto& facts) { facts.template_hash = "other"; }),
                            key_of([](auto&, auto& facts) { facts.tag = "other"; }), key_of([](auto&, auto& facts) { facts.qemu = "/bin/true"; }),
                            key_of([](auto&, auto& facts) { facts.cpuinfo = "/proc/version"; })}) {
    EXPECT_NE(other, key_.text);
  }
}

}  // namespace
}  // namespace bh::qemu::test
