#include "qrexec/service/account.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

namespace bh::qrexec {

namespace {

constexpr int kMaxGroups = 256;

Account from_entry(passwd const& entry) {
  Account account{entry.pw_name, entry.pw_dir, entry.pw_shell, Identity{entry.pw_uid, entry.pw_gid, {}}};
  if (account.shell.empty()) account.shell = "/bin/sh";
  std::vector<gid_t> groups(kMaxGroups);
  int count = kMaxGroups;
  if (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) count = kMaxGroups;
  account.identity.groups.assign(groups.begin(), groups.begin() + count);
  return account;
}

template <class Lookup>
Result<Account> look_up(std::string const& who, Lookup const& lookup) {
  std::vector<char> buffer(64 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  int const error = lookup(&entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return Failure{Error::from_errno("look up user " + who, error)};
  if (found == nullptr) return Failure{Error{"there is no user " + who, ENOENT}};
  return from_entry(entry);
}

}  // namespace

Result<Account> find_account(std::string const& name) {
  return look_up(name, [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return ::getpwnam_r(name.c_str(), entry, buffer, size, found);
  });
}

Result<Account> own_account() {
  uid_t const uid = ::getuid();
  return look_up(std::to_string(uid), [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return ::getpwuid_r(uid, entry, buffer, size, found);
  });
}

EnvironmentChanges of_login(Account const& account) {
  EnvironmentChanges changes{
      {"HOME", account.home}, {"USER", account.name}, {"LOGNAME", account.name}, {"SHELL", account.shell}};
  std::filesystem::path const runtime = "/run/user/" + std::to_string(account.identity.uid);
  std::error_code ignored;
  if (std::filesystem::is_directory(runtime, ignored)) {
    changes.emplace_back("XDG_RUNTIME_DIR", runtime.string());
    if (std::filesystem::exists(runtime / "bus", ignored)) {
      changes.emplace_back("DBUS_SESSION_BUS_ADDRESS", "unix:path=" + (runtime / "bus").string());
    }
  }
  return changes;
}

}  // namespace bh::qrexec
