// Unix stream sockets by (directory, name). Addresses are limited to 107 bytes while a folder may be deep, so both calls go
// through a directory descriptor and never fail for a long path.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh {

// A listening socket, close-on-exec. A stale file of that name is removed first. `mode` is the socket file's.
Result<UniqueFd> listen_unix(std::filesystem::path const& path, int backlog = 5, unsigned mode = 0600);
// Blocking connect; ENOENT and ECONNREFUSED in errno_value mean "not there yet".
Result<UniqueFd> connect_unix(std::filesystem::path const& path);
// The same without ever waiting; EAGAIN means "its queue is full, come back". The descriptor it gives is non-blocking.
Result<UniqueFd> try_connect_unix(std::filesystem::path const& path);
// Close-on-exec; blocks unless the listener is non-blocking (then EAGAIN in errno_value).
Result<UniqueFd> accept_unix(UniqueFd const& listener);

struct PeerCredentials {
  int pid;
  unsigned uid;
  unsigned gid;
};
Result<PeerCredentials> peer_credentials(UniqueFd const& socket);

}  // namespace bh
