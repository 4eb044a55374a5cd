// Walking what a user wants to copy: depth first, links never followed, every object opened relative to its folder, so that a tree
// that changes meanwhile gives wrong files at worst, never files from elsewhere.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::qfile {

// Names are relative to the folder of the argument: its last component, then what is below it.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;
  // Before and after what is in it.
  virtual Result<void> directory(std::string const& name, struct stat const& facts) = 0;
  virtual Result<void> file(std::string const& name, struct stat const& facts, UniqueFd const& contents) = 0;
  virtual Result<void> link(std::string const& name, struct stat const& facts, std::string const& target) = 0;
  // A device, pipe or socket: has no contents to send.
  virtual Result<void> other(std::string const& name) = 0;
};

// Stops at the visitor's or the kernel's first error. Trailing slashes of `path` are dropped; "", ".", ".." and "/" are refused.
Result<void> walk(std::string const& path, TreeVisitor& visitor);

}  // namespace bh::qfile
