// From what dom0 remembers of a pool to the pool itself: the one place that knows the drivers by name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dom0/core/model/pool_spec.h"
#include "hypervisor/volumes/pool/pool.h"

namespace bh::dom0 {

struct PoolDriver {
  std::string_view name;
  std::vector<std::string_view> options;  // besides `name`
  std::vector<std::string_view> needed;
};
[[nodiscard]] std::vector<PoolDriver> const& pool_drivers();

// What is wrong with driver or options, in words; nullopt: nothing.
[[nodiscard]] std::optional<std::string> objection_to_pool(PoolSpec const& spec);
// Makes a file pool's folder if its parent is there.
Result<std::shared_ptr<volumes::Pool>> open_pool(PoolSpec const& spec);

// "-1" to "1000", as callers and the store write it.
[[nodiscard]] std::optional<volumes::KeepRevisions> parse_keep(std::string_view text);
// "True", "False" and what else the sheet allows (admin-api.md 2).
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

}  // namespace bh::dom0
