#include "hypervisor/vchan/pair_grants.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "base/posix_io.h"

namespace bh::vchan {

namespace fs = std::filesystem;

namespace {

fs::path grant_file(fs::path const& directory, ChannelName const& name) {
  return directory / ("grant." + std::to_string(name.server.value()) + "." + std::to_string(name.client.value()) + "." +
                      std::to_string(name.port.value()));
}

}  // namespace

PairGrants::PairGrants(fs::path directory, DomainId client) : directory_(std::move(directory)), client_(client) { take_all_back(); }

Result<void> PairGrants::give(DomainId server, Port port) {
  auto const opened = open_file(grant_file(directory_, {server, client_, port}), O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
  if (!opened) return Failure{opened.error()};
  return {};
}

void PairGrants::take_back(DomainId server, Port port) { ::unlink(grant_file(directory_, {server, client_, port}).c_str()); }

void PairGrants::take_all_back() {
  std::string const client = "." + std::to_string(client_.value()) + ".";
  std::vector<fs::path> stale;
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end; entry.increment(error)) {
    std::string const name = entry->path().filename().string();
    if (!name.starts_with("grant.")) continue;
    auto const second = name.find('.', 6);
    if (second != std::string::npos && name.compare(second, client.size(), client) == 0) stale.push_back(entry->path());
  }
  for (auto const& file : stale) ::unlink(file.c_str());
}

bool pair_granted(fs::path const& directory, ChannelName const& name) {
  std::error_code error;
  return fs::is_regular_file(fs::symlink_status(grant_file(directory, name), error));
}

}  // namespace bh::vchan
