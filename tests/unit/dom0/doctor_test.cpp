// doctor without a daemon: what it prints, when it is content, and what it makes of display servers.
#include <gtest/gtest.h>

#include <cstdlib>

#include "dom0/cli/command_line.h"
#include "dom0/cli/display_probe/display_answer.h"
#include "dom0/cli/doctor_checks.h"
#include "dom0/cli/doctor_report.h"
#include "tests/unit/hypervisor/host/host_fixture.h"

namespace bh::cli {
namespace {

using host::Finding;
using host::Findings;
using host::Group;
using host::Level;

Findings some() {
  return {{"smt", Group::isolation, Level::ok, "off", ""},
          {"ksm", Group::isolation, Level::weaker, "merges\x1b[2Jpages", "stop it"},
          {"pool", Group::storage, Level::ok, "9 MiB", "never shown"},
          {"qemu", Group::machines, Level::broken, "gone", "apt install"}};
}

TEST(DoctorReport, WhatIsInOrderIsOneLineAndTheRestSaysWhatToDo) {
  EXPECT_EQ(report_text(some(), {}),
            "isolation\n"
            "  ok       smt\n"
            "  weaker   ksm                  merges_[2Jpages\n"
            "                                -> stop it\n"
            "machines\n"
            "  broken   qemu                 gone\n"
            "                                -> apt install\n"
            "storage\n"
            "  ok       pool\n"
            "1 broken, 1 weaker, 2 ok\n");
}

TEST(DoctorReport, EveryDetailAndColorsOnRequest) {
  std::string const all = report_text(some(), {.every_detail = true, .colors = true});
  EXPECT_NE(all.find("9 MiB"), std::string::npos);
  EXPECT_EQ(all.find("never shown"), std::string::npos);
  EXPECT_NE(all.find("\x1b[31mbroken"), std::string::npos);
  EXPECT_EQ(all.find("\x1b[2J"), std::string::npos);
}

TEST(DoctorReport, BrokenAndUnknownAreNotFitWeakerIs) {
  auto const with = [](Level level) { return Findings{{"a", Group::isolation, Level::ok, "x", ""}, {"b", Group::isolation, level, "x", ""}}; };
  EXPECT_TRUE(fit(with(Level::ok)));
  EXPECT_TRUE(fit(with(Level::weaker)));
  EXPECT_FALSE(fit(with(Level::unknown)));
  EXPECT_FALSE(fit(with(Level::broken)));
}

int status(std::vector<std::string> arguments) {
  Session session{Paths::below("/nonexistent-bulkhead-root"), "/nonexistent", admin::Client("/nonexistent-bulkhead-root/qubesd.sock")};
  return run_command_line("bulkhead", std::move(arguments), std::move(session));
}

TEST(Doctor, JudgesAnotherHostByItsFiles) {
  host::HostFixture host = host::HostFixture::intel();
  std::string const files = host.root().string();
  EXPECT_EQ(status({"doctor", "--host-files", files}), kOk);
  EXPECT_EQ(status({"doctor", "--json", "--host-files", files}), kOk);
  host.file("sys/kernel/mm/ksm/run", "1\n");
  EXPECT_EQ(status({"doctor", "--all", "--host-files", files}), kOk);
  host.vulnerability("mds", "Vulnerable");
  EXPECT_EQ(status({"doctor", "--host-files", files}), kFailed);
  host.vulnerability("mds", "Mitigation: hope");
  EXPECT_EQ(status({"doctor", "--host-files", files}), kFailed);
  EXPECT_EQ(status({"doctor", "--host-files", files + "/absent"}), kUsage);
}

TEST(DoctorJail, OnlyAnIdOfItsOwnIsOk) {
  auto const level = [](jail::Level with) { return jail_check(jail::JailPlan{with, std::nullopt, "because"}).level; };
  EXPECT_EQ(level(jail::Level::own_uid), Level::ok);
  EXPECT_EQ(level(jail::Level::subordinate), Level::weaker);
  EXPECT_EQ(level(jail::Level::same_uid), Level::weaker);
  EXPECT_EQ(level(jail::Level::none), Level::broken);
  EXPECT_EQ(jail_check(Failure{Error{"no namespaces", 1}}).level, Level::broken);
  EXPECT_NE(jail_check(jail::JailPlan{jail::Level::same_uid, std::nullopt, "because"}).what.find("(because)"), std::string::npos);
}

// ---- displays ----

Level level_of(Findings const& findings, std::string_view id) {
  for (auto const& finding : findings) {
    if (finding.id == id) return finding.level;
  }
  ADD_FAILURE() << "no finding " << id;
  return Level::ok;
}

TEST(DisplayAnswerText, ReadsBackWhatItWrites) {
  DisplayAnswer const both{X11Answer{"1.2", true}, WaylandAnswer{true, true, true, true, false}};
  auto const back = parse_display_answer(format_display_answer(both));
  ASSERT_TRUE(back && back->x11 && back->wayland);
  EXPECT_EQ(back->x11->shm_version, "1.2");
  EXPECT_TRUE(back->x11->shared_fd && back->wayland->shm && back->wayland->argb && back->wayland->xrgb && back->wayland->xdg_shell);
  EXPECT_FALSE(back->wayland->security_context);
  auto const none = parse_display_answer("");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->x11 || none->wayland);
}

TEST(DisplayAnswerText, AnythingElseIsNoAnswer) {
  for (char const* text : {"x", "x11-shm=1.2", "x11-shm-fd=yes\n", "x11-shm=1.2\nx11-shm-fd=maybe\n", "x11-shm=\x1b[2J\n", "wayland-argb8888=yes\n", "frob=yes\n", "\n", "x11-shm=1.2\n\n"}) {
    EXPECT_FALSE(parse_display_answer(text)) << text;
  }
  EXPECT_FALSE(parse_display_answer("x11-shm=1.2\n" + std::string(2000, 'x')));
}

TEST(Displays, Judged) {
  DisplayNames const x11{":0", ""};
  DisplayNames const wayland{"", "wayland-0"};
  EXPECT_EQ(level_of(judge_displays({}, DisplayAnswer{}), "display"), Level::weaker);
  EXPECT_EQ(level_of(judge_displays(x11, Failure{Error{"no answer within 5 s", 0}}), "display"), Level::unknown);
  EXPECT_EQ(level_of(judge_displays(x11, DisplayAnswer{}), "x11"), Level::broken);
  EXPECT_EQ(level_of(judge_displays(x11, DisplayAnswer{X11Answer{"", false}, {}}), "x11"), Level::weaker);
  EXPECT_EQ(level_of(judge_displays(x11, DisplayAnswer{X11Answer{"1.2", false}, {}}), "x11"), Level::weaker);
  EXPECT_EQ(level_of(judge_displays(x11, DisplayAnswer{X11Answer{"1.2", true}, {}}), "x11"), Level::ok);
  EXPECT_EQ(level_of(judge_displays(wayland, DisplayAnswer{}), "wayland"), Level::broken);
  EXPECT_EQ(level_of(judge_displays(wayland, DisplayAnswer{{}, WaylandAnswer{true, true, true, true, false}}), "wayland"), Level::ok);
  EXPECT_EQ(level_of(judge_displays(wayland, DisplayAnswer{{}, WaylandAnswer{true, true, false, true, true}}), "wayland"), Level::broken);
  EXPECT_EQ(judge_displays({":0", "wayland-0"}, DisplayAnswer{}).size(), 2U);
}

}  // namespace
}  // namespace bh::cli
