// PolicyCache: the policy that rules now. Looks at the disk before each decision, so that no change is missed; inotify only tells
// when to look early, so that a mistake is logged when it is saved and not at the next call.
#pragma once

#include <memory>
#include "base/unique_fd.h"
#include "qrexec/policy/daemon/seen_files.h"
#include "qrexec/policy/loader.h"

namespace bh::policy {

class PolicyCache {
 public:
  using Loaded = Result<Policy, Problems>;

  [[nodiscard]] static Result<PolicyCache> create(PolicyFolders where);

  // The policy as it is on the disk now. Null: somebody is just writing it; wait for an event and ask again.
  // The result stays valid however often the policy changes.
  [[nodiscard]] std::shared_ptr<Loaded const> current();

  // Readable when something may have changed.
  [[nodiscard]] UniqueFd const& events() const { return events_; }
  void take_events();

 private:
  PolicyCache(PolicyFolders where, UniqueFd events) : where_(std::move(where)), events_(std::move(events)) {}
  void load();
  void watch();

  PolicyFolders where_;
  UniqueFd events_;
  std::unique_ptr<SeenFiles> seen_;
  std::shared_ptr<Loaded const> loaded_;
};

}  // namespace bh::policy
