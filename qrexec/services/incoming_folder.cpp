#include "qrexec/services/incoming_folder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace bh::qfile {

namespace {

// GUARD: the only way a path of another qube reaches the kernel. No "..", no link in any component, no way out of `root`.
Result<UniqueFd> open_beneath(UniqueFd const& root, std::string const& path, unsigned long long flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  std::string const target = path.empty() ? "." : path;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, root.borrow(), target.c_str(), &how, sizeof how)));
  if (!fd.open()) return Failure{Error::from_errno("open " + target)};
  return fd;
}

Result<void> make_directory(UniqueFd const& parent, std::string const& name) {
  if (::mkdirat(parent.borrow(), name.c_str(), 0700) != 0 && errno != EEXIST) return Failure{Error::from_errno("make the folder " + name)};
  return {};
}

Result<void> set_times(UniqueFd const& fd, Times const& times) {
  timespec const values[2] = {{static_cast<time_t>(times.access_seconds), static_cast<long>(times.access_nanoseconds)},
                              {static_cast<time_t>(times.modification_seconds), static_cast<long>(times.modification_nanoseconds)}};
  if (::futimens(fd.borrow(), values) != 0) return Failure{Error::from_errno("set times")};
  return {};
}

Result<void> set_permissions(UniqueFd const& fd, unsigned permissions) {
  if (::fchmod(fd.borrow(), permissions) != 0) return Failure{Error::from_errno("set permissions")};
  return {};
}

// Said before the first byte is taken, instead of after the disk has been filled.
Result<void> check_space(UniqueFd const& folder, std::uint64_t length) {
  struct statvfs facts{};
  if (::fstatvfs(folder.borrow(), &facts) != 0) return Failure{Error::from_errno("ask for free space")};
  std::uint64_t const unit = facts.f_frsize;
  if (unit != 0 && length / unit >= facts.f_bavail && length > 0) return Failure{Error{"not enough free space", ENOSPC}};
  return {};
}

}  // namespace

Result<IncomingFolder> IncomingFolder::open(std::filesystem::path const& base, DomainName const& source) {
  BH_TRY(home, open_file(base, O_PATH | O_DIRECTORY));
  BH_CHECK(make_directory(home, "QubesIncoming"));
  BH_TRY(incoming, open_beneath(home, "QubesIncoming", O_RDONLY | O_DIRECTORY));
  BH_CHECK(make_directory(incoming, source.text()));
  BH_TRY(folder, open_beneath(incoming, source.text(), O_RDONLY | O_DIRECTORY));
  return IncomingFolder(std::move(folder));
}

Result<UniqueFd> IncomingFolder::open_parent(EntryName const& name) {
  return open_beneath(root_, name.parent(), O_RDONLY | O_DIRECTORY);
}

Result<IncomingFile> IncomingFolder::begin_file(FileEntry entry) {
  BH_TRY(parent, open_parent(entry.name));
  BH_CHECK(check_space(parent, entry.length));
  // Found out early as well, so that gigabytes are not sent for nothing.
  struct stat facts{};
  if (::fstatat(parent.borrow(), entry.name.last().c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0) {
    return Failure{Error{entry.name.last() + " is there already", EEXIST}};
  }
  UniqueFd file(::openat(parent.borrow(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  bool const nameless = file.open();
  if (!nameless) {
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return Failure{Error::from_errno("make a file")};
    int const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file = UniqueFd(::openat(parent.borrow(), entry.name.last().c_str(), flags, 0));
    if (!file.open()) return Failure{Error::from_errno("make a file")};
  }
  return IncomingFile(std::move(parent), std::move(file), std::move(entry), nameless);
}

IncomingFile::~IncomingFile() {
  if (!kept_ && !nameless_ && file_.open()) ::unlinkat(parent_.borrow(), entry_.name.last().c_str(), 0);
}

// Not write_all(), which tries every descriptor as a socket first: a call in vain for each piece of a file.
Result<void> IncomingFile::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    ssize_t const put = ::write(file_.borrow(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failure{Error::from_errno("write a file")};
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> IncomingFile::keep() {
  BH_CHECK(set_permissions(file_, entry_.permissions));
  BH_CHECK(set_times(file_, entry_.times));
  if (nameless_) {
    std::string const source = "/proc/self/fd/" + std::to_string(file_.borrow());
    if (::linkat(AT_FDCWD, source.c_str(), parent_.borrow(), entry_.name.last().c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return Failure{Error::from_errno("name a file")};
    }
  }
  kept_ = true;
  return {};
}

Result<void> IncomingFolder::directory(DirectoryEntry const& entry) {
  std::string const& name = entry.name.text();
  // A sender goes depth first; whatever is not around this entry any more is behind us. Keeps the list no longer than the path.
  while (!open_directories_.empty() && open_directories_.back() != name && !name.starts_with(open_directories_.back() + "/")) {
    open_directories_.pop_back();
  }
  bool const second = !open_directories_.empty() && open_directories_.back() == name;
  BH_TRY(parent, open_parent(entry.name));
  if (!second) {
    BH_CHECK(make_directory(parent, entry.name.last()));
    BH_TRY(made, open_beneath(parent, entry.name.last(), O_RDONLY | O_DIRECTORY));
    open_directories_.push_back(name);
    return {};
  }
  open_directories_.pop_back();
  BH_TRY(folder, open_beneath(parent, entry.name.last(), O_RDONLY | O_DIRECTORY));
  BH_CHECK(set_permissions(folder, entry.permissions));
  return set_times(folder, entry.times);
}

Result<void> IncomingFolder::link(LinkEntry const& entry) {
  BH_TRY(parent, open_parent(entry.name));
  if (::symlinkat(entry.target.text().c_str(), parent.borrow(), entry.name.last().c_str()) != 0) {
    return Failure{Error::from_errno("make a link")};
  }
  return {};
}

Result<void> IncomingFolder::flush() {
  if (::syncfs(root_.borrow()) != 0) return Failure{Error::from_errno("write everything to the disk")};
  return {};
}

}  // namespace bh::qfile
