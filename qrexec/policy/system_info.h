// SystemInfo: what the admin daemon says about the qubes at the moment of a decision. Immutable.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "qrexec/policy/token.h"

namespace bh::policy {

struct Qube {
  std::string name;
  std::string type;  // AdminVM, AppVM, TemplateVM, StandaloneVM, DispVM, RemoteVM
  std::set<std::string> tags;
  std::string uuid;  // without "uuid:"; may be empty
  std::string power_state;
  std::optional<std::string> default_dispvm;
  bool template_for_dispvms = false;
  bool internal = false;
  std::optional<std::string> guivm;
  std::string icon;
  std::string label;  // 0xRRGGBB
  std::optional<std::string> relayvm;
  std::optional<std::string> transport_rpc;
};

class SystemInfo {
 public:
  explicit SystemInfo(std::vector<Qube> qubes);

  [[nodiscard]] Qube const* by_name(std::string_view name) const;
  // `text` is a name or "uuid:UUID".
  [[nodiscard]] Qube const* find(std::string_view text) const;
  // In the order of their names.
  [[nodiscard]] std::map<std::string, Qube, std::less<>> const& qubes() const { return qubes_; }

 private:
  std::map<std::string, Qube, std::less<>> qubes_;
  std::map<std::string, std::string, std::less<>> name_of_uuid_;
};

// {"domains": {NAME: {...}}} as internal.GetSystemInfo answers; unknown keys are ignored, wrong types are errors.
[[nodiscard]] Result<SystemInfo, std::string> parse_system_info(std::string_view json);

}  // namespace bh::policy
