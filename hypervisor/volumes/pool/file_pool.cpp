// The life of a volume: made, used, committed, reverted. Sizes, imports and copies are in file_pool_content.cpp.
#include "hypervisor/volumes/pool/file_pool.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/durable.h"
#include "base/posix_io.h"
#include "hypervisor/volumes/pool/file_copy.h"
#include "hypervisor/volumes/pool/file_pool_parts.h"

namespace bh::volumes {

namespace fs = std::filesystem;

std::optional<KeepRevisions> KeepRevisions::make(int number) {
  if (number < -1 || number > 1000) return std::nullopt;
  return KeepRevisions(number);
}

Result<std::unique_ptr<FilePool>> FilePool::open(fs::path folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return Failure{Error{"the pool's folder " + folder.string() + " is not there", ENOENT}};
  BH_TRY(reflink, can_reflink(folder));
  return std::unique_ptr<FilePool>(new FilePool(std::move(folder), reflink));
}

fs::path FilePool::committed(VolumeId const& id) const { return folder_of(id) / (id.volume() + ".img"); }

fs::path FilePool::part(VolumeId const& id, Part which) const {
  char const* const suffix = which == Part::dirty ? "-dirty.img" : which == Part::import ? "-import.img" : "-new.img";
  return folder_of(id) / (id.volume() + suffix);
}

fs::path FilePool::revision_file(VolumeId const& id, RevisionId const& revision) const {
  return folder_of(id) / (id.volume() + "." + revision.text() + ".img");
}

Result<PoolUsage> FilePool::usage() const {
  struct statvfs status {};
  if (::statvfs(folder_.c_str(), &status) != 0) return Failure{Error::from_errno("measure the pool " + folder_.string())};
  std::uint64_t const size = static_cast<std::uint64_t>(status.f_blocks) * status.f_frsize;
  // What is reserved for root counts as used: it cannot be had.
  return PoolUsage{ByteCount(size), ByteCount(size - static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize), std::nullopt, std::nullopt};
}

Result<std::vector<VolumeId>> FilePool::list() const {
  std::vector<VolumeId> all;
  std::error_code error;
  for (auto const& qube : fs::directory_iterator(folder_, error)) {
    if (!qube.is_directory(error) || qube.is_symlink(error)) continue;
    for (auto const& file : fs::directory_iterator(qube.path(), error)) {
      if (file.path().extension() != ".img") continue;
      if (auto id = VolumeId::make(qube.path().filename().string(), file.path().stem().string())) all.push_back(std::move(*id));
    }
  }
  if (error) return Failure{Error::from_errno("list the pool " + folder_.string(), error.value())};
  std::sort(all.begin(), all.end());
  return all;
}

Result<std::vector<RevisionId>> FilePool::revisions(VolumeId const& id) const {
  std::vector<RevisionId> all;
  std::string const prefix = id.volume() + ".";
  std::error_code error;
  for (auto const& file : fs::directory_iterator(folder_of(id), error)) {
    std::string const stem = file.path().stem().string();
    if (file.path().extension() != ".img" || !stem.starts_with(prefix)) continue;
    if (auto revision = RevisionId::parse(std::string_view(stem).substr(prefix.size()))) all.push_back(std::move(*revision));
  }
  if (error) return Failure{Error::from_errno("list the revisions of " + id.text(), error.value())};
  std::sort(all.begin(), all.end());
  return all;
}

Result<VolumeFacts> FilePool::look(VolumeId const& id) const {
  BH_TRY(status, status_of_volume(committed(id)));
  BH_TRY(all, revisions(id));
  std::erase_if(all, [&](RevisionId const& revision) { return is_same_file(revision_file(id, revision), status); });
  std::error_code error;
  return VolumeFacts{ByteCount(static_cast<std::uint64_t>(status.st_size)), ByteCount(static_cast<std::uint64_t>(status.st_blocks) * 512), std::move(all),
                     fs::exists(part(id, Part::dirty), error)};
}

// Between the two steps of put_in_place() the volume and its newest revision are one file: the volume's next writer would change both.
Result<void> FilePool::tidy(VolumeId const& id) const {
  BH_CHECK(remove_file(part(id, Part::unfinished)));
  auto const status = status_of_volume(committed(id));
  if (!status) return status.error().errno_value == ENOENT ? Result<void>() : Result<void>(Failure{status.error()});
  if (status->st_nlink == 1) return {};
  BH_TRY(all, revisions(id));
  for (auto const& revision : all) {
    if (is_same_file(revision_file(id, revision), *status)) BH_CHECK(remove_file(revision_file(id, revision)));
  }
  return sync_folder(folder_of(id));
}

Result<RevisionId> FilePool::next_revision(VolumeId const& id) const {
  BH_TRY(all, revisions(id));
  if (!all.empty() && all.back().number() == UINT32_MAX) return Failure{Error{id.text() + " has had too many revisions", EOVERFLOW}};
  return RevisionId::make(all.empty() ? 1 : all.back().number() + 1, std::time(nullptr));
}

Result<void> FilePool::put_in_place(VolumeId const& id, fs::path const& fresh, bool keep_old) const {
  std::error_code error;
  if (keep_old && fs::exists(committed(id), error)) {
    BH_TRY(revision, next_revision(id));
    fs::path const file = revision_file(id, revision);
    if (::link(committed(id).c_str(), file.c_str()) != 0) return Failure{Error::from_errno("keep " + id.text() + " as revision " + revision.text())};
    // The revision's name is on the disk before the volume's name leaves that file.
    BH_CHECK(sync_folder(folder_of(id)));
  }
  if (::rename(fresh.c_str(), committed(id).c_str()) != 0) return Failure{Error::from_errno("put " + fresh.string() + " in place")};
  return sync_folder(folder_of(id));
}

Result<void> FilePool::copy_to(fs::path const& source, fs::path const& unfinished, fs::path const& target) const {
  BH_TRY(from, open_file(source, O_RDONLY | O_NOFOLLOW));
  BH_TRY(to, open_file(unfinished, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (auto copied = copy_file_content(from, to, source); !copied) {
    (void)remove_file(unfinished);
    return Failure{std::move(copied).error()};
  }
  if (::rename(unfinished.c_str(), target.c_str()) != 0) return Failure{Error::from_errno("name the copy " + target.string())};
  return sync_folder(target.parent_path());
}

Result<void> FilePool::make_folder(VolumeId const& id) const {
  std::error_code error;
  if (fs::create_directory(folder_of(id), error)) {
    fs::permissions(folder_of(id), fs::perms::owner_all, error);
    return sync_folder(folder_);
  }
  if (error) return Failure{Error::from_errno("make the folder " + folder_of(id).string(), error.value())};
  return {};
}

Result<void> FilePool::remove(VolumeId const& id) {
  std::error_code error;
  if (!fs::exists(folder_of(id), error)) return {};
  // The volume first: revisions without it are no volume, so a crash in between leaves nothing that looks like one.
  BH_CHECK(remove_file(committed(id)));
  for (Part const which : {Part::dirty, Part::import, Part::unfinished}) BH_CHECK(remove_file(part(id, which)));
  BH_TRY(all, revisions(id));
  for (auto const& revision : all) BH_CHECK(remove_file(revision_file(id, revision)));
  // The folder only if nothing else is kept in it.
  fs::remove(folder_of(id), error);
  return sync_folder(folder_);
}

Result<fs::path> FilePool::begin(VolumeId const& id, KeepRevisions keep) {
  BH_CHECK(tidy(id));
  BH_TRY(facts, look(id));
  fs::path const working = part(id, Part::dirty);
  if (keep.is_in_place() && !facts.dirty) return committed(id);
  if (!facts.dirty) {
    BH_CHECK(copy_to(committed(id), part(id, Part::unfinished), working));
    return working;
  }
  // It may have missed a resize that was cut off between the two files.
  BH_TRY(status, status_of_volume(working));
  if (static_cast<std::uint64_t>(status.st_size) < facts.size.value()) BH_CHECK(set_file_size(working, facts.size));
  return working;
}

Result<fs::path> FilePool::begin_from(VolumeId const& source, VolumeId const& id) {
  BH_CHECK(make_folder(id));
  BH_CHECK(discard(id));
  BH_CHECK(copy_to(committed(source), part(id, Part::unfinished), part(id, Part::dirty)));
  return part(id, Part::dirty);
}

Result<void> FilePool::commit(VolumeId const& id, KeepRevisions keep) {
  fs::path const working = part(id, Part::dirty);
  auto const opened = open_file(working, O_RDWR | O_NOFOLLOW);
  // Used in place, or committed already.
  if (!opened && opened.error().errno_value == ENOENT) return tidy(id);
  if (!opened) return Failure{opened.error()};
  BH_CHECK(tidy(id));
  BH_CHECK(sync_file(*opened, working));
  BH_CHECK(put_in_place(id, working, keep.count() > 0));
  return prune(id, keep);
}

Result<void> FilePool::discard(VolumeId const& id) {
  BH_CHECK(remove_file(part(id, Part::unfinished)));
  return remove_file(part(id, Part::dirty));
}

Result<void> FilePool::prune(VolumeId const& id, KeepRevisions keep) {
  BH_CHECK(tidy(id));
  BH_TRY(all, revisions(id));
  if (all.size() <= keep.count()) return {};
  all.resize(all.size() - keep.count(), all.front());
  for (auto const& revision : all) BH_CHECK(remove_file(revision_file(id, revision)));
  return sync_folder(folder_of(id));
}

Result<void> FilePool::revert(VolumeId const& id, std::optional<RevisionId> const& revision, KeepRevisions keep) {
  BH_CHECK(tidy(id));
  BH_TRY(before, look(id));
  auto wanted = revision;
  if (wanted && std::find(before.revisions.begin(), before.revisions.end(), *wanted) == before.revisions.end()) {
    return Failure{Error{id.text() + " has no revision " + wanted->text(), ENOENT}};
  }
  if (!wanted && !before.dirty && before.revisions.empty()) return Failure{Error{id.text() + " has no revisions to go back to", ENOENT}};
  // What a power cut left is somebody's last work: it is kept as the state that is left behind, and the last commit as the one before it.
  if (before.dirty) {
    auto const more = KeepRevisions::make(static_cast<int>(std::min<std::size_t>(before.revisions.size() + 1, 1000)));
    BH_CHECK(commit(id, *more));
  }
  if (!wanted) {
    BH_TRY(all, revisions(id));
    wanted = all.back();
  }
  BH_CHECK(put_in_place(id, revision_file(id, *wanted), keep.count() > 0 || before.dirty));
  return keep.count() > 0 ? prune(id, keep) : tidy(id);
}

}  // namespace bh::volumes
