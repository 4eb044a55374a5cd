#include "tests/integration/hypervisor/qemu/guest.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "hypervisor/qemu/tsc_rate.h"

namespace bh::qemu::test {

namespace fs = std::filesystem;
using namespace machine;

namespace {

std::string environment(char const* name) {
  char const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path template_cache() {
  if (std::string const cache = environment("BULKHEAD_CACHE"); !cache.empty()) return fs::path(cache) / "templates";
  std::string const xdg = environment("XDG_CACHE_HOME");
  return (xdg.empty() ? fs::path(environment("HOME")) / ".cache" : fs::path(xdg)) / "bulkhead/templates";
}

}  // namespace

std::optional<volumes::TemplateImage> find_template() {
  if (std::string const named = environment("BULKHEAD_TEST_TEMPLATE"); !named.empty()) {
    auto image = volumes::open_template(named);
    EXPECT_TRUE(image.ok()) << "BULKHEAD_TEST_TEMPLATE: " << image.error().message;
    return image ? std::optional(*std::move(image)) : std::nullopt;
  }
  std::optional<volumes::TemplateImage> newest;
  fs::file_time_type newest_time{};
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(template_cache(), error)) {
    if (!entry.path().filename().string().starts_with("top-")) continue;
    auto image = volumes::open_template(entry.path());
    auto const time = fs::last_write_time(entry.path(), error);
    if (!image || (newest && time < newest_time)) continue;
    newest = *std::move(image);
    newest_time = time;
  }
  return newest;
}

MachineSpec spec_in(TempDir const& temp, volumes::TemplateImage const& image) {
  auto const root = open_file(temp.path() / "root.img", O_RDWR | O_CREAT | O_EXCL);
  EXPECT_TRUE(root.ok() && ::ftruncate(root->borrow(), 16 << 20) == 0);
  fs::create_directories(temp.path() / "run");
  fs::create_directories(temp.path() / "overlays");
  MachineSpec spec;
  spec.name = "test,readonly=on";
  spec.uuid = "12345678-9abc-4def-8000-000000000001";
  spec.memory = Mebibytes(256);
  spec.vcpus = VcpuCount(1);
  spec.accel = Accel::tcg;
  spec.tsc = host_tsc_rate();
  spec.kernel = image.kernel;
  spec.initrd = image.initrd;
  spec.cmdline = "quiet";
  spec.root_image = temp.path() / "root.img";
  spec.overlay_folder = temp.path() / "overlays";
  spec.window_memory = mebibytes(1);
  spec.run_folder = temp.path() / "run";
  spec.log_file = temp.path() / "qemu.log";
  return spec;
}

QemuJailOptions built_jail() {
  QemuJailOptions options;
  options.launcher = fs::path(environment("BH_BIN")) / "bulkhead-jail";
  // Refusals can be looked for in the kernel's log when a test fails.
  options.log_refusals = true;
  return options;
}

Killed::~Killed() {
  EXPECT_TRUE(machine_.kill().ok());
  auto const there = [&] { return std::filesystem::exists("/proc/" + std::to_string(machine_.pid())); };
  for (Deadline const deadline = Clock::now() + std::chrono::seconds(10); there() && Clock::now() < deadline; ::usleep(10000)) {
    (void)machine_.handle();
  }
  EXPECT_FALSE(there());
}

}  // namespace bh::qemu::test
