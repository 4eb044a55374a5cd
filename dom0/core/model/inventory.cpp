#include "dom0/core/model/inventory.h"

#include <algorithm>
#include <set>

#include "base/assert.h"
#include "dom0/core/model/property.h"

namespace bh::dom0 {

Qube const* Inventory::find(std::string_view name) const {
  auto const found = qubes_.find(name);
  return found == qubes_.end() ? nullptr : &found->second;
}

Qube const* Inventory::find_uuid(std::string_view uuid) const {
  for (auto const& [name, qube] : qubes_) {
    if (qube.uuid.text() == uuid) return &qube;
  }
  return nullptr;
}

Qube const& Inventory::dom0() const {
  Qube const* const qube = find("dom0");
  BH_ASSERT(qube != nullptr);
  return *qube;
}

void Inventory::put(Qube qube) {
  std::string name = qube.name.text();
  qubes_.insert_or_assign(std::move(name), std::move(qube));
}

void Inventory::remove(std::string_view name) {
  if (auto const found = qubes_.find(name); found != qubes_.end()) qubes_.erase(found);
}

void Inventory::reset_setting(std::string_view name) {
  if (auto const found = settings_.find(name); found != settings_.end()) settings_.erase(found);
}

void Inventory::set_pool(PoolSpec pool) {
  std::string name = pool.name.text();
  pools_.insert_or_assign(std::move(name), std::move(pool));
}

void Inventory::remove_pool(std::string_view name) {
  if (auto const found = pools_.find(name); found != pools_.end()) pools_.erase(found);
}

Label const* Inventory::find_label(std::string_view name) const {
  auto const found = std::find_if(labels_.begin(), labels_.end(), [name](Label const& label) { return label.name.text() == name; });
  return found == labels_.end() ? nullptr : &*found;
}

int Inventory::next_free_qid() const {
  std::set<int> taken;
  for (auto const& [name, qube] : qubes_) taken.insert(qube.qid);
  int qid = 1;
  while (taken.contains(qid)) ++qid;
  return qid;
}

std::vector<std::string> Inventory::users_of(std::string_view name) const {
  std::vector<std::string> users;
  for (auto const& [other, qube] : qubes_) {
    if (other == name) continue;
    for (auto const& spec : qube_properties()) {
      if (spec.type != PropertyType::vm || !spec.applies_to(qube.klass)) continue;
      // A default template counts too: without it the qube could not start any more.
      bool const explicit_use = qube.properties.contains(std::string(spec.name));
      if (!explicit_use && spec.name != "template") continue;
      if (evaluate(*this, qube, spec).value == name) users.push_back(other + " (" + std::string(spec.name) + ")");
    }
  }
  for (auto const& [setting, value] : settings_) {
    auto const* const spec = find_setting(setting);
    if (spec != nullptr && spec->type == PropertyType::vm && value == name) users.push_back("the system (" + setting + ")");
  }
  return users;
}

std::vector<Label> default_labels() {
  struct Row { char const* name; char const* color; };
  constexpr Row kRows[] = {{"red", "0xcc0000"},  {"orange", "0xf57900"}, {"yellow", "0xedd400"}, {"green", "0x73d216"},
                           {"gray", "0x555555"}, {"blue", "0x3465a4"},   {"purple", "0x75507b"}, {"black", "0x000000"}};
  std::vector<Label> labels;
  for (auto const& row : kRows) labels.push_back({*LabelName::parse(row.name), static_cast<int>(labels.size()) + 1, row.color});
  return labels;
}

}  // namespace bh::dom0
