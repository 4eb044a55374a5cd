// An ext4 on a blank file of our own making, so that a qube's first start need not format. The host writes it and never reads one back:
// whatever a guest has written to stays unread in dom0 (SECURITY.md R12, R33).
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace bh::volumes {

// ENOENT if this host has no mke2fs: the guest then formats the blank volume itself at its first start.
Result<void> make_ext4(std::filesystem::path const& blank_file, std::string const& label);

}  // namespace bh::volumes
