// The SnapshotKeeper of a real system: hypervisor/qemu's store, one caller at a time, and no more on the disk than is of use.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "dom0/core/life/snapshot_keeper.h"
#include "hypervisor/qemu/snapshot_store.h"

namespace bh::dom0 {

class StoreSnapshots final : public SnapshotKeeper {
 public:
  static Result<std::unique_ptr<StoreSnapshots>> open(std::filesystem::path const& folder);

  Result<std::string> key(SnapshotWish const& wish) override;
  Result<FoundSnapshot> find(SnapshotWish const& wish) override;
  Result<machine::SnapshotTarget> begin(SnapshotWish const& wish) override;
  Result<KeptSnapshot> commit(SnapshotWish const& wish, std::string const& note) override;
  void abandon(SnapshotWish const& wish) override;
  Result<std::vector<KeptSnapshot>> list() override;
  Result<void> remove(std::string const& key) override;

 private:
  explicit StoreSnapshots(qemu::SnapshotStore store) : store_(std::move(store)) {}
  Result<qemu::SnapshotKey> key_of(SnapshotWish const& wish);
  // Reading all of QEMU's program takes longer than a restore: done anew only when the file is another.
  Result<std::uint64_t> fingerprint_of_qemu();
  std::mutex mutex_;
  std::uint64_t fingerprint_ = 0;
  std::string fingerprinted_;  // which file, of what size and when
  qemu::SnapshotStore store_;
};

}  // namespace bh::dom0
