// SnapshotStore: saved machines on the disk, one folder a key. A snapshot that is damaged, half written, somebody else's or not what its
// manifest says is never given out: find() says why not, and the caller boots instead.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_count.h"
#include "base/error.h"
#include "hypervisor/machine/snapshot_files.h"
#include "hypervisor/qemu/snapshot_key.h"
#include "hypervisor/qemu/snapshot_manifest.h"

namespace bh::qemu {

struct SnapshotInfo {
  std::string key;
  std::int64_t made = 0;  // Unix seconds
  std::string note;       // the caller's, for people: "debian-12, 400 MiB"
  ByteCount size;         // blocks on the disk
};

// Not thread-safe: one thread at a time.
class SnapshotStore {
 public:
  // Makes the folder (0700) if it is not there, and removes what an earlier life had begun and not committed.
  static Result<SnapshotStore> open(std::filesystem::path folder);

  // Blocks for some 0.1 s a snapshot when it is asked for first (every byte is compared with the manifest's hashes), later hardly at all:
  // call it off the event loop. errno_value ENOENT: there is none, build one. EBADMSG: there is one, and the text says what is wrong with it.
  Result<machine::SnapshotFiles> find(SnapshotKey const& key);

  // As find(), with shared_memory made (once a key, kept until the snapshot goes; blocks for the copy): see SnapshotFiles. The machine it
  // was saved of, and its clones, must have no balloon.
  Result<machine::SnapshotFiles> find_shared(SnapshotKey const& key);

  // An empty folder for Machine::save. One at a time a key.
  Result<machine::SnapshotTarget> begin(SnapshotKey const& key);
  // After MachineSaved and after the machine was killed: checks what was written, hashes it (blocks, as find) and makes it visible at once.
  Result<SnapshotInfo> commit(SnapshotKey const& key, std::string const& note);
  // Forgets one that was begun.
  void abandon(SnapshotKey const& key);

  // Newest first; damaged ones too, with what is known of them.
  Result<std::vector<SnapshotInfo>> list() const;
  // No such snapshot is no error. Clones that run keep the files they have open.
  Result<void> remove(std::string const& key);
  // Removes the oldest until at most `keep` bytes are left; returns the keys that went.
  Result<std::vector<std::string>> prune(ByteCount keep);

 private:
  Result<std::shared_ptr<UniqueFd const>> verified(UniqueFd const& folder, std::string const& key, char const* name, ManifestFile const& wanted);
  explicit SnapshotStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
  // What was verified in this life: a file that is still the same inode, size and time is not read again.
  std::map<std::string, std::string> verified_;
  struct Shared {
    std::string stamp;  // of the file it was read from
    std::shared_ptr<UniqueFd const> memory;
  };
  std::map<std::string, Shared> shared_;  // by key
};

}  // namespace bh::qemu
