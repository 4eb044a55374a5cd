// What a volume holds and how large it is: blank, formatted, imported, copied, grown.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/durable.h"
#include "base/posix_io.h"
#include "hypervisor/volumes/pool/file_copy.h"
#include "hypervisor/volumes/pool/file_pool.h"
#include "hypervisor/volumes/pool/file_pool_parts.h"
#include "hypervisor/volumes/pool/new_file_system.h"

namespace bh::volumes {

namespace fs = std::filesystem;

Result<struct stat> status_of_volume(fs::path const& file) {
  // Not stat(). GUARD: a link in place of a volume would give another qube's data, or dom0's, to this one.
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return Failure{Error::from_errno("look at the volume " + file.string())};
  if (!S_ISREG(status.st_mode)) return Failure{Error{"the volume " + file.string() + " is not a plain file", EINVAL}};
  return status;
}

bool is_same_file(fs::path const& file, struct stat const& other) {
  struct stat status {};
  return ::lstat(file.c_str(), &status) == 0 && status.st_ino == other.st_ino && status.st_dev == other.st_dev;
}

Result<void> remove_file(fs::path const& file) {
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) return Failure{Error::from_errno("remove " + file.string())};
  return {};
}

Result<void> set_file_size(fs::path const& file, ByteCount size) {
  BH_TRY(fd, open_file(file, O_RDWR | O_NOFOLLOW));
  if (::ftruncate(fd.borrow(), static_cast<off_t>(size.value())) != 0) return Failure{Error::from_errno("grow the volume " + file.string())};
  return sync_file(fd, file);
}

Result<void> check_volume_size(ByteCount size) {
  if (size < kMinVolumeSize || size > kMaxVolumeSize || size.value() % 4096 != 0) {
    return Failure{Error{"a volume has 16 MiB to 16 TiB, in whole pages of 4096 bytes", EINVAL}};
  }
  return {};
}

Result<void> FilePool::create(VolumeId const& id, ByteCount size, Content content) {
  BH_CHECK(check_volume_size(size));
  BH_CHECK(make_folder(id));
  if (auto const there = status_of_volume(committed(id)); there || there.error().errno_value != ENOENT) {
    return Failure{Error{"there is already a volume " + committed(id).string(), EEXIST}};
  }
  fs::path const fresh = part(id, Part::unfinished);
  BH_CHECK(remove_file(fresh));
  BH_TRY(fd, make_sparse_file(fresh, size));
  if (content == Content::ext4) {
    if (auto made = make_ext4(fresh, id.volume()); !made) {
      (void)remove_file(fresh);
      return Failure{std::move(made).error()};
    }
  }
  BH_CHECK(sync_file(fd, fresh));
  return put_in_place(id, fresh, false);
}

Result<void> FilePool::resize(VolumeId const& id, ByteCount size) {
  BH_CHECK(check_volume_size(size));
  BH_CHECK(tidy(id));
  BH_TRY(facts, look(id));
  if (size < facts.size) return Failure{Error{"a volume cannot shrink: that would lose data", EINVAL}};
  // A revision of a crash's moment must not grow with it: tidy() has parted them.
  BH_CHECK(set_file_size(committed(id), size));
  if (facts.dirty) BH_CHECK(set_file_size(part(id, Part::dirty), size));
  return {};
}

Result<fs::path> FilePool::import_begin(VolumeId const& id, std::optional<ByteCount> size) {
  BH_TRY(facts, look(id));
  if (size) BH_CHECK(check_volume_size(*size));
  // What an import that was cut off had brought is worth nothing.
  BH_CHECK(remove_file(part(id, Part::import)));
  BH_TRY(fd, make_sparse_file(part(id, Part::import), size.value_or(facts.size)));
  return part(id, Part::import);
}

Result<void> FilePool::import_end(VolumeId const& id, bool keep_it, KeepRevisions keep) {
  fs::path const fresh = part(id, Part::import);
  if (!keep_it) return remove_file(fresh);
  BH_TRY(fd, open_file(fresh, O_RDWR | O_NOFOLLOW));
  BH_CHECK(tidy(id));
  BH_CHECK(sync_file(fd, fresh));
  BH_TRY(before, look(id));
  auto const more = KeepRevisions::make(static_cast<int>(std::min<std::size_t>(before.revisions.size() + 1, 1000)));
  if (before.dirty) BH_CHECK(commit(id, *more));
  BH_CHECK(put_in_place(id, fresh, keep.count() > 0 || before.dirty));
  return keep.count() > 0 ? prune(id, keep) : tidy(id);
}

Result<void> FilePool::create_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source) {
  BH_CHECK(make_folder(id));
  if (auto const there = status_of_volume(committed(id)); there || there.error().errno_value != ENOENT) {
    return Failure{Error{"there is already a volume " + committed(id).string(), EEXIST}};
  }
  BH_CHECK(remove_file(part(id, Part::unfinished)));
  return copy_to(source_pool.committed(source), part(id, Part::unfinished), committed(id));
}

Result<void> FilePool::replace_by_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source, KeepRevisions keep) {
  BH_CHECK(look(id));
  BH_CHECK(remove_file(part(id, Part::unfinished)));
  BH_CHECK(remove_file(part(id, Part::import)));
  BH_CHECK(copy_to(source_pool.committed(source), part(id, Part::unfinished), part(id, Part::import)));
  return import_end(id, true, keep);
}

}  // namespace bh::volumes
