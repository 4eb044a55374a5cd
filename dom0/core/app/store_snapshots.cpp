#include "dom0/core/app/store_snapshots.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "hypervisor/jail/program_files.h"
#include "hypervisor/qemu/file_fingerprint.h"

namespace bh::dom0 {

namespace {

// Some ten snapshots of usual size; the oldest go first.
constexpr ByteCount kKeep = mebibytes(4096);

KeptSnapshot kept(qemu::SnapshotInfo const& info) { return {info.key, info.made, info.note, info.size}; }

}  // namespace

Result<std::unique_ptr<StoreSnapshots>> StoreSnapshots::open(std::filesystem::path const& folder) {
  BH_TRY(store, qemu::SnapshotStore::open(folder));
  return std::unique_ptr<StoreSnapshots>(new StoreSnapshots(std::move(store)));
}

Result<std::uint64_t> StoreSnapshots::fingerprint_of_qemu() {
  BH_TRY(program, jail::find_program(qemu::SnapshotFacts{}.qemu));
  struct stat status {};
  if (::stat(program.c_str(), &status) != 0) return Failure{Error::from_errno("look at " + program.string())};
  std::string const file = program.string() + " " + std::to_string(status.st_dev) + " " + std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
                           std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
  if (file != fingerprinted_) {
    BH_TRY(fingerprint, qemu::file_fingerprint(program));
    fingerprint_ = fingerprint;
    fingerprinted_ = file;
  }
  return fingerprint_;
}

// The mutex is held by whoever calls.
Result<qemu::SnapshotKey> StoreSnapshots::key_of(SnapshotWish const& wish) {
  BH_TRY(fingerprint, fingerprint_of_qemu());
  qemu::SnapshotFacts facts{.template_hash = wish.template_hash, .tag = wish.tag};
  facts.qemu_fingerprint = fingerprint;
  return qemu::snapshot_key(wish.spec, facts);
}

Result<std::string> StoreSnapshots::key(SnapshotWish const& wish) {
  std::lock_guard const lock(mutex_);
  BH_TRY(key, key_of(wish));
  return key.text;
}

Result<FoundSnapshot> StoreSnapshots::find(SnapshotWish const& wish) {
  std::lock_guard const lock(mutex_);
  BH_TRY(key, key_of(wish));
  BH_TRY(files, store_.find(key));
  BH_TRY(all, store_.list());
  auto const info = std::find_if(all.begin(), all.end(), [&](auto const& entry) { return entry.key == key.text; });
  return FoundSnapshot{std::move(files), key.text, info == all.end() ? 0 : info->made};
}

Result<machine::SnapshotTarget> StoreSnapshots::begin(SnapshotWish const& wish) {
  std::lock_guard const lock(mutex_);
  BH_TRY(key, key_of(wish));
  return store_.begin(key);
}

Result<KeptSnapshot> StoreSnapshots::commit(SnapshotWish const& wish, std::string const& note) {
  std::lock_guard const lock(mutex_);
  BH_TRY(key, key_of(wish));
  BH_TRY(info, store_.commit(key, note));
  auto const gone = store_.prune(kKeep);
  if (!gone) log::warning("old snapshots stay on the disk: " + gone.error().message);
  return kept(info);
}

void StoreSnapshots::abandon(SnapshotWish const& wish) {
  std::lock_guard const lock(mutex_);
  auto const key = key_of(wish);
  if (!key) return log::warning("a snapshot that was begun stays on the disk until bulkheadd starts again: " + key.error().message);
  store_.abandon(*key);
}

Result<std::vector<KeptSnapshot>> StoreSnapshots::list() {
  std::lock_guard const lock(mutex_);
  BH_TRY(all, store_.list());
  std::vector<KeptSnapshot> list;
  for (auto const& info : all) list.push_back(kept(info));
  return list;
}

Result<void> StoreSnapshots::remove(std::string const& key) {
  // GUARD: the caller's word becomes a folder's name.
  bool const is_key = key.size() == 64 && key.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_key) return Failure{Error{"a snapshot's key has 64 hex digits", EINVAL}};
  std::lock_guard const lock(mutex_);
  return store_.remove(key);
}

}  // namespace bh::dom0
