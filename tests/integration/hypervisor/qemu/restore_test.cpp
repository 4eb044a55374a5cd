// Machines saved and restored by a real QEMU: the initrd of a template, which asks its root disk for a file system and waits.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/integration/hypervisor/qemu/guest.h"

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
    fs::create_directories(temp_->path() / "snapshot");
  }
  SnapshotFiles files() const {
    auto const open = [&](char const* name) {
      auto file = open_file(temp_->path() / "snapshot" / name, O_RDONLY);
      EXPECT_TRUE(file.ok()) << file.error().message;
      return std::make_shared<UniqueFd const>(*std::move(file));
    };
    return SnapshotFiles{open(kSnapshotMemory), open(kSnapshotState), open(kSnapshotOverlay)};
  }
  MachineSpec clone_spec(std::string const& name) {
    MachineSpec clone = spec_;
    clone.name = name;
    clone.uuid.back() = static_cast<char>('2' + clones_++);
    clone.run_folder = temp_->path() / name;
    clone.log_file = temp_->path() / (name + ".log");
    fs::create_directories(clone.run_folder);
    clone.restore_from = files();
    return clone;
  }
  static std::string text_of(fs::path const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::optional<volumes::TemplateImage> image_;
  std::optional<TempDir> temp_;
  MachineSpec spec_;
  int clones_ = 0;
  QemuVmm vmm_;
};

// Runs until the kernel is well up.
void let_boot(Machine& machine) {
  ASSERT_TRUE(wait_for_event<MachineUp>(machine, in_time()).ok());
  ::usleep(2'000'000);
}

TEST_F(Restore, TwoClonesAtOnce) {
  {
    auto machine = vmm_.start(spec_);
    ASSERT_TRUE(machine.ok()) << machine.error().message;
    Killed const killed(**machine);
    let_boot(**machine);
    ASSERT_TRUE((*machine)->save({temp_->path() / "snapshot"}).ok());
    auto const saved = wait_for_event<MachineSaved>(**machine, in_time());
    ASSERT_TRUE(saved.ok()) << saved.error().message;
    EXPECT_GT(saved->memory.value(), 1U << 20);
    std::printf("saved %llu MiB, state %llu bytes\n", (unsigned long long)saved->memory.value() >> 20, (unsigned long long)fs::file_size(temp_->path()/"snapshot"/kSnapshotState));
  }
  auto one = vmm_.start(clone_spec("one"));
  ASSERT_TRUE(one.ok()) << one.error().message;
  Killed const killed_one(**one);
  auto two = vmm_.start(clone_spec("two"));
  ASSERT_TRUE(two.ok());
  Killed const killed_two(**two);
  for (auto* machine : {one->get(), two->get()}) {
    auto const restored = wait_for_event<MachineRestored>(*machine, in_time());
    ASSERT_TRUE(restored.ok()) << restored.error().message << text_of(temp_->path() / "one.log");
    std::printf("%s\n", describe(*restored).c_str());
  }
  ::usleep(1000000);
  std::printf("console: %s\n", text_of(temp_->path() / "one" / "console.log").c_str());
}

}  // namespace
}  // namespace bh::qemu::test
