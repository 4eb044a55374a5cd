// How events change what the tray shows.
#include <gtest/gtest.h>

#include "dom0/tray/qube_list.h"

namespace bh::tray {
namespace {

QubeList three() {
  QubeList list;
  list.replace(
      admin::parse_vm_list("debian-12 class=TemplateVM state=Halted uuid=t\ndom0 class=AdminVM state=Running uuid=0\n"
                           "work class=AppVM state=Halted uuid=w\nbank class=AppVM state=Running uuid=b\n"));
  return list;
}
QubeRow row(QubeList const& list, std::string const& name) {
  for (QubeRow const& each : list.rows()) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "no row " << name;
  return {};
}
admin::Event event(std::string subject, std::string name) { return {std::move(subject), std::move(name), {}}; }

TEST(QubeList, Dom0ThenQubesThenTemplates) {
  std::vector<std::string> names;
  for (QubeRow const& each : three().rows()) names.push_back(each.name);
  EXPECT_EQ(names, (std::vector<std::string>{"dom0", "bank", "work", "debian-12"}));
}
TEST(QubeList, StateFollowsTheLifeCycle) {
  QubeList list = three();
  for (auto const& [name, state] :
       std::vector<std::pair<std::string, std::string>>{{"domain-pre-start", "Transient"},
                                                        {"domain-start", "Running"},
                                                        {"domain-paused", "Paused"},
                                                        {"domain-unpaused", "Running"},
                                                        {"domain-pre-shutdown", "Halting"},
                                                        {"domain-shutdown", "Halted"},
                                                        {"domain-start-failed", "Halted"}}) {
    EXPECT_EQ(list.apply(event("work", name)), Followup::none) << name;
    EXPECT_EQ(row(list, "work").state, state) << name;
  }
  EXPECT_EQ(row(list, "bank").state, "Running");
}
TEST(QubeList, AsksWhereAnEventDoesNotTellAll) {
  QubeList list = three();
  EXPECT_EQ(list.apply(event("", "connection-established")), Followup::list_all);
  EXPECT_EQ(list.apply(event("", "domain-add")), Followup::list_all);
  EXPECT_EQ(list.apply(event("stranger", "domain-start")), Followup::list_all);
  EXPECT_EQ(list.apply(event("work", "domain-shutdown-failed")), Followup::state_of_subject);
  EXPECT_EQ(list.apply(event("work", "property-set:label")), Followup::label_of_subject);
  EXPECT_EQ(list.apply(event("work", "property-set:memory")), Followup::none);
  EXPECT_EQ(list.apply(event("dom0", "domain-feature-set:bulkhead.accel")), Followup::accelerator);
}
TEST(QubeList, DeletedQubeGoes) {
  QubeList list = three();
  EXPECT_EQ(list.apply({"", "domain-delete", {{"vm", "work"}}}), Followup::none);
  EXPECT_EQ(list.rows().size(), 3U);
  EXPECT_EQ(list.apply({"", "domain-delete", {}}), Followup::none);
  EXPECT_EQ(list.rows().size(), 3U);
}
TEST(QubeList, ColourComesWithTheLabelInAnyOrder) {
  QubeList list = three();
  list.set_label("work", "blue");
  EXPECT_EQ(row(list, "work").colour, "");
  EXPECT_FALSE(list.knows_colour("blue"));
  list.set_label_colour("blue", "0x3465a4");
  EXPECT_EQ(row(list, "work").colour, "#3465a4");
  list.set_label("bank", "blue");
  EXPECT_EQ(row(list, "bank").colour, "#3465a4");
  for (char const* bad : {"", "3465a4", "0x3465a", "0x3465a4f", "0xgggggg", "blue"}) list.set_label_colour("red", bad);
  EXPECT_FALSE(list.knows_colour("red"));
}
TEST(QubeList, NewListKeepsLabels) {
  QubeList list = three();
  list.set_label_colour("blue", "0x3465a4");
  list.set_label("work", "blue");
  list.replace(admin::parse_vm_list("work class=AppVM state=Running uuid=w\n"));
  EXPECT_EQ(list.rows(), (std::vector<QubeRow>{{"work", "AppVM", "Running", "blue", "#3465a4"}}));
}
TEST(QubeList, ActionsFitTheState) {
  EXPECT_EQ(actions_for({"dom0", "AdminVM", "Running", "", ""}), Actions{});
  EXPECT_EQ(actions_for({"t", "TemplateVM", "Halted", "", ""}), Actions{});
  EXPECT_EQ(actions_for({"w", "AppVM", "Halted", "", ""}), (Actions{.start = true}));
  EXPECT_EQ(actions_for({"w", "AppVM", "Running", "", ""}), (Actions{.shutdown = true, .kill = true}));
  EXPECT_EQ(actions_for({"w", "AppVM", "Transient", "", ""}), (Actions{.kill = true}));
  EXPECT_EQ(actions_for({"w", "AppVM", "Paused", "", ""}), (Actions{.kill = true}));
}

}  // namespace
}  // namespace bh::tray
