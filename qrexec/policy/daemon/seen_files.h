// SeenFiles: reads policy files and remembers what it saw, so that one can tell later whether a policy that was loaded through it is
// still what lies on the disk. What is being written at this moment is not read at all.
#pragma once

#include <sys/stat.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "qrexec/policy/policy_files.h"

namespace bh::policy {

class SeenFiles final : public PolicyFiles {
 public:
  [[nodiscard]] Result<std::vector<Entry>> list(std::string const& folder) const override;
  [[nodiscard]] Result<Kind> kind(std::string const& path) const override;
  // errno EBUSY: somebody has the file open for writing. GUARD (H02): the first half of a policy may allow what the second denies.
  [[nodiscard]] Result<std::string> read(std::string const& path, std::size_t cap) const override;

  // Nothing that was seen has changed since. False also where that cannot be known yet: a change within the clock's grain
  // of the last look leaves no trace.
  [[nodiscard]] bool unchanged() const;
  [[nodiscard]] bool met_a_writer() const { return met_a_writer_; }
  // The folders whose changes matter, links followed.
  [[nodiscard]] std::set<std::string> folders() const;

 private:
  // What the kernel says of a path: enough to notice any change but one of the same moment.
  struct Mark {
    bool there = false;
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    [[nodiscard]] bool same_as(Mark const& other) const;
  };
  static Mark mark_of(std::string const& path);
  void see(std::string const& path) const;

  DiskPolicyFiles disk_;
  mutable std::map<std::string, Mark> seen_;
  mutable timespec newest_{};      // youngest change among them
  mutable timespec first_look_{};  // when looking began
  mutable bool met_a_writer_ = false;
};

}  // namespace bh::policy
