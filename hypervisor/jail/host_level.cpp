#include "hypervisor/jail/host_level.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/number.h"
#include "base/posix_io.h"

namespace bh::jail {

namespace {

constexpr std::size_t kMaxIdFile = 1 << 20;
constexpr std::uint32_t kFewestIds = 256;

std::string user_name(unsigned uid) {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return "";
  return found->pw_name;
}

bool is_setuid_root(char const* path) {
  struct stat status {};
  return ::stat(path, &status) == 0 && status.st_uid == 0 && (status.st_mode & S_ISUID) != 0;
}

// The distributions' switches against user namespaces; absent means not switched off.
bool allows(char const* file, std::string_view refusal) {
  auto const text = read_file(file, 64);
  return !text || !text->starts_with(refusal) || (text->size() > refusal.size() && (*text)[refusal.size()] != '\n');
}

std::optional<SubordinateIds> subordinate_ids(unsigned uid) {
  std::string const user = user_name(uid);
  auto const uids = read_file("/etc/subuid", kMaxIdFile);
  auto const gids = read_file("/etc/subgid", kMaxIdFile);
  if (!uids || !gids) return std::nullopt;
  auto const uid_range = find_subordinate_range(*uids, user, uid);
  auto const gid_range = find_subordinate_range(*gids, user, uid);
  if (!uid_range || !gid_range) return std::nullopt;
  return SubordinateIds{uid_range->first, gid_range->first, std::min(uid_range->count, gid_range->count)};
}

}  // namespace

std::optional<IdRange> find_subordinate_range(std::string_view file, std::string_view user, unsigned uid) {
  std::string const number = std::to_string(uid);
  while (!file.empty()) {
    std::string_view line = file.substr(0, file.find('\n'));
    file.remove_prefix(std::min(file.size(), line.size() + 1));
    std::size_t const first = line.find(':');
    std::size_t const second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    std::string_view const who = line.substr(0, first);
    if (who.empty() || (who != user && who != number)) continue;
    auto const start = parse_decimal(line.substr(first + 1, second - first - 1));
    auto const count = parse_decimal(line.substr(second + 1));
    if (!start || !count || *start == 0 || *count < kFewestIds || *start > UINT32_MAX - 1 || *count > UINT32_MAX - *start) continue;
    return IdRange{static_cast<std::uint32_t>(*start), static_cast<std::uint32_t>(*count)};
  }
  return std::nullopt;
}

HostFacts read_host_facts() {
  HostFacts facts;
  facts.uid = ::geteuid();
  facts.id_mappers = is_setuid_root("/usr/bin/newuidmap") && is_setuid_root("/usr/bin/newgidmap");
  if (facts.uid != 0) facts.subordinate = subordinate_ids(facts.uid);
  facts.user_namespaces = allows("/proc/sys/user/max_user_namespaces", "0") && allows("/proc/sys/kernel/unprivileged_userns_clone", "0") &&
                          allows("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1");
  return facts;
}

Result<JailPlan> strongest_level(HostFacts const& facts) {
  if (facts.uid == 0) return JailPlan{Level::own_uid, std::nullopt, ""};
  if (!facts.user_namespaces) {
    return Failure{Error{"this host lets ordinary users make no user namespaces, so no jail can be built for qubes: allow them (sysctl "
                         "kernel.unprivileged_userns_clone=1, user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0), or run "
                         "bulkheadd as the system's service", EPERM}};
  }
  std::string const user_mode = "started by an ordinary user, not as the system's service";
  if (facts.subordinate && facts.id_mappers) return JailPlan{Level::subordinate, facts.subordinate, user_mode};
  return JailPlan{Level::same_uid, std::nullopt,
                  user_mode + (facts.id_mappers ? "; the user has no subordinate ids in /etc/subuid and /etc/subgid" : "; newuidmap is not installed (package uidmap)")};
}

}  // namespace bh::jail
