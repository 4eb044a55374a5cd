#include "dom0/tray/qube_list.h"

#include <algorithm>
#include <tuple>

#include "base/number.h"

namespace bh::tray {
namespace {

int rank(QubeRow const& row) { return row.klass == "AdminVM" ? 0 : row.klass == "TemplateVM" ? 2 : 1; }

bool concerns(std::string_view event, std::string_view property) {
  return event == "property-set:" + std::string(property) || event == "property-reset:" + std::string(property);
}

// Empty: the event says nothing about the state.
std::string_view state_after(std::string_view event) {
  if (event == "domain-pre-start") return "Transient";
  if (event == "domain-start" || event == "domain-unpaused") return "Running";
  if (event == "domain-shutdown" || event == "domain-start-failed") return "Halted";
  if (event == "domain-paused") return "Paused";
  if (event == "domain-pre-shutdown") return "Halting";
  return {};
}

}  // namespace

Actions actions_for(QubeRow const& row) {
  if (row.klass == "AdminVM") return {};
  if (row.state == "Halted" || row.state == "Crashed" || row.state == "NA") return {.start = row.klass != "TemplateVM"};
  // A paused qube cannot shut itself down; one on its way somewhere can only be stopped hard.
  return {.start = false, .shutdown = row.state == "Running", .kill = true};
}

std::string state_text(QubeRow const& row) {
  if (row.state == "Transient") return "Starting\xE2\x80\xA6";
  if (row.state == "Halting" || row.state == "Dying") return "Shutting down\xE2\x80\xA6";
  if (row.state == "NA") return "Not available";
  return row.state;
}

void QubeList::replace(std::vector<admin::ListedQube> const& listed) {
  std::map<std::string, QubeRow, std::less<>> fresh;
  for (admin::ListedQube const& qube : listed) {
    auto const known = rows_.find(qube.name);
    QubeRow row = known == rows_.end() ? QubeRow{} : known->second;
    row.name = qube.name;
    row.klass = qube.klass;
    row.state = qube.state;
    fresh.emplace(qube.name, std::move(row));
  }
  rows_ = std::move(fresh);
}

void QubeList::set_state(std::string_view name, std::string_view state) {
  if (auto const row = rows_.find(name); row != rows_.end()) row->second.state = state;
}

void QubeList::set_label(std::string_view name, std::string_view label) {
  auto const row = rows_.find(name);
  if (row == rows_.end()) return;
  row->second.label = label;
  auto const colour = colours_.find(label);
  row->second.colour = colour == colours_.end() ? std::string() : colour->second;
}

void QubeList::set_label_colour(std::string_view label, std::string_view value) {
  if (value.size() != 8 || !value.starts_with("0x") || !parse_hex(value.substr(2))) return;
  std::string const colour = "#" + std::string(value.substr(2));
  colours_.insert_or_assign(std::string(label), colour);
  for (auto& [name, row] : rows_) {
    if (row.label == label) row.colour = colour;
  }
}

Followup QubeList::apply(admin::Event const& event) {
  if (event.name == "connection-established" || event.name == "domain-add") return Followup::list_all;
  if (event.name == "domain-delete") {
    if (auto const name = event.value("vm")) rows_.erase(std::string(*name));
    return Followup::none;
  }
  if (event.name.ends_with(":bulkhead.accel") || event.name.ends_with(":bulkhead.accel-reason"))
    return Followup::accelerator;
  if (event.subject.empty()) return Followup::none;
  // Of a qube that we never heard of: the list is older than the event.
  if (!rows_.contains(event.subject)) return Followup::list_all;
  if (concerns(event.name, "label")) return Followup::label_of_subject;
  if (event.name == "domain-shutdown-failed") return Followup::state_of_subject;
  if (std::string_view const state = state_after(event.name); !state.empty()) set_state(event.subject, state);
  return Followup::none;
}

std::vector<QubeRow> QubeList::rows() const {
  std::vector<QubeRow> sorted;
  sorted.reserve(rows_.size());
  for (auto const& [name, row] : rows_) sorted.push_back(row);
  std::stable_sort(sorted.begin(), sorted.end(), [](QubeRow const& a, QubeRow const& b) {
    return std::tuple(rank(a), a.name) < std::tuple(rank(b), b.name);
  });
  return sorted;
}

}  // namespace bh::tray
