// Pool: where volumes live, whichever way. Each call does all of its work before it returns, so that after a power cut at any moment a
// volume is as before the call or as after it. Calls may copy data and take long: not for a daemon's main thread. One call at a time a volume.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/byte_count.h"
#include "base/error.h"
#include "hypervisor/volumes/pool/volume_id.h"

namespace bh::volumes {

inline constexpr ByteCount kMinVolumeSize = mebibytes(16);
inline constexpr ByteCount kMaxVolumeSize = mebibytes(std::uint64_t{16} << 20);

// How many old states of a volume are kept when a machine that used it has stopped. in_place: the machine writes to the volume itself, and there are none.
class KeepRevisions {
 public:
  // -1 (in place) to 1000.
  static std::optional<KeepRevisions> make(int number);
  static KeepRevisions in_place() { return KeepRevisions(-1); }
  [[nodiscard]] bool is_in_place() const { return number_ < 0; }
  [[nodiscard]] int number() const { return number_; }
  // Of old states to be left on the disk.
  [[nodiscard]] std::size_t count() const { return number_ < 0 ? 0 : static_cast<std::size_t>(number_); }
  friend bool operator==(KeepRevisions, KeepRevisions) = default;

 private:
  explicit KeepRevisions(int number) : number_(number) {}
  int number_;
};

struct VolumeFacts {
  ByteCount size;                     // what the guest sees
  ByteCount used;                     // allocated, working copy and revisions not counted
  std::vector<RevisionId> revisions;  // oldest first
  bool dirty;  // a working copy is there: a machine uses it, or was cut off while it did
};

struct PoolUsage {
  ByteCount size;
  ByteCount used;
  std::optional<ByteCount> metadata_size;
  std::optional<ByteCount> metadata_used;
};

// What a new volume holds: nothing, or an empty ext4 that the host made on a blank file of its own.
enum class Content { blank, ext4 };

class Pool {
 public:
  Pool() = default;
  Pool(Pool const&) = delete;
  Pool& operator=(Pool const&) = delete;
  virtual ~Pool() = default;

  // Whether a copy costs no time and no space until it is written to.
  [[nodiscard]] virtual bool cheap_copies() const = 0;
  virtual Result<PoolUsage> usage() const = 0;
  virtual Result<std::vector<VolumeId>> list() const = 0;

  // EEXIST if there is one: nothing is ever overwritten.
  virtual Result<void> create(VolumeId const& id, ByteCount size, Content content) = 0;
  // With its revisions and all that belongs to it. No volume is no error.
  virtual Result<void> remove(VolumeId const& id) = 0;
  // ENOENT if there is none.
  virtual Result<VolumeFacts> look(VolumeId const& id) const = 0;

  // What a machine opens for writing. A working copy that a power cut left behind is taken up again: the user's last work is in it, and the
  // last commit is still there to revert to.
  virtual Result<std::filesystem::path> begin(VolumeId const& id, KeepRevisions keep) = 0;
  // A working copy of another volume's last commit; `id` itself is no volume. Ends with discard().
  virtual Result<std::filesystem::path> begin_from(VolumeId const& source, VolumeId const& id) = 0;
  // The machine has stopped: its working copy is the volume from now on, and what was the volume a revision.
  virtual Result<void> commit(VolumeId const& id, KeepRevisions keep) = 0;
  // The working copy is thrown away.
  virtual Result<void> discard(VolumeId const& id) = 0;

  // Back to a revision, by default the newest (or the last commit, if there is a working copy). What was there before becomes a revision itself.
  virtual Result<void> revert(VolumeId const& id, std::optional<RevisionId> const& revision, KeepRevisions keep) = 0;
  // Grows only; a working copy too, so that a running machine can be told.
  virtual Result<void> resize(VolumeId const& id, ByteCount size) = 0;
  virtual Result<void> prune(VolumeId const& id, KeepRevisions keep) = 0;

  // A blank place for new content of the volume's size, or of another; then to be written by the caller and ended.
  virtual Result<std::filesystem::path> import_begin(VolumeId const& id, std::optional<ByteCount> size) = 0;
  // keep_it: the new content is the volume from now on, the old a revision. Otherwise nothing has happened.
  virtual Result<void> import_end(VolumeId const& id, bool keep_it, KeepRevisions keep) = 0;
  // The last commit, to be read.
  [[nodiscard]] virtual std::filesystem::path committed(VolumeId const& id) const = 0;
  // Content and size of another pool's or this pool's volume. EEXIST as with create().
  virtual Result<void> create_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source) = 0;
  // The same into a volume that is there: as an import.
  virtual Result<void> replace_by_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source, KeepRevisions keep) = 0;
};

}  // namespace bh::volumes
