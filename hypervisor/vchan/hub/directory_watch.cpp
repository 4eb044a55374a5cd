#include "hypervisor/vchan/hub/directory_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

namespace bh::vchan {

namespace {
// A folder that any program of the qube may fill must not fill our memory: more servers than this are not looked at.
constexpr std::size_t kMaxKnown = 4096;

std::optional<ino_t> socket_inode(std::filesystem::path const& path) {
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) return std::nullopt;
  return facts.st_ino;
}
}  // namespace

Result<DirectoryWatch> DirectoryWatch::open(std::filesystem::path const& directory) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.open()) return Failure{Error::from_errno("watch folders")};
  std::uint32_t const events = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  if (::inotify_add_watch(inotify.borrow(), directory.c_str(), events) < 0) {
    return Failure{Error::from_errno("watch " + directory.string())};
  }
  return DirectoryWatch(directory, std::move(inotify));
}

// Brings one name up to date: what the folder shows now counts, not what the event said.
void DirectoryWatch::look_at(std::string_view file, std::vector<Change>& changes) {
  auto const name = ChannelName::parse(file);
  if (!name) return;
  auto const inode = socket_inode(directory_ / file);
  auto const known = known_.find(*name);
  if (known != known_.end() && known->second != inode.value_or(0)) {
    changes.push_back({*name, false});
    known_.erase(known);
  }
  if (inode && !known_.contains(*name) && known_.size() < kMaxKnown) {
    known_.emplace(*name, *inode);
    changes.push_back({*name, true});
  }
}

Result<std::vector<DirectoryWatch::Change>> DirectoryWatch::read() {
  std::vector<Change> changes;
  alignas(inotify_event) std::array<std::byte, 16384> buffer;
  for (;;) {
    auto const got = read_some(inotify_, buffer);
    if (!got) {
      if (got.error().errno_value == EAGAIN) return changes;
      return Failure{got.error()};
    }
    for (std::size_t at = 0; at + sizeof(inotify_event) <= *got;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      auto const* const file = reinterpret_cast<char const*>(buffer.data() + at + sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
        return Failure{Error{directory_.string() + " is gone", ENOENT}};
      }
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        BH_TRY(missed, scan());
        changes.insert(changes.end(), missed.begin(), missed.end());
        continue;
      }
      std::string_view const text(file, ::strnlen(file, event.len));
      // A deletion is told even if a successor of the same inode number is there already.
      if (auto const name = ChannelName::parse(text); name && (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
        if (known_.erase(*name) != 0) changes.push_back({*name, false});
      }
      look_at(text, changes);
    }
  }
}

Result<std::vector<DirectoryWatch::Change>> DirectoryWatch::scan() {
  std::error_code failed;
  std::vector<Change> changes;
  std::set<std::string> files;
  for (auto const& [name, inode] : known_) files.insert(name.file_name());
  for (std::filesystem::directory_iterator entry(directory_, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::string const file = entry->path().filename().string();
    if (files.size() < 2 * kMaxKnown && ChannelName::parse(file)) files.insert(file);
  }
  if (failed) return Failure{Error{"cannot list " + directory_.string() + ": " + failed.message(), failed.value()}};
  for (auto const& file : files) look_at(file, changes);
  return changes;
}

}  // namespace bh::vchan
