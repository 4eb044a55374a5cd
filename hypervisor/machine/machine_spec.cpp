#include "hypervisor/machine/machine_spec.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace bh::machine {

namespace {

Failure<Error> refused(std::string text) { return Failure{Error{"machine: " + std::move(text), 0}}; }

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

// A NUL would end an argument early; a line feed could forge a log line.
bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<void> check_sizes(MachineSpec const& spec) {
  if (spec.memory < Mebibytes(64) || spec.memory > Mebibytes(1U << 20)) {
    return refused("memory must be 64 MiB to 1 TiB, not " + std::to_string(spec.memory.value()) + " MiB");
  }
  if (spec.vcpus < VcpuCount(1) || spec.vcpus > VcpuCount(64)) {
    return refused("virtual processors must be 1 to 64, not " + std::to_string(spec.vcpus.value()));
  }
  if (spec.wires > kMaxWires) return refused("at most " + std::to_string(kMaxWires.value()) + " wires fit into a machine, not " + std::to_string(spec.wires.value()));
  std::uint64_t const window = spec.window_memory.value();
  if (window != 0 && ((window & (window - 1)) != 0 || window < mebibytes(1).value() || window > mebibytes(2048).value())) {
    return refused("window memory must be a power of two from 1 MiB to 2 GiB, not " + std::to_string(window) + " bytes");
  }
  return {};
}

}  // namespace

char const* to_string(Accel accel) { return accel == Accel::kvm ? "kvm" : "tcg"; }

std::filesystem::path qmp_socket(std::filesystem::path const& run_folder) { return run_folder / "qmp.sock"; }
std::filesystem::path mux_socket(std::filesystem::path const& run_folder) { return run_folder / "mux.sock"; }
std::filesystem::path console_log(std::filesystem::path const& run_folder) { return run_folder / "console.log"; }

Result<void> check(MachineSpec const& spec) {
  BH_CHECK(check_sizes(spec));
  if (!is_uuid(spec.uuid)) return refused("the uuid is malformed");
  if (spec.name.empty() || spec.name.size() > 64 || !is_one_line(spec.name)) return refused("the name is empty, too long or holds control characters");
  if (spec.cmdline.size() > 1500 || !is_one_line(spec.cmdline)) return refused("the kernel command line is too long or holds control characters");
  if (spec.kernel.empty() || spec.initrd.empty()) return refused("kernel and initrd are needed");
  if (spec.run_folder.empty() || spec.log_file.empty()) return refused("run folder and log file are needed");
  if (spec.root_image && spec.overlay_folder.empty()) return refused("a root image needs a folder for its overlay");
  if (!spec.restore_from) return {};
  auto const is_open = [](std::shared_ptr<UniqueFd const> const& file) { return file != nullptr && file->open(); };
  if (!is_open(spec.restore_from->memory) || !is_open(spec.restore_from->state)) return refused("a snapshot needs its memory and state");
  // GUARD: on such memory a balloon gives back pages of the file, which are every sibling's (the seal forbids it; then it fails for ever).
  if (spec.restore_from->shared_memory != nullptr && spec.balloon) return refused("a clone that shares memory can have no balloon");
  if (is_open(spec.restore_from->overlay) != spec.root_image.has_value()) return refused("the snapshot's overlay and the root image belong together");
  return {};
}

}  // namespace bh::machine
