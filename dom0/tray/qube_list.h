// QubeList: what the tray knows of the qubes, and how events of the Admin API change it. Pure: no Qt, no sockets.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dom0/client/event.h"
#include "dom0/client/listing.h"

namespace bh::tray {

struct QubeRow {
  std::string name;
  std::string klass;
  std::string state;   // as the Admin API names it: Halted Transient Running Paused Suspended Halting Dying Crashed NA
  std::string label;   // empty: not known yet
  std::string colour;  // "#rrggbb"; empty: not known yet
  friend bool operator==(QubeRow const&, QubeRow const&) = default;
};

// What a person may do with a qube in its state.
struct Actions {
  bool start = false;
  bool shutdown = false;
  bool kill = false;
  friend bool operator==(Actions const&, Actions const&) = default;
};
[[nodiscard]] Actions actions_for(QubeRow const& row);
// "Running", "Starting...": the state in words for a person.
[[nodiscard]] std::string state_text(QubeRow const& row);

// What is to be asked of the daemon after an event.
enum class Followup { none, list_all, state_of_subject, label_of_subject, accelerator };

class QubeList {
 public:
  // The answer of admin.vm.List. Labels of qubes that are known already stay.
  void replace(std::vector<admin::ListedQube> const& listed);
  void set_state(std::string_view name, std::string_view state);
  void set_label(std::string_view name, std::string_view label);
  // `value` as admin.label.Get answers, 0xRRGGBB; anything else is ignored.
  void set_label_colour(std::string_view label, std::string_view value);
  Followup apply(admin::Event const& event);

  // dom0 first, then qubes, then templates, each by name: rows keep their place when a state changes.
  [[nodiscard]] std::vector<QubeRow> rows() const;
  [[nodiscard]] bool knows_colour(std::string_view label) const { return colours_.contains(label); }

 private:
  std::map<std::string, QubeRow, std::less<>> rows_;
  std::map<std::string, std::string, std::less<>> colours_;
};

}  // namespace bh::tray
