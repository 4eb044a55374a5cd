#include "hypervisor/volumes/root_overlay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/posix_io.h"

namespace bh::volumes {

namespace {

constexpr std::uint64_t kCluster = 65536;
constexpr std::uint64_t kGuestBytesOfL1Entry = kCluster / 8 * kCluster;  // one table of 8-byte entries, a cluster each
constexpr std::uint64_t kMaxVirtualSize = std::uint64_t{64} << 40;

// qcow2 is big-endian, unlike everything else of ours.
void put(Bytes& out, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out[at + i] = static_cast<std::byte>((value >> (8 * (width - 1 - i))) & 0xFF);
}
void put32(Bytes& out, std::size_t at, std::uint32_t value) { put(out, at, value, 4); }
void put64(Bytes& out, std::size_t at, std::uint64_t value) { put(out, at, value, 8); }

Result<ByteCount> size_of(UniqueFd const& file) {
  struct stat status {};
  if (::fstat(file.borrow(), &status) != 0) return Failure{Error::from_errno("look at the root image")};
  return ByteCount(static_cast<std::uint64_t>(status.st_size));
}

}  // namespace

// Cluster 0: header; 1: refcount table; 2: refcount block; from 3: L1 table. Field offsets: QEMU's docs/interop/qcow2.txt.
Result<Bytes> empty_qcow2(ByteCount virtual_size) {
  std::uint64_t const size = virtual_size.value();
  if (size == 0 || size > kMaxVirtualSize || size % 512 != 0) {
    return Failure{Error{"a root image has a multiple of 512 bytes, up to 64 TiB", EINVAL}};
  }
  std::uint64_t const l1_entries = (size + kGuestBytesOfL1Entry - 1) / kGuestBytesOfL1Entry;
  std::uint64_t const l1_clusters = (l1_entries * 8 + kCluster - 1) / kCluster;
  Bytes out(static_cast<std::size_t>((3 + l1_clusters) * kCluster));
  put32(out, 0, 0x514649FB);  // "QFI\xfb"
  put32(out, 4, 3);           // version
  put64(out, 8, 0);           // no backing file name
  put32(out, 20, 16);         // bits of a cluster
  put64(out, 24, size);
  put32(out, 36, static_cast<std::uint32_t>(l1_entries));
  put64(out, 40, 3 * kCluster);  // L1 table
  put64(out, 48, kCluster);      // refcount table
  put32(out, 56, 1);             // clusters of it
  put32(out, 96, 4);             // refcounts of 2^4 bits
  put32(out, 100, 104);          // header length
  put64(out, kCluster, 2 * kCluster);
  for (std::uint64_t cluster = 0; cluster < 3 + l1_clusters; ++cluster) {
    put(out, static_cast<std::size_t>(2 * kCluster + 2 * cluster), 1, 2);
  }
  return out;
}

Result<UniqueFd> make_root_overlay(std::filesystem::path const& folder, UniqueFd const& image) {
  BH_TRY(size, size_of(image));
  BH_TRY(content, empty_qcow2(size));
  // O_TMPFILE where the file system has it; elsewhere a name that lives for two system calls.
  UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.open() && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string name = (folder / ".overlay-XXXXXX").string();
    fd = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
    if (fd.open()) ::unlink(name.c_str());
  }
  if (!fd.open()) return Failure{Error::from_errno("make the root overlay in " + folder.string())};
  BH_CHECK(write_all(fd, content));
  return fd;
}

}  // namespace bh::volumes
