#include "hypervisor/qemu/overlay_header.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "hypervisor/volumes/root_overlay.h"

namespace bh::qemu {

namespace {

constexpr std::size_t kCluster = 65536;
constexpr std::size_t kSizeField = 24;
constexpr std::uint64_t kMaxSize = std::uint64_t{64} << 40;

Failure<Error> refused(char const* why) { return Failure{Error{std::string("the header of its overlay is not as we wrote it: ") + why, EBADMSG}}; }

}  // namespace

Result<ByteCount> check_overlay_header(UniqueFd const& overlay) {
  Bytes header(kCluster);
  ssize_t const got = ::pread(overlay.borrow(), header.data(), header.size(), 0);
  if (got < 0) return Failure{Error::from_errno("read the header of an overlay")};
  if (static_cast<std::size_t>(got) != header.size()) return refused("too short");
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 8; ++i) size = size << 8 | std::to_integer<std::uint64_t>(header[kSizeField + i]);
  if (size > kMaxSize) return refused("an impossible size");
  auto const ours = volumes::empty_qcow2(ByteCount(size));
  if (!ours) return refused("an impossible size");
  if (!std::equal(header.begin(), header.end(), ours->begin())) return refused("it says more than it should");
  return ByteCount(size);
}

}  // namespace bh::qemu
