// Run inside the nested test's host: boots the small qube under KVM, saves it, and restores two clones at once, by the driver that
// bulkheadd uses. The qube counts aloud, so a clone that goes on shows a number beyond the saved one, and one that booted shows 1.
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/display_text.h"
#include "base/number.h"
#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "hypervisor/machine/wait_for_event.h"
#include "hypervisor/qemu/qemu_vmm.h"
#include "hypervisor/qemu/snapshot_key.h"
#include "hypervisor/qemu/snapshot_store.h"
#include "hypervisor/volumes/template_image.h"

namespace bh::qemu {
namespace {

using namespace machine;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{120};  // each; the emulated host is slow, and so may be the one below it
constexpr std::uint64_t kPrivateSize = 1 << 20;

// All "QUBE COUNTS n" on the console, in order.
std::vector<std::uint64_t> counts(fs::path const& console) {
  constexpr std::string_view kWords = "QUBE COUNTS ";
  std::vector<std::uint64_t> found;
  auto const text = read_file(console, std::size_t{4} << 20);
  if (!text) return found;
  for (std::size_t at = text->find(kWords); at != std::string::npos; at = text->find(kWords, at)) {
    at += kWords.size();
    std::size_t const end = text->find('\n', at);
    if (end == std::string::npos) break;
    std::string number = text->substr(at, end - at);
    if (!number.empty() && number.back() == '\r') number.pop_back();
    if (auto const value = parse_decimal(number)) found.push_back(*value);
  }
  return found;
}

Result<void> wait_for_count(Machine& machine, fs::path const& console, std::size_t how_many) {
  Deadline const deadline = Clock::now() + kPatience;
  while (counts(console).size() < how_many) {
    if (Clock::now() > deadline) return Failure{Error{"the qube does not count on " + console.string(), 0}};
    for (auto const& event : machine.handle()) {
      if (std::holds_alternative<MachineStopped>(event)) return Failure{Error{describe(event), 0}};
    }
    (void)wait_for(machine.pollable(), POLLIN, Clock::now() + std::chrono::milliseconds(50));
  }
  return {};
}

// At once, so that a step that hangs shows where.
void tell(std::string const& text) {
  std::printf("clones: %s\n", text.c_str());
  std::fflush(stdout);
}

Result<void> end(Machine& machine) {
  BH_CHECK(machine.kill());
  BH_TRY(stopped, wait_for_event<MachineStopped>(machine, Clock::now() + kPatience));
  (void)stopped;
  return {};
}

// What the machine and its monitor said last, for whoever reads the failure.
void show_logs(MachineSpec const& spec) {
  for (auto const& path : {console_log(spec.run_folder), spec.log_file}) {
    auto const text = read_file(path, std::size_t{4} << 20);
    if (text) std::fprintf(stderr, "-- %s:\n%s\n", path.filename().c_str(), for_terminal(std::string_view(*text).substr(text->size() - std::min<std::size_t>(text->size(), 3000))).c_str());
  }
}

Result<MachineSpec> specification(volumes::TemplateImage const& image, fs::path const& folder, int number) {
  MachineSpec spec;
  spec.name = "small-" + std::to_string(number);
  spec.uuid = "00000000-0000-4000-8000-00000000000" + std::to_string(number);
  spec.memory = Mebibytes(128);
  spec.vcpus = VcpuCount(1);
  spec.accel = Accel::kvm;
  spec.kernel = image.kernel;
  spec.initrd = image.initrd;
  spec.cmdline = image.cmdline;
  spec.root_image = image.root;
  spec.overlay_folder = folder;
  spec.window_memory = mebibytes(8);
  spec.run_folder = folder / spec.name;
  spec.log_file = folder / (spec.name + ".log");
  spec.private_volume = folder / (spec.name + ".img");
  fs::create_directories(spec.run_folder);
  BH_CHECK(write_file_atomically(*spec.private_volume, std::string(kPrivateSize, '\0')));
  return spec;
}

Result<std::uint64_t> save(QemuVmm& vmm, SnapshotStore& store, SnapshotKey const& key, MachineSpec const& spec) {
  BH_TRY(machine, vmm.start(spec));
  tell("the first boots");
  if (auto const counted = wait_for_count(*machine, console_log(spec.run_folder), 3); !counted) {
    show_logs(spec);
    return Failure{counted.error()};
  }
  tell("it counts; saving");
  BH_TRY(target, store.begin(key));
  BH_CHECK(machine->save(target));
  BH_TRY(saved, wait_for_event<MachineSaved>(*machine, Clock::now() + kPatience));
  (void)saved;
  std::uint64_t const last = counts(console_log(spec.run_folder)).back();
  tell("saved; killing it");
  BH_CHECK(end(*machine));
  tell("writing the snapshot down");
  BH_TRY(info, store.commit(key, "nested"));
  std::printf("saved at %llu, %llu KiB on the disk\n", static_cast<unsigned long long>(last), static_cast<unsigned long long>(info.size.value() / 1024));
  return last;
}

Result<void> run(fs::path const& folder) {
  BH_TRY(image, volumes::open_template(folder));
  BH_TRY(temp, TempDir::create("nested"));
  QemuVmm vmm;
  BH_TRY(first, specification(image, temp.path(), 1));
  BH_TRY(store, SnapshotStore::open(temp.path() / "snapshots"));
  BH_TRY(key, snapshot_key(first, {.template_hash = image.hash, .tag = "nested"}));
  BH_TRY(saved, save(vmm, store, key, first));

  std::vector<MachineSpec> specs;
  std::vector<std::unique_ptr<Machine>> clones;
  for (int number : {2, 3}) {
    BH_TRY(spec, specification(image, temp.path(), number));
    tell("looking for the snapshot");
    BH_TRY(files, store.find(key));
    spec.restore_from = std::move(files);
    BH_TRY(machine, vmm.start(spec));
    specs.push_back(std::move(spec));
    clones.push_back(std::move(machine));
  }
  for (std::size_t i = 0; i < clones.size(); ++i) {
    tell("waiting for " + specs[i].name);
    auto const begin = Clock::now();
    BH_TRY(restored, wait_for_event<MachineRestored>(*clones[i], Clock::now() + kPatience));
    if (auto const counted = wait_for_count(*clones[i], console_log(specs[i].run_folder), 2); !counted) {
      show_logs(specs[i]);
      return counted;
    }
    std::uint64_t const number = counts(console_log(specs[i].run_folder)).front();
    if (number <= saved || number > saved + 100) return Failure{Error{"a clone counts " + std::to_string(number) + " where the saved qube was at " + std::to_string(saved), 0}};
    auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    std::printf("%s goes on at %llu: memory %lld ms, state %lld ms, two counts after %lld ms\n", specs[i].name.c_str(), static_cast<unsigned long long>(number),
                static_cast<long long>(restored.copy.count()), static_cast<long long>(restored.load.count()), static_cast<long long>(took.count()));
  }
  for (auto const& clone : clones) BH_CHECK(end(*clone));
  return {};
}

}  // namespace
}  // namespace bh::qemu

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: nested_snapshot_steps TEMPLATE-FOLDER   (inside the machine of tests/nested/run)\n");
    return 2;
  }
  auto const done = bh::qemu::run(argv[1]);
  if (!done) std::fprintf(stderr, "nested_snapshot_steps: %s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
