// FolderWatch: tells when files appear in a folder. The folder is watched only while somebody wants to know, so that a quiet daemon
// is not woken by every call's sockets.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"

namespace bh::dom0 {

class FolderWatch {
 public:
  FolderWatch(asio::io_context& io, std::filesystem::path folder) : io_(io), folder_(std::move(folder)) {}
  using Subscription = std::shared_ptr<void>;
  // `changed` is called after files came or went, as long as the subscription is held. What was there before is for the subscriber to
  // look at, after this returned: then nothing falls in between.
  Result<Subscription> subscribe(std::function<void()> changed);

 private:
  Result<void> open();
  void listen();
  void tell();
  asio::io_context& io_;
  std::filesystem::path folder_;
  std::shared_ptr<asio::posix::stream_descriptor> inotify_;
  std::vector<std::weak_ptr<std::function<void()>>> subscribers_;
};

}  // namespace bh::dom0
