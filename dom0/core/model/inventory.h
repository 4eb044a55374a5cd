// Inventory: all qubes, labels and system-wide settings as one value in memory. Pure: it neither stores nor tells anybody.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dom0/core/model/pool_spec.h"
#include "dom0/core/model/qube.h"

namespace bh::dom0 {

class Inventory {
 public:
  using Qubes = std::map<std::string, Qube, std::less<>>;

  [[nodiscard]] Qubes const& qubes() const { return qubes_; }
  [[nodiscard]] Qube const* find(std::string_view name) const;
  [[nodiscard]] Qube const* find_uuid(std::string_view uuid) const;
  // Precondition: dom0 is in the inventory.
  [[nodiscard]] Qube const& dom0() const;
  void put(Qube qube);
  void remove(std::string_view name);

  [[nodiscard]] std::map<std::string, std::string, std::less<>> const& settings() const { return settings_; }
  void set_setting(std::string const& name, std::string value) { settings_[name] = std::move(value); }
  void reset_setting(std::string_view name);

  // Pools that were added, and the default one if anything of it was set.
  [[nodiscard]] std::map<std::string, PoolSpec, std::less<>> const& pools() const { return pools_; }
  void set_pool(PoolSpec pool);
  void remove_pool(std::string_view name);

  // By index.
  [[nodiscard]] std::vector<Label> const& labels() const { return labels_; }
  [[nodiscard]] Label const* find_label(std::string_view name) const;
  void set_labels(std::vector<Label> labels) { labels_ = std::move(labels); }

  [[nodiscard]] int next_free_qid() const;
  // What still needs the qube, in words ("work (template)", "system (default_dispvm)"); empty: nothing.
  [[nodiscard]] std::vector<std::string> users_of(std::string_view name) const;

 private:
  Qubes qubes_;
  std::map<std::string, std::string, std::less<>> settings_;
  std::map<std::string, PoolSpec, std::less<>> pools_;
  std::vector<Label> labels_;
};

// The eight labels every system has (admin-api.md 3.1).
[[nodiscard]] std::vector<Label> default_labels();

}  // namespace bh::dom0
