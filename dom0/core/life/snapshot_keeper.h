// SnapshotKeeper: where saved machines are kept, as the life of qubes sees it. Every call may block (files are hashed), so they are made on
// a worker's thread; an implementation lets in one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_count.h"
#include "base/error.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::dom0 {

// What a machine must be like to be continued from a snapshot: made the same way from the same template.
struct SnapshotWish {
  machine::MachineSpec spec;
  std::string template_hash;
  std::string tag;
};

struct FoundSnapshot {
  machine::SnapshotFiles files;
  std::string key;
  std::int64_t made_unix = 0;
};

struct KeptSnapshot {
  std::string key;
  std::int64_t made_unix = 0;
  std::string note;
  ByteCount size;
};

class SnapshotKeeper {
 public:
  SnapshotKeeper() = default;
  SnapshotKeeper(SnapshotKeeper const&) = delete;
  SnapshotKeeper& operator=(SnapshotKeeper const&) = delete;
  virtual ~SnapshotKeeper() = default;

  virtual Result<std::string> key(SnapshotWish const& wish) = 0;
  // ENOENT: there is none yet. EBADMSG: there is one, and the text says why it is not used.
  virtual Result<FoundSnapshot> find(SnapshotWish const& wish) = 0;
  // A folder to save into; then commit or abandon.
  virtual Result<machine::SnapshotTarget> begin(SnapshotWish const& wish) = 0;
  virtual Result<KeptSnapshot> commit(SnapshotWish const& wish, std::string const& note) = 0;
  virtual void abandon(SnapshotWish const& wish) = 0;
  virtual Result<std::vector<KeptSnapshot>> list() = 0;
  virtual Result<void> remove(std::string const& key) = 0;
};

}  // namespace bh::dom0
