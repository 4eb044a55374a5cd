#include "qrexec/policy/daemon/seen_files.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "base/posix_io.h"

namespace bh::policy {
namespace {

// File times come from a clock that ticks every 1 to 10 ms.
constexpr long long kGrainNs = 20'000'000;

long long ns(timespec const& time) { return static_cast<long long>(time.tv_sec) * 1'000'000'000 + time.tv_nsec; }

timespec now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

// True: nobody has it open for writing, and nobody gets to until we let go. Not every file system, and only a file's owner, can ask for
// that: then we go by the file's times alone.
enum class Lease { held, writer, unknown };
Lease take_lease(UniqueFd const& fd) {
  if (::fcntl(fd.borrow(), F_SETLEASE, F_RDLCK) == 0) return Lease::held;
  return errno == EAGAIN ? Lease::writer : Lease::unknown;
}

Result<std::string> read_all(UniqueFd const& fd, std::string const& path, std::size_t cap) {
  std::string text;
  std::array<std::byte, 65536> chunk;
  for (;;) {
    auto const count = read_some(fd, chunk);
    if (!count) return Failure{Error{count.error()}.in(path)};
    if (*count == 0) return text;
    if (text.size() + *count > cap) return Failure{Error{path + " is longer than " + std::to_string(cap) + " bytes", EFBIG}};
    text += as_text(std::span(chunk).first(*count));
  }
}

}  // namespace

bool SeenFiles::Mark::same_as(Mark const& other) const {
  return there == other.there && device == other.device && inode == other.inode && size == other.size &&
         ns(modified) == ns(other.modified) && ns(changed) == ns(other.changed);
}

SeenFiles::Mark SeenFiles::mark_of(std::string const& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {true, info.st_dev, info.st_ino, info.st_size, info.st_mtim, info.st_ctim};
}

void SeenFiles::see(std::string const& path) const {
  if (seen_.empty()) first_look_ = now();
  Mark const mark = mark_of(path);
  if (ns(mark.changed) > ns(newest_)) newest_ = mark.changed;
  // The first look counts: what changed between two looks of one load is a change.
  seen_.try_emplace(path, mark);
}

Result<std::vector<PolicyFiles::Entry>> SeenFiles::list(std::string const& folder) const {
  see(folder);
  auto entries = disk_.list(folder);
  if (!entries) return entries;
  // A link may come to lead somewhere, or elsewhere, without its folder changing. Marked first, then looked at: what changes in
  // between shows as a change later.
  for (Entry& entry : *entries) {
    BH_TRY(found, kind(folder + "/" + entry.name));
    entry.kind = found;
  }
  return entries;
}

Result<PolicyFiles::Kind> SeenFiles::kind(std::string const& path) const {
  see(path);
  return disk_.kind(path);
}

Result<std::string> SeenFiles::read(std::string const& path, std::size_t cap) const {
  see(path);
  // Never waits: a pipe of that name must not hold the daemon.
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return Failure{std::move(fd).error()};
  if (take_lease(*fd) == Lease::writer) {
    met_a_writer_ = true;
    return Failure{Error{path + " is being written", EBUSY}};
  }
  // The lease ends with the descriptor.
  return read_all(*fd, path, cap);
}

bool SeenFiles::unchanged() const {
  if (seen_.empty() || ns(newest_) + kGrainNs > ns(first_look_)) return false;
  for (auto const& [path, mark] : seen_) {
    if (!mark_of(path).same_as(mark)) return false;
  }
  return true;
}

std::set<std::string> SeenFiles::folders() const {
  std::set<std::string> all;
  for (auto const& [path, mark] : seen_) {
    std::error_code failed;
    auto const real = std::filesystem::canonical(path, failed);
    std::filesystem::path const place = failed ? std::filesystem::path(path) : real;
    bool const folder = std::filesystem::is_directory(place, failed);
    all.insert(folder ? place.string() : place.parent_path().string());
    // A link's own folder as well: the link may be replaced.
    all.insert(std::filesystem::path(path).parent_path().string());
  }
  return all;
}

}  // namespace bh::policy
