#include "base/posix_io.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <algorithm>
#include <climits>

namespace bh {

Result<UniqueFd> UniqueFd::duplicate() const {
  int const copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return Failure{Error::from_errno("duplicate a descriptor")};
  return UniqueFd(copy);
}

Result<std::size_t> read_some(UniqueFd const& fd, std::span<std::byte> into) {
  for (;;) {
    ssize_t const got = ::read(fd.borrow(), into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return Failure{Error::from_errno("read")};
  }
}

Result<std::size_t> write_some(UniqueFd const& fd, ByteSpan bytes) {
  for (;;) {
    // MSG_NOSIGNAL where it is a socket: a peer that went away is an error value, not a signal.
    ssize_t put = ::send(fd.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == ENOTSOCK) put = ::write(fd.borrow(), bytes.data(), bytes.size());
    if (put >= 0) return static_cast<std::size_t>(put);
    if (errno != EINTR) return Failure{Error::from_errno("write")};
  }
}

Result<void> read_exact(UniqueFd const& fd, std::span<std::byte> into) {
  while (!into.empty()) {
    BH_TRY(got, read_some(fd, into));
    if (got == 0) return Failure{Error{"the peer ended the stream early", 0}};
    into = into.subspan(got);
  }
  return {};
}

Result<void> write_all(UniqueFd const& fd, ByteSpan bytes) {
  while (!bytes.empty()) {
    BH_TRY(put, write_some(fd, bytes));
    bytes = bytes.subspan(put);
  }
  return {};
}

Result<bool> wait_for(UniqueFd const& fd, short events, Deadline deadline) {
  for (;;) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd entry{fd.borrow(), events, 0};
    int const ready = ::poll(&entry, 1, static_cast<int>(std::clamp<long long>(left, 0, INT_MAX)));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return Failure{Error::from_errno("wait for a descriptor")};
  }
}

Result<UniqueFd> open_file(std::filesystem::path const& path, int flags, unsigned mode) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd.open()) return Failure{Error::from_errno("open " + path.string())};
  return fd;
}

Result<std::string> read_file(std::filesystem::path const& path, std::size_t cap) {
  BH_TRY(fd, open_file(path, O_RDONLY));
  std::string content;
  std::byte buffer[16384];
  for (;;) {
    BH_TRY(got, read_some(fd, buffer));
    if (got == 0) return content;
    if (content.size() + got > cap) {
      return Failure{Error{path.string() + " is longer than " + std::to_string(cap) + " bytes", EFBIG}};
    }
    content += as_text(ByteSpan(buffer, got));
  }
}

Result<void> write_file_atomically(std::filesystem::path const& path, std::string_view content, unsigned mode) {
  std::filesystem::path const temporary = path.string() + ".new-" + std::to_string(::getpid());
  auto const written = [&]() -> Result<void> {
    BH_TRY(fd, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
    BH_CHECK(write_all(fd, as_bytes(content)));
    if (::fsync(fd.borrow()) != 0) return Failure{Error::from_errno("flush " + temporary.string())};
    if (::rename(temporary.c_str(), path.c_str()) != 0) return Failure{Error::from_errno("replace " + path.string())};
    return {};
  }();
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Result<void> set_nonblocking(UniqueFd const& fd, bool on) {
  int const flags = ::fcntl(fd.borrow(), F_GETFL);
  if (flags < 0) return Failure{Error::from_errno("read descriptor flags")};
  int const wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (::fcntl(fd.borrow(), F_SETFL, wanted) != 0) return Failure{Error::from_errno("set descriptor flags")};
  return {};
}

Result<FdPair> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Failure{Error::from_errno("make a pipe")};
  return FdPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<FdPair> make_socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Failure{Error::from_errno("make a socket pair")};
  }
  return FdPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<UniqueFd> make_sealed_memory(std::string_view name, std::size_t size) {
  UniqueFd fd(::memfd_create(std::string(name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.open()) return Failure{Error::from_errno("make shared memory")};
  if (::ftruncate(fd.borrow(), static_cast<off_t>(size)) != 0) return Failure{Error::from_errno("size shared memory")};
  if (::fcntl(fd.borrow(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Failure{Error::from_errno("seal shared memory")};
  }
  return fd;
}

}  // namespace bh
