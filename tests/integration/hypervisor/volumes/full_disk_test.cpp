// A real QEMU and a guest that writes: the pool's disk runs full under it, and machines are killed while they write to working copies.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "hypervisor/volumes/pool/file_pool.h"
#include "hypervisor/volumes/pool/fill_alarm.h"
#include "tests/integration/hypervisor/qemu/ticking_guest.h"
#include "tests/unit/hypervisor/volumes/pool/pattern.h"

namespace bh::volumes {
namespace {

namespace fs = std::filesystem;
using namespace machine;
using qemu::test::in_time;

// Fills the private disk with numbered lines, as root could; says when it has, and what it reads back once the cache is dropped.
constexpr char const* kFillingInit = R"(#!/bin/busybox sh
PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "$module"; done < /modules/order
exec > /dev/ttyS0 2>&1
until [ -b /dev/vdb ]; do usleep 10000; done
echo filling begins
yes 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+ | dd of=/dev/vdb bs=65536 count=640 iflag=fullblock conv=fsync && echo filling good
echo 3 > /proc/sys/vm/drop_caches
last=$(dd if=/dev/vdb bs=64 skip=655359 count=1)
echo last $last end
while :; do sleep 1; done
)";
constexpr std::uint64_t kFilled = 640 * 65536;

// Writes to every part of the private disk for ever.
constexpr char const* kRestlessInit = R"(#!/bin/busybox sh
PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "$module"; done < /modules/order
exec > /dev/ttyS0 2>&1
until [ -b /dev/vdb ]; do usleep 10000; done
echo restless begins
while :; do dd if=/dev/urandom of=/dev/vdb bs=65536 count=64 conv=fsync,notrunc; done
)";

