// Which vchan servers there are in a folder: a scan, then inotify, without a gap between the two.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <vector>

#include "base/posix_io.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::vchan {

class DirectoryWatch {
 public:
  struct Change {
    ChannelName name;
    bool appeared;  // else gone; a server replaced by another of its name gives gone, then appeared
  };
  // The watch stands when this returns; scan() then finds what was there before.
  static Result<DirectoryWatch> open(std::filesystem::path const& directory);

  // Readable when something changed.
  [[nodiscard]] UniqueFd const& pollable() const { return inotify_; }
  // Never waits. An error means the folder itself is gone.
  Result<std::vector<Change>> read();
  // The folder as it is, against what was reported so far.
  Result<std::vector<Change>> scan();
  // Makes the next scan report everything again.
  void forget() { known_.clear(); }

 private:
  DirectoryWatch(std::filesystem::path directory, UniqueFd inotify) : directory_(std::move(directory)), inotify_(std::move(inotify)) {}
  void look_at(std::string_view file, std::vector<Change>& changes);

  std::filesystem::path directory_;
  UniqueFd inotify_;
  std::map<ChannelName, ino_t> known_;
};

}  // namespace bh::vchan
