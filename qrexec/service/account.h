// Unix accounts of the guest, and what a login gives a program of theirs.
#pragma once

#include <string>

#include "base/child_process.h"
#include "base/error.h"
#include "qrexec/service/environment.h"

namespace bh::qrexec {

struct Account {
  std::string name;
  std::string home;
  std::string shell;
  Identity identity;
};

// An error where there is no such user.
Result<Account> find_account(std::string const& name);
Result<Account> own_account();
// HOME USER SHELL LOGNAME, and XDG_RUNTIME_DIR with its session bus where they are there.
[[nodiscard]] EnvironmentChanges of_login(Account const& account);

}  // namespace bh::qrexec