// A disk of a size of its own: a tmpfs that only this process (and what it starts) sees.
bool mount_small_disk(fs::path const& place, std::string const& options) {
  if (::unshare(CLONE_NEWNS) != 0) {
    unsigned const uid = ::getuid();
    unsigned const gid = ::getgid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    if (!write_file_atomically("/proc/self/setgroups", "deny")) return false;
    auto const put = [](char const* file, std::string const& text) {
      auto const fd = open_file(file, O_WRONLY);
      return fd.ok() && write_all(*fd, as_bytes(text)).ok();
    };
    if (!put("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") || !put("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1")) return false;
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && ::mount("none", place.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

class RealMachine : public testing::Test {
 protected:
  void SetUp() override {
    auto const image = qemu::test::find_template();
    if (!image) GTEST_SKIP() << qemu::test::kNoTemplate;
    image_ = *image;
    temp_.emplace(*TempDir::create("bh-full"));
    spec_ = qemu::test::spec_in(*temp_, image_);
  }
  void use(char const* init) {
    spec_.initrd = temp_->path() / "initrd";
    qemu::test::make_initrd_with(image_.initrd, init, spec_.initrd);
  }
  std::string console() { return read_file(console_log(spec_.run_folder), 1 << 20).value_or(""); }
  // Handles the machine's events until the console says the text; events are kept.
  bool said(Machine& machine, std::string const& text) {
    Deadline const deadline = in_time();
    while (Clock::now() < deadline) {
      for (auto& event : machine.handle()) events_.push_back(std::move(event));
      if (console().find(text) != std::string::npos) return true;
      (void)wait_for(machine.pollable(), POLLIN, Clock::now() + std::chrono::milliseconds(20));
    }
    return false;
  }
  volumes::TemplateImage image_;
  std::optional<TempDir> temp_;
  MachineSpec spec_;
  std::vector<MachineEvent> events_;
};

TEST_F(RealMachine, AFullDiskStopsTheMachineAndNothingIsLost) {
  fs::path const disk = temp_->path() / "disk";
  fs::create_directory(disk);
  if (!mount_small_disk(disk, "size=56m")) GTEST_SKIP() << "no mount namespace can be had here, so a full disk is not shown";
  use(kFillingInit);
  auto const pool = FilePool::open(disk);
  ASSERT_TRUE(pool.ok());
  auto const id = *VolumeId::make("work", "private");
  ASSERT_TRUE((*pool)->create(id, mebibytes(48), Content::blank).ok());
  auto const path = (*pool)->begin(id, *KeepRevisions::make(1));
  ASSERT_TRUE(path.ok());
  spec_.private_volume = *path;
  {
    auto const ballast = open_file(disk / "ballast", O_RDWR | O_CREAT);
    ASSERT_EQ(::fallocate(ballast->borrow(), 0, 0, mebibytes(32).value()), 0);
  }
  qemu::QemuVmm vmm(qemu::test::built_jail());
  auto machine = vmm.start(spec_);
  ASSERT_TRUE(machine.ok()) << machine.error().message;
  qemu::test::Killed const killed(**machine);
  std::vector<MachineEvent> seen;
  auto const full = wait_for_event(**machine, [](MachineEvent const& event) { return std::holds_alternative<VolumeFull>(event); }, in_time(), &seen);
  ASSERT_TRUE(full.ok()) << full.error().message << "\n" << console();
  EXPECT_EQ(std::get<VolumeFull>(*full).volume, Volume::private_volume);
  bool const stopped = std::any_of(seen.begin(), seen.end(), [](MachineEvent const& event) { return std::holds_alternative<MachinePaused>(event); }) ||
                       wait_for_event<MachinePaused>(**machine, in_time()).ok();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(console().find("filling good"), std::string::npos);
  EXPECT_GE(percent_full(*(*pool)->usage()), 95);
  ASSERT_TRUE(fs::remove(disk / "ballast"));
  ASSERT_TRUE((*machine)->resume().ok());
  ASSERT_TRUE(said(**machine, "filling good")) << console();
  ASSERT_TRUE(said(**machine, " end")) << console();
  EXPECT_EQ(console().find("I/O error"), std::string::npos) << "the guest must not have noticed";
  // What the guest wrote is what the volume holds, and what the guest reads back.
  auto const file = open_file(*path, O_RDONLY);
  std::string const line = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+\n";
  Bytes chunk(65536);
  for (std::uint64_t at = 0; at < kFilled; at += chunk.size()) {
    ASSERT_EQ(::pread(file->borrow(), chunk.data(), chunk.size(), static_cast<off_t>(at)), static_cast<ssize_t>(chunk.size()));
    for (std::size_t i = 0; i < chunk.size(); ++i) ASSERT_EQ(static_cast<char>(chunk[i]), line[(at + i) % line.size()]) << "byte " << at + i;
  }
  EXPECT_NE(console().find("last " + line.substr(0, 63) + " end"), std::string::npos) << console();
}

TEST_F(RealMachine, KilledWhileItWritesItLeavesTheLastCommit) {
  use(kRestlessInit);
  fs::path const disk = temp_->path() / "pool";
  fs::create_directory(disk);
  auto const pool = FilePool::open(disk);
  ASSERT_TRUE(pool.ok());
  auto const id = *VolumeId::make("work", "private");
  ASSERT_TRUE((*pool)->create(id, mebibytes(16), Content::blank).ok());
  ASSERT_TRUE(write_pattern((*pool)->committed(id), 1));
  std::mt19937 random(std::random_device{}());
  qemu::QemuVmm vmm(qemu::test::built_jail());
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(round);
    auto const path = (*pool)->begin(id, *KeepRevisions::make(1));
    ASSERT_TRUE(path.ok()) << path.error().message;
    spec_.private_volume = *path;
    fs::remove(console_log(spec_.run_folder));
    auto machine = vmm.start(spec_);
    ASSERT_TRUE(machine.ok()) << machine.error().message;
    qemu::test::Killed const killed(**machine);
    ASSERT_TRUE(said(**machine, "restless begins")) << console();
    (void)wait_for((*machine)->pollable(), 0, Clock::now() + std::chrono::milliseconds(random() % 400));
    ASSERT_TRUE((*machine)->kill().ok());
    ASSERT_TRUE(wait_for_event<MachineStopped>(**machine, in_time()).ok());
    // bulkheadd is killed with it: nobody commits. The next one finds the last commit, and the working copy for the next start.
    EXPECT_EQ(read_pattern((*pool)->committed(id)), 1);
    EXPECT_TRUE((*pool)->look(id)->dirty);
  }
  ASSERT_TRUE((*pool)->revert(id, std::nullopt, *KeepRevisions::make(1)).ok());
  EXPECT_EQ(read_pattern((*pool)->committed(id)), 1);
  EXPECT_EQ((*pool)->look(id)->revisions.size(), 1U) << "what was written until the last kill";
}

}  // namespace
}  // namespace bh::volumes
