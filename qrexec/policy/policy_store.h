// PolicyStore: reading and changing policy files, as the policy.* services do (policy.md 9). A change is parsed together with all
// the rest first; where that fails nothing changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qrexec/policy/loader.h"

namespace bh::policy {

enum class StoreErrorKind { general, token, not_found, protocol, syntax, file_name };
// "PolicyAdminTokenException" etc., as clients know them.
[[nodiscard]] std::string_view exception_name(StoreErrorKind kind);

struct StoreError {
  StoreErrorKind kind = StoreErrorKind::general;
  std::string message;
};

// Which file: NAME.policy in the folder, or include/NAME.
struct StoredName {
  bool include = false;
  std::string name;
  // Letters, digits, `_` and `-`. GUARD: a caller's name becomes a path; no dot and no slash can be in it.
  [[nodiscard]] static Result<StoredName, StoreError> parse(bool include, std::string_view name);
  // "30-user" or "include/f"
  [[nodiscard]] static Result<StoredName, StoreError> parse(std::string_view text);
};

class PolicyStore {
 public:
  // `where.folders.back()` is the one that is read and written; the others only count when a change is tried.
  PolicyStore(PolicyFiles const& files, PolicyFolders where) : files_(files), where_(std::move(where)) {}

  struct Content {
    std::string token;  // "sha256:..."
    std::string text;
  };
  [[nodiscard]] Result<std::vector<std::string>, StoreError> list(bool include) const;
  [[nodiscard]] Result<Content, StoreError> get(StoredName const& name) const;
  // `token`: "any", "new", or the one that get() gave.
  [[nodiscard]] Result<void, StoreError> replace(StoredName const& name, std::string_view token, std::string const& text) const;
  [[nodiscard]] Result<void, StoreError> remove(StoredName const& name, std::string_view token) const;
  // Files with a rule for this service or for all, in the order of their rules.
  [[nodiscard]] Result<std::vector<std::string>, StoreError> files_of(std::string_view service) const;
  // Appends SERVICE +ARGUMENT FRONTEND BACKEND allow to 60-registered-arguments, unless there is such a rule already.
  [[nodiscard]] Result<void, StoreError> register_argument(std::string const& service, std::string const& argument,
                                                           std::string const& frontend, std::string const& backend) const;

  // The error tells all that would be wrong.
  [[nodiscard]] Result<Policy, Problems> try_change(StoredName const& name, std::optional<std::string> text) const;
  [[nodiscard]] std::string path_of(StoredName const& name) const;

 private:
  [[nodiscard]] std::string const& folder() const { return where_.folders.back(); }
  [[nodiscard]] Result<void, StoreError> check(StoredName const& name, std::string_view token,
                                               std::optional<std::string> const& text) const;
  [[nodiscard]] Result<void, StoreError> write(StoredName const& name, std::string const& text) const;

  PolicyFiles const& files_;
  PolicyFolders where_;
};

[[nodiscard]] std::string change_token(std::string_view text);

}  // namespace bh::policy
