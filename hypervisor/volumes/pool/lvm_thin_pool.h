// The driver `lvm_thin`: logical volumes of a thin pool, copies and snapshots without cost. LVM cannot rename two volumes at once, so a new
// state is first named +next, which decides; whoever finds a +next finishes what was begun.
// The host must not look into these volumes: see hypervisor/README.md for LVM's filter.
#pragma once

#include <functional>

#include "hypervisor/volumes/pool/lvm_command.h"
#include "hypervisor/volumes/pool/pool.h"

namespace bh::volumes {

class LvmThinPool final : public Pool {
 public:
  // Runs a command line to its end; what it printed, or why it failed.
  using Runner = std::function<Result<std::string>(lvm::Words const&)>;
  // An error if there is no such thin pool, or no LVM.
  static Result<std::unique_ptr<LvmThinPool>> open(std::string group, std::string thin_pool, Runner run);

  [[nodiscard]] bool cheap_copies() const override { return true; }
  Result<PoolUsage> usage() const override;
  Result<std::vector<VolumeId>> list() const override;
  // Always blank: the guest formats it.
  Result<void> create(VolumeId const& id, ByteCount size, Content content) override;
  Result<void> remove(VolumeId const& id) override;
  Result<VolumeFacts> look(VolumeId const& id) const override;
  Result<std::filesystem::path> begin(VolumeId const& id, KeepRevisions keep) override;
  Result<std::filesystem::path> begin_from(VolumeId const& source, VolumeId const& id) override;
  Result<void> commit(VolumeId const& id, KeepRevisions keep) override;
  Result<void> discard(VolumeId const& id) override;
  Result<void> revert(VolumeId const& id, std::optional<RevisionId> const& revision, KeepRevisions keep) override;
  Result<void> resize(VolumeId const& id, ByteCount size) override;
  Result<void> prune(VolumeId const& id, KeepRevisions keep) override;
  Result<std::filesystem::path> import_begin(VolumeId const& id, std::optional<ByteCount> size) override;
  Result<void> import_end(VolumeId const& id, bool keep_it, KeepRevisions keep) override;
  [[nodiscard]] std::filesystem::path committed(VolumeId const& id) const override { return device(lvm::name_of(id)); }
  Result<void> create_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source) override;
  Result<void> replace_by_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source, KeepRevisions keep) override;

 private:
  LvmThinPool(std::string group, std::string thin_pool, Runner run) : group_(std::move(group)), thin_pool_(std::move(thin_pool)), run_(std::move(run)) {}
  // All parts of one volume.
  struct Parts {
    std::optional<lvm::LogicalVolume> volume;
    std::vector<std::string> suffixes;
    std::vector<RevisionId> revisions;
    [[nodiscard]] bool has(std::string_view suffix) const;
  };
  [[nodiscard]] std::filesystem::path device(std::string const& name) const;
  Result<std::vector<lvm::LogicalVolume>> all() const;
  Result<Parts> parts(VolumeId const& id) const;
  // The parts, after what a crash left half done has been finished.
  Result<Parts> settled(VolumeId const& id) const;
  Result<void> do_it(lvm::Words const& words) const;
  Result<void> remove_part(VolumeId const& id, Parts const& have, std::string_view suffix);
  Result<void> swap_in(VolumeId const& id, Parts const& have) const;

  std::string group_;
  std::string thin_pool_;
  Runner run_;
};

// Runs LVM's own program with a deadline of a minute.
Result<std::string> run_lvm(lvm::Words const& words);

}  // namespace bh::volumes
