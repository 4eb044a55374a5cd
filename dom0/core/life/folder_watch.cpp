#include "dom0/core/life/folder_watch.h"

#include <sys/inotify.h>

#include <array>

#include "base/log.h"
#include "base/posix_io.h"

namespace bh::dom0 {

Result<FolderWatch::Subscription> FolderWatch::subscribe(std::function<void()> changed) {
  if (!inotify_) BH_CHECK(open());
  auto subscriber = std::make_shared<std::function<void()>>(std::move(changed));
  subscribers_.push_back(subscriber);
  return Subscription(std::move(subscriber));
}

Result<void> FolderWatch::open() {
  UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("watch folders")};
  if (::inotify_add_watch(fd.borrow(), folder_.c_str(), IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) < 0) {
    return Failure{Error::from_errno("watch the folder " + folder_.string())};
  }
  inotify_ = std::make_shared<asio::posix::stream_descriptor>(io_, fd.release());
  // Else Asio would wait for more after the last entry.
  inotify_->non_blocking(true);
  listen();
  return {};
}

void FolderWatch::listen() {
  inotify_->async_wait(asio::posix::stream_descriptor::wait_read, [this, held = inotify_](std::error_code error) {
    if (error || held != inotify_) return;
    // What it was about is of no interest: subscribers look for themselves.
    std::array<char, 8192> buffer{};
    std::error_code read_error;
    while (held->read_some(asio::buffer(buffer), read_error) > 0 && !read_error) {}
    tell();
    if (subscribers_.empty()) inotify_.reset();
    else listen();
  });
}

void FolderWatch::tell() {
  // A subscriber may subscribe or leave while it is told.
  auto const now = subscribers_;
  for (auto const& weak : now) {
    if (auto const subscriber = weak.lock()) (*subscriber)();
  }
  std::erase_if(subscribers_, [](auto const& weak) { return weak.expired(); });
}

}  // namespace bh::dom0
