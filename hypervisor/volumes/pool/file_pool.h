// The driver `file`: DIR/QUBE/VOLUME.img and beside it VOLUME-dirty.img (working copy), VOLUME-import.img (import under way), VOLUME-new.img
// (a copy not finished: rubbish after a crash) and VOLUME.REVISION.img. All raw: a guest's byte is never read as an image header.
// Every change of state is one rename.
#pragma once

#include "hypervisor/volumes/pool/pool.h"

namespace bh::volumes {

class FilePool final : public Pool {
 public:
  // The folder exists.
  static Result<std::unique_ptr<FilePool>> open(std::filesystem::path folder);

  [[nodiscard]] bool cheap_copies() const override { return reflink_; }
  Result<PoolUsage> usage() const override;
  Result<std::vector<VolumeId>> list() const override;
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
  [[nodiscard]] std::filesystem::path committed(VolumeId const& id) const override;
  Result<void> create_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source) override;
  Result<void> replace_by_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source, KeepRevisions keep) override;

 private:
  FilePool(std::filesystem::path folder, bool reflink) : folder_(std::move(folder)), reflink_(reflink) {}
  enum class Part { dirty, import, unfinished };
  [[nodiscard]] std::filesystem::path folder_of(VolumeId const& id) const { return folder_ / id.qube(); }
  [[nodiscard]] std::filesystem::path part(VolumeId const& id, Part which) const;
  [[nodiscard]] std::filesystem::path revision_file(VolumeId const& id, RevisionId const& revision) const;
  Result<std::vector<RevisionId>> revisions(VolumeId const& id) const;
  // Names that a crash left without a meaning of their own.
  Result<void> tidy(VolumeId const& id) const;
  Result<RevisionId> next_revision(VolumeId const& id) const;
  // `fresh` takes the volume's name; what had it becomes a revision.
  Result<void> put_in_place(VolumeId const& id, std::filesystem::path const& fresh, bool keep_old) const;
  Result<void> copy_to(std::filesystem::path const& source, std::filesystem::path const& unfinished, std::filesystem::path const& target) const;
  Result<void> make_folder(VolumeId const& id) const;

  std::filesystem::path folder_;
  bool reflink_;
};

}  // namespace bh::volumes
