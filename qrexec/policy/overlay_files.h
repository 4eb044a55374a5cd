// OverlayFiles: the files as they would be after one change. A change is tried on this before it is made.
#pragma once

#include <optional>
#include <string>

#include "qrexec/policy/policy_files.h"

namespace bh::policy {

class OverlayFiles final : public PolicyFiles {
 public:
  // `content` nullopt: as if the file were not there.
  OverlayFiles(PolicyFiles const& below, std::string path, std::optional<std::string> content);

  [[nodiscard]] Result<std::vector<Entry>> list(std::string const& folder) const override;
  [[nodiscard]] Result<Kind> kind(std::string const& path) const override;
  [[nodiscard]] Result<std::string> read(std::string const& path, std::size_t cap) const override;

 private:
  PolicyFiles const& below_;
  std::string path_;
  std::optional<std::string> content_;
};

}  // namespace bh::policy
