#include "hypervisor/host/qemu_facts.h"

#include <array>
#include <cerrno>
#include <chrono>

#include "base/program_output.h"
#include "base/display_text.h"
#include "base/number.h"
#include "base/posix_io.h"

namespace bh::host {

namespace {

constexpr std::size_t kMaxAnswer = std::size_t{1} << 20U;
constexpr QemuVersion kOldest{7, 2, 0};

struct Lack {
  QemuVersion since;
  char const* what;
};
// What later versions have and ours would use; told so that nobody wonders.
constexpr std::array<Lack, 3> kLater = {{
    {{8, 2, 0}, "no virtio-sound"},
    {{9, 0, 0}, "no mapped-ram snapshots"},
    {{9, 1, 0}, "no -run-with user (the jail sets the user id itself)"},
}};
constexpr std::array<char const*, 8> kDevices = {"virtio-blk-pci", "virtio-serial-pci", "virtserialport", "ivshmem-plain", "virtio-rng-pci", "virtio-net-pci", "virtio-balloon-pci", "pcie-root-port"};

// Exit codes say nothing: "-accel help" ends with 0 in some versions and 1 in others; what it printed counts.
Result<std::string> output_of(std::vector<std::string> argv) {
  BH_TRY(done, program_output({.argv = std::move(argv), .die_with_parent = true}, {kMaxAnswer, std::chrono::seconds(10)}, true));
  return std::move(done.text);
}

std::string package_of(std::string_view line) {
  std::size_t const open = line.find('(');
  std::size_t const close = line.find(')');
  return open == std::string_view::npos || close == std::string_view::npos || close < open ? "" : for_display(line.substr(open + 1, close - open - 1), 80);
}

std::string in_words(QemuVersion const& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.micro);
}

}  // namespace

std::optional<QemuVersion> parse_qemu_version(std::string_view first_line) {
  constexpr std::string_view kLead = "QEMU emulator version ";
  if (!first_line.starts_with(kLead)) return std::nullopt;
  first_line.remove_prefix(kLead.size());
  std::string_view rest = first_line.substr(0, first_line.find_first_of(" \n"));
  std::array<std::uint32_t, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::size_t const dot = rest.find('.');
    auto const number = parse_decimal(rest.substr(0, dot), 9999);
    if (!number) return std::nullopt;
    parts[i] = static_cast<std::uint32_t>(*number);
    if (dot == std::string_view::npos) return i == 0 ? std::nullopt : std::optional(QemuVersion{parts[0], parts[1], parts[2]});
    rest.remove_prefix(dot + 1);
  }
  return QemuVersion{parts[0], parts[1], parts[2]};
}

std::set<std::string> parse_accel_help(std::string_view text) {
  std::set<std::string> names;
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    std::string_view const line = text.substr(0, end);
    if (!line.empty() && line.find_first_of(" :") == std::string_view::npos) names.emplace(line);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return names;
}

std::set<std::string> parse_device_help(std::string_view text) {
  constexpr std::string_view kLead = "name \"";
  std::set<std::string> names;
  for (std::size_t at = text.find(kLead); at != std::string_view::npos; at = text.find(kLead, at)) {
    at += kLead.size();
    std::size_t const end = text.find('"', at);
    if (end == std::string_view::npos) break;
    names.emplace(text.substr(at, end - at));
  }
  return names;
}

Result<QemuFacts> ask_qemu(std::string const& program) {
  BH_TRY(about, output_of({program, "--version"}));
  std::string_view const line = std::string_view(about).substr(0, about.find('\n'));
  auto const version = parse_qemu_version(line);
  if (!version) return Failure{Error{program + " --version says \"" + for_display(line, 120) + "\"", 0}};
  BH_TRY(accels, output_of({program, "-accel", "help"}));
  BH_TRY(devices, output_of({program, "-machine", "none", "-device", "help"}));
  return QemuFacts{*version, package_of(line), parse_accel_help(accels), parse_device_help(devices)};
}

Finding judge_qemu(Result<QemuFacts> const& facts) {
  auto const finding = [](Level level, std::string what, std::string to_do) { return Finding{"qemu", Group::machines, level, std::move(what), std::move(to_do)}; };
  std::string const install = "apt install qemu-system-x86";
  if (!facts) return finding(Level::broken, facts.error().message, install);
  std::string const name = "QEMU " + in_words(facts->version) + (facts->package.empty() ? "" : " (" + facts->package + ")");
  if (facts->version < kOldest) return finding(Level::broken, name + " is older than 7.2, the oldest that can run qubes", install);
  std::string missing;
  for (char const* device : kDevices) {
    if (!facts->devices.contains(device)) missing += (missing.empty() ? "" : ", ") + std::string(device);
  }
  if (!missing.empty()) return finding(Level::broken, name + " was built without " + missing, install);
  if (!facts->accels.contains("kvm")) return finding(Level::broken, name + " was built without KVM", install);
  std::string lacks;
  for (auto const& lack : kLater) {
    if (facts->version < lack.since) lacks += (lacks.empty() ? "; of later versions: " : ", ") + std::string(lack.what);
  }
  return finding(Level::ok, name + lacks, "");
}

}  // namespace bh::host
