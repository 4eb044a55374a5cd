#include "hypervisor/jail/launcher/mount_tree.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/posix_io.h"

// Declared by <sys/mount.h> too, which cannot be included beside <linux/mount.h> with this libc.
extern "C" int mount(char const*, char const*, char const*, unsigned long, void const*);
extern "C" int umount2(char const*, int);

namespace bh::jail {

namespace {

constexpr int kDetach = 2;  // MNT_DETACH
// Any folder that every host has; only a place to stand while the new root is made.
constexpr char const* kStage = "/tmp";

Failure<Error> failed(std::string const& doing) { return Failure{Error::from_errno(doing)}; }

struct Source {
  UniqueFd tree;
  JailFile const* file;
};

// Opened before anything is hidden: a source may lie below the stage.
Result<std::vector<Source>> open_sources(std::span<JailFile const> files) {
  std::vector<Source> sources;
  sources.reserve(files.size());
  for (auto const& file : files) {
    UniqueFd tree(static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, file.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
    if (!tree.open()) return failed("show " + file.source.string() + " in the jail");
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (file.device ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV);
    if (::syscall(SYS_mount_setattr, tree.borrow(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
      return failed("make " + file.source.string() + " read-only in the jail");
    }
    sources.push_back(Source{std::move(tree), &file});
  }
  return sources;
}

Result<void> make_folders(std::filesystem::path const& inside, std::set<std::filesystem::path>& made) {
  if (!made.insert(inside.parent_path()).second) return {};
  std::filesystem::path so_far = ".";
  for (auto const& part : inside.parent_path().relative_path()) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), 0755) != 0 && errno != EEXIST) return failed("make the jail's folder " + so_far.string());
  }
  return {};
}

// The working directory is the new root.
Result<void> put(Source const& source, std::set<std::filesystem::path>& folders) {
  BH_CHECK(make_folders(source.file->inside, folders));
  auto const place = source.file->inside.relative_path();
  BH_TRY(empty, open_file(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0444));
  if (::syscall(SYS_move_mount, source.tree.borrow(), "", AT_FDCWD, place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return failed("put " + place.string() + " into the jail");
  }
  return {};
}

// In a user namespace only while the host's own /proc is still in sight. Processes only: no /proc/sys, no /proc/kallsyms.
Result<void> mount_proc() {
  if (::mkdir("proc", 0555) != 0) return failed("make the jail's /proc");
  if (::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "subset=pid") != 0) return failed("mount the jail's /proc");
  return {};
}

Result<void> mount_empty(char const* where, char const* options) {
  if (::mount("jail", where, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) return failed("mount the jail's root");
  return {};
}

// The working directory becomes the root; what was the root goes.
Result<void> take_as_root() {
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return failed("take the jail's root as root");
  if (::umount2(".", kDetach) != 0) return failed("drop the host's files from the jail");
  if (::chdir("/") != 0) return failed("enter the jail's root");
  if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) != 0) return failed("make the jail's root read-only");
  return {};
}

}  // namespace

Result<void> enter_mount_tree(std::span<JailFile const> files) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("keep the jail's mounts from the host");
  BH_TRY(sources, open_sources(files));
  ::umask(022);
  BH_CHECK(mount_empty(kStage, "mode=0755,size=64k,nr_inodes=512"));
  if (::chdir(kStage) != 0) return failed("enter the jail's root");
  std::set<std::filesystem::path> folders;
  for (auto const& source : sources) BH_CHECK(put(source, folders));
  BH_CHECK(mount_proc());
  // Where an empty root is put later: on a read-only root nothing can be made any more.
  if (::mkdir("empty", 0555) != 0) return failed("make the jail's empty folder");
  return take_as_root();
}

Result<void> empty_mount_tree() {
  BH_CHECK(mount_empty("/empty", "mode=0555,size=4k,nr_inodes=2"));
  if (::chdir("/empty") != 0) return failed("enter the jail's empty root");
  return take_as_root();
}

}  // namespace bh::jail
