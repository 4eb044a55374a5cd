#include "hypervisor/qemu/machine_save.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/posix_io.h"
#include "hypervisor/qemu/copy_threads.h"
#include "hypervisor/qemu/memory_image.h"
#include "hypervisor/qemu/saved_state.h"

namespace bh::qemu {

using namespace machine;

namespace {

Result<ByteCount> size_of(UniqueFd const& file) {
  struct stat status {};
  if (::fstat(file.borrow(), &status) != 0) return Failure{Error::from_errno("look at a machine's file")};
  return ByteCount(static_cast<std::uint64_t>(status.st_size));
}

Result<UniqueFd> fresh(std::filesystem::path const& path) { return open_file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW); }

Result<void> write_state(SaveSources const& sources, std::filesystem::path const& path) {
  BH_TRY(size, size_of(*sources.state));
  // GUARD: QEMU wrote it, and may go on writing; from here on only our copy counts.
  if (size > kMaxSavedState) return Failure{Error{"the saved state is larger than any of ours", EFBIG}};
  Bytes state(size.value());
  BH_TRY(reader, open_file("/proc/self/fd/" + std::to_string(sources.state->borrow()), O_RDONLY));
  BH_CHECK(read_exact(reader, state));
  BH_CHECK(unplace_window_memory(state, sources.window_memory));
  BH_TRY(file, fresh(path));
  return write_all(file, state);
}

Result<std::uint64_t> copy_into(UniqueFd const& from, std::filesystem::path const& path, std::stop_token stop) {
  BH_TRY(size, size_of(from));
  BH_TRY(file, fresh(path));
  return save_memory(CopyRange{from, file, size}, copy_threads(), std::move(stop));
}

}  // namespace

Result<std::uint64_t> write_snapshot(SaveSources const& sources, SnapshotTarget const& target, std::stop_token stop) {
  BH_CHECK(write_state(sources, target.folder / kSnapshotState));
  if (sources.overlay != nullptr) BH_CHECK(copy_into(*sources.overlay, target.folder / kSnapshotOverlay, stop));
  return copy_into(*sources.ram, target.folder / kSnapshotMemory, stop);
}

}  // namespace bh::qemu
