#include "dom0/core/life/process_stats.h"

#include <unistd.h>

#include <string>

#include "base/number.h"
#include "base/posix_io.h"
#include "dom0/client/listing.h"

namespace bh::dom0 {

namespace {

// The number after "KEY:" and blanks.
std::uint64_t value_after(std::string const& text, std::string_view key) {
  std::size_t const at = text.find(key);
  if (at == std::string::npos) return 0;
  std::size_t const begin = text.find_first_not_of(" \t", at + key.size());
  if (begin == std::string::npos) return 0;
  std::size_t const end = text.find_first_not_of("0123456789", begin);
  return parse_decimal(std::string_view(text).substr(begin, end - begin)).value_or(0);
}

}  // namespace

HostMemory host_memory() {
  auto const text = read_file("/proc/meminfo", 65536);
  if (!text) return {};
  return {value_after(*text, "MemTotal:"), value_after(*text, "MemAvailable:")};
}

std::uint64_t host_oom_kills() {
  auto const text = read_file("/proc/vmstat", 1U << 18U);
  return text ? value_after(*text, "\noom_kill ") : 0;
}

std::uint64_t process_cpu_time_ns(int pid) {
  if (pid <= 0) return 0;
  auto const stat = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!stat) return 0;
  std::size_t const name_end = stat->rfind(") ");
  if (name_end == std::string::npos) return 0;
  std::string rest = stat->substr(name_end + 2);
  for (char& c : rest) if (c == ' ') c = '\n';
  auto const fields = admin::parse_lines(rest);
  // utime and stime are fields 14 and 15; the first one here is field 3.
  if (fields.size() < 13) return 0;
  auto const ticks = parse_decimal(fields[11]).value_or(0) + parse_decimal(fields[12]).value_or(0);
  return ticks * (1'000'000'000ULL / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

std::uint64_t process_resident_kib(int pid) {
  if (pid <= 0) return 0;
  auto const status = read_file("/proc/" + std::to_string(pid) + "/status", 16384);
  return status ? value_after(*status, "VmRSS:") : 0;
}

}  // namespace bh::dom0
