// The probe against QEMUs that fail in every way seen on real hosts (small scripts in QEMU's place), and what it remembers.
#include "hypervisor/qemu/accel_probe.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/posix_io.h"
#include "base/temp_dir.h"

namespace bh::qemu {
namespace {

using machine::Accel;

class AccelProbeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(temp_.ok());
    probe_.kernel = file("vmlinux", "kernel");
    probe_.initrd = file("initrd", "initrd");
    probe_.kvm_device = file("kvm", "");
    probe_.boot_id = file("boot_id", "boot-1\n");
    probe_.cache = temp_->path() / "cache/accel";
    probe_.deadline = std::chrono::seconds(20);
    probe_.jail.level = jail::Level::none;  // a script in QEMU's place needs a shell, which no jail holds
  }
  std::filesystem::path file(std::string const& name, std::string const& content) {
    std::ofstream(temp_->path() / name) << content;
    return temp_->path() / name;
  }
  // A program that notes each boot and then does `what`. Descriptor 5 is its console.
  void fake_qemu(std::string const& what) {
    probe_.qemu = file("qemu", "#!/bin/sh\n[ \"$1\" = --version ] && { echo fake QEMU 1; exit 0; }\necho boot $$ >> " + (temp_->path() / "boots").string() + "\n" + what + "\n");
    ASSERT_EQ(::chmod(probe_.qemu.c_str(), 0700), 0);
  }
  std::vector<int> boots() const {
    std::vector<int> pids;
    std::ifstream stream(temp_->path() / "boots");
    std::string word;
    for (int pid = 0; stream >> word >> pid;) pids.push_back(pid);
    return pids;
  }
  AccelAnswer ask() {
    auto answer = probe_accel(probe_);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer ? *answer : AccelAnswer{};
  }
  Result<TempDir> temp_ = TempDir::create("bh-probe");
  AccelProbe probe_;
};

TEST_F(AccelProbeTest, MarkerMeansKvmAndIsRememberedForThisBoot) {
  fake_qemu("echo 'noise BULKHEAD-PROBE-OK' >&5; exec sleep 1000");
  EXPECT_EQ(ask().accel, Accel::kvm);
  EXPECT_EQ(ask().accel, Accel::kvm);
  EXPECT_EQ(boots().size(), 1U);
  file("boot_id", "boot-2\n");
  EXPECT_EQ(ask().accel, Accel::kvm);
  EXPECT_EQ(boots().size(), 2U);
  file("vmlinux", "another kernel");
  EXPECT_EQ(ask().accel, Accel::kvm);
  EXPECT_EQ(boots().size(), 3U);
  for (int const pid : boots()) EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(pid))) << "the probe's QEMU lives on";
}

TEST_F(AccelProbeTest, MarkerInTwoPiecesIsSeen) {
  fake_qemu("printf BULKHEAD- >&5; sleep 0.2; printf PROBE-OK >&5; exec sleep 1000");
  EXPECT_EQ(ask().accel, Accel::kvm);
}

TEST_F(AccelProbeTest, AbortMeansTcgWithTheReason) {
  fake_qemu("echo 'Assertion failed: cpu' >&2; kill -ABRT $$");
  auto const answer = ask();
  EXPECT_EQ(answer.accel, Accel::tcg);
  EXPECT_NE(answer.reason.find("signal 6"), std::string::npos) << answer.reason;
  EXPECT_NE(answer.reason.find("Assertion failed: cpu"), std::string::npos) << answer.reason;
  EXPECT_EQ(ask(), answer);
  EXPECT_EQ(boots().size(), 1U);
}

TEST_F(AccelProbeTest, RefusalMeansTcgWithTheReason) {
  fake_qemu("echo 'could not access KVM' >&2; exit 1");
  auto const answer = ask();
  EXPECT_EQ(answer.accel, Accel::tcg);
  EXPECT_NE(answer.reason.find("exit code 1"), std::string::npos) << answer.reason;
  EXPECT_NE(answer.reason.find("could not access KVM"), std::string::npos) << answer.reason;
}

TEST_F(AccelProbeTest, HangMeansTcgAtTheDeadlineAndNothingLivesOn) {
  probe_.deadline = std::chrono::milliseconds(500);
  fake_qemu("trap '' TERM; while :; do sleep 1; done");
  auto const begin = Clock::now();
  auto const answer = ask();
  EXPECT_EQ(answer.accel, Accel::tcg);
  EXPECT_NE(answer.reason.find("printed nothing"), std::string::npos) << answer.reason;
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(15));
  ASSERT_EQ(boots().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(boots()[0])));
}

TEST_F(AccelProbeTest, EndlessNoiseMeansTcgAtTheDeadline) {
  probe_.deadline = std::chrono::milliseconds(500);
  fake_qemu("exec yes kernel >&5");
  auto const answer = ask();
  EXPECT_EQ(answer.accel, Accel::tcg);
  EXPECT_NE(answer.reason.find("did not come up"), std::string::npos) << answer.reason;
}

TEST_F(AccelProbeTest, NoDeviceMeansTcgWithoutABootAndIsNotRemembered) {
  fake_qemu("echo BULKHEAD-PROBE-OK >&5; exec sleep 1000");
  auto const device = std::exchange(probe_.kvm_device, temp_->path() / "no-such-device");
  EXPECT_EQ(ask().accel, Accel::tcg);
  EXPECT_TRUE(boots().empty());
  probe_.kvm_device = device;
  EXPECT_EQ(ask().accel, Accel::kvm);
}

TEST_F(AccelProbeTest, DamagedCacheIsAskedAgain) {
  fake_qemu("echo BULKHEAD-PROBE-OK >&5; exec sleep 1000");
  ask();
  std::ofstream(probe_.cache) << "rubbish";
  EXPECT_EQ(ask().accel, Accel::kvm);
  EXPECT_EQ(boots().size(), 2U);
}

TEST_F(AccelProbeTest, MissingKernelOrQemuIsAnErrorNotAnAnswer) {
  fake_qemu("exit 1");
  auto const qemu = std::exchange(probe_.qemu, temp_->path() / "no-such-qemu");
  EXPECT_FALSE(probe_accel(probe_).ok());
  probe_.qemu = qemu;
  probe_.kernel = temp_->path() / "no-such-kernel";
  EXPECT_FALSE(probe_accel(probe_).ok());
}

}  // namespace
}  // namespace bh::qemu
