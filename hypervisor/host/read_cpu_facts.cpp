// The processor: what it is, what the kernel says of its flaws, its microcode.
#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

#include "base/display_text.h"
#include "base/number.h"
#include "hypervisor/host/microcode_file.h"
#include "hypervisor/host/read_host_facts.h"

namespace bh::host {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  std::size_t const begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::optional<std::uint64_t> prefixed_hex(std::string_view text) {
  return text.starts_with("0x") ? parse_hex(text.substr(2)) : std::nullopt;
}

void take_flags(CpuFacts& cpu, std::string const& list) {
  std::istringstream flags(list);
  for (std::string flag; flags >> flag;) {
    cpu.hypervisor = cpu.hypervisor || flag == "hypervisor";
    cpu.vmx = cpu.vmx || flag == "vmx";
    cpu.svm = cpu.svm || flag == "svm";
    cpu.constant_tsc = cpu.constant_tsc || flag == "constant_tsc";
    cpu.nonstop_tsc = cpu.nonstop_tsc || flag == "nonstop_tsc";
  }
}

// The first processor's paragraph.
std::optional<CpuFacts> parse_cpuinfo(std::string const& text) {
  CpuFacts cpu;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    std::size_t const colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string_view const key = trimmed(std::string_view(line).substr(0, colon));
    std::string_view const value = trimmed(std::string_view(line).substr(colon + 1));
    auto const small = [&] { return static_cast<std::uint32_t>(parse_decimal(value, 0xFFFF).value_or(0)); };
    if (key == "vendor_id") cpu.vendor = for_display(value, 64);
    if (key == "model name") cpu.model_name = for_display(value, 128);
    if (key == "cpu family") cpu.family = small();
    if (key == "model") cpu.model = small();
    if (key == "stepping") cpu.stepping = small();
    if (key == "microcode") cpu.microcode = prefixed_hex(value);
    if (key == "flags") take_flags(cpu, std::string(value));
  }
  if (cpu.vendor.empty()) return std::nullopt;
  return cpu;
}

std::optional<Smt> read_smt(HostTree const& tree) {
  auto const active = tree.line("sys/devices/system/cpu/smt/active");
  if (active == "1") return Smt::on;
  auto const control = tree.line("sys/devices/system/cpu/smt/control");
  if (active != "0" || !control) return std::nullopt;
  if (*control == "notsupported" || *control == "notimplemented") return Smt::absent;
  if (*control == "on" || *control == "off" || *control == "forceoff") return Smt::off;
  return std::nullopt;
}

std::string hex_name(char const* format, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, a, b, c);
  return text.data();
}

}  // namespace

void read_processor(HostTree const& tree, HostFacts& facts) {
  if (auto const text = tree.text("proc/cpuinfo")) facts.cpu = parse_cpuinfo(*text);
  facts.smt = read_smt(tree);
  std::string const folder = "sys/devices/system/cpu/vulnerabilities";
  for (auto const& name : tree.names(folder).value_or(std::vector<std::string>())) {
    // A file that cannot be read is one that says nothing: judged as unknown.
    facts.vulnerabilities[name] = tree.text(folder + "/" + name).value_or("");
  }
}

void read_microcode(HostTree const& tree, HostFacts& facts) {
  if (!facts.cpu) return;
  CpuFacts const& cpu = *facts.cpu;
  ProcessorId id{cpuid_signature(cpu.family, cpu.model, cpu.stepping), std::nullopt};
  if (auto const flags = tree.line("sys/devices/system/cpu/cpu0/microcode/processor_flags")) {
    if (auto const number = prefixed_hex(*flags)) id.platform_flags = static_cast<std::uint32_t>(*number);
  }
  MicrocodeFacts microcode;
  if (cpu.vendor == "GenuineIntel") {
    microcode.files_installed = tree.exists("lib/firmware/intel-ucode");
    if (auto const file = tree.text("lib/firmware/intel-ucode/" + hex_name("%02x-%02x-%02x", cpu.family, cpu.model, cpu.stepping))) {
      microcode.newest = newest_intel_microcode(as_bytes(*file), id);
    }
  } else if (cpu.vendor == "AuthenticAMD") {
    microcode.files_installed = tree.exists("lib/firmware/amd-ucode");
    auto const name = cpu.family < 0x15 ? std::string("microcode_amd.bin") : hex_name("microcode_amd_fam%02xh.bin", cpu.family, 0, 0);
    if (auto const file = tree.text("lib/firmware/amd-ucode/" + name)) microcode.newest = newest_amd_microcode(as_bytes(*file), id);
  } else {
    return;
  }
  facts.microcode = microcode;
}

HostFacts read_cpu_facts(std::filesystem::path const& root) {
  HostFacts facts;
  read_processor(HostTree(root), facts);
  return facts;
}

}  // namespace bh::host
