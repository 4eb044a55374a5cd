#include "qrexec/policy/daemon/policy_cache.h"

#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/display_text.h"
#include "base/log.h"
#include "base/posix_io.h"

namespace bh::policy {
namespace {

constexpr std::uint32_t kChanges = IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF |
                                   IN_CLOSE_WRITE;
constexpr std::size_t kMaxLoggedProblems = 5;

void tell(PolicyCache::Loaded const& loaded) {
  if (loaded) {
    log::info("policy loaded: " + std::to_string(loaded->rules().size()) + " rules");
    return;
  }
  auto const& problems = loaded.error();
  for (std::size_t i = 0; i < std::min(problems.size(), kMaxLoggedProblems); ++i) {
    log::error("policy: " + for_display(problems[i].for_people()));
  }
  log::error("the policy does not load (" + std::to_string(problems.size()) + " problems): every call is refused until it is mended");
}

}  // namespace

Result<PolicyCache> PolicyCache::create(PolicyFolders where) {
  UniqueFd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!events.open()) return Failure{Error::from_errno("watch the policy's folders")};
  return PolicyCache(std::move(where), std::move(events));
}

std::shared_ptr<PolicyCache::Loaded const> PolicyCache::current() {
  if (!loaded_ || !seen_->unchanged()) load();
  return loaded_;
}

void PolicyCache::take_events() {
  std::array<std::byte, 16384> chunk;
  for (;;) {
    auto const count = read_some(events_, chunk);
    if (!count || *count == 0) return;
  }
}

void PolicyCache::load() {
  bool const first = !loaded_;
  auto seen = std::make_unique<SeenFiles>();
  auto fresh = std::make_shared<Loaded const>(load_policy(*seen, where_));
  seen_ = std::move(seen);
  watch();
  if (seen_->met_a_writer()) {
    loaded_.reset();
    return;
  }
  // While file times are too young to be trusted the same policy is read again and again; that is not news.
  bool const news = first || fresh->ok() != loaded_->ok() || (fresh->ok() && (*fresh)->rules().size() != (*loaded_)->rules().size());
  loaded_ = std::move(fresh);
  if (news) tell(*loaded_);
}

void PolicyCache::watch() {
  for (std::string const& folder : seen_->folders()) {
    // Watching one twice changes nothing; a folder that was replaced under its name is watched anew.
    (void)::inotify_add_watch(events_.borrow(), folder.c_str(), kChanges);
  }
}

}  // namespace bh::policy
