// The configuration channel's text: KEY=value lines that dom0 gives a qube at the start of a session (docs/architecture.md).
// It becomes a systemd EnvironmentFile, so nothing that could be quoting, a comment or a second line is let through.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "hypervisor/vchan/domain.h"

namespace bh::vchan {

enum class ConfigError { too_long, bad_key, bad_value, no_equals_sign, duplicate_key, no_domain, bad_qube_domain };
[[nodiscard]] char const* to_string(ConfigError error);

class GuestConfig {
 public:
  static constexpr std::size_t kMaxSize = 65536;
  static constexpr std::size_t kMaxKey = 64;

  // Keys [A-Z][A-Z0-9_]*, values [A-Za-z0-9 ._:+,@/-]*; empty lines are skipped. VCHAN_DOMAIN must be there and be a qube's (1..);
  // QUBE_DOMAIN, if there, too.
  static Result<GuestConfig, ConfigError> parse(std::string_view text);
  // The qube's number in dom0: QUBE_DOMAIN, else VCHAN_DOMAIN.
  [[nodiscard]] DomainId domain() const { return domain_; }
  // What programs inside the qube call themselves: VCHAN_DOMAIN. Another than domain() in clones of a snapshot, whose programs run already.
  [[nodiscard]] DomainId own_number() const { return own_number_; }
  // The value of a key; nullopt if it is not there.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view key) const;
  // The canonical text: one KEY=value a line, in order.
  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  GuestConfig() = default;
  DomainId domain_;
  DomainId own_number_;
  std::string text_;
};

}  // namespace bh::vchan
