// The helpers' command lines and the records of running qubes: pure texts, compared byte by byte.
#include <gtest/gtest.h>

#include <fstream>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "dom0/core/life/child_plan.h"
#include "dom0/core/life/guest_complaint.h"
#include "dom0/core/life/helper_log.h"
#include "dom0/core/life/run_record.h"
#include "dom0/core/life/stray_processes.h"

namespace bh::dom0 {
namespace {

struct PlanTest : ::testing::Test {
  PlanTest() { inventory.set_labels(default_labels()); }
  Inventory inventory;
  Qube qube{*DomainName::parse("work"), 2, *Uuid::parse("01234567-89ab-cdef-0123-456789abcdef"), QubeClass::app, *LabelName::parse("blue")};
  Paths paths = Paths::below("/r");
};

TEST_F(PlanTest, TheContractsCommandLines) {
  auto const plans = plan_children({qube, inventory, DomainId(5), true, true}, paths, "/bin");
  ASSERT_EQ(plans.size(), 3U);
  EXPECT_EQ(plans[0].argv, (std::vector<std::string>{"/bin/bulkhead-hub", "host", "--port-socket", "/r/run/qubes/work/mux.sock", "--domain", "5", "--vchan-dir",
                                                     "/r/run/vchan", "--guest-env", "/r/run/qubes/work/guest.env"}));
  EXPECT_EQ(plans[1].argv, (std::vector<std::string>{"/bin/qrexec-daemon", "--direct", "--uuid=01234567-89ab-cdef-0123-456789abcdef", "--socket-dir=/r/run/qrexec",
                                                     "--policy-program=/bin/qrexec-policy-exec", "5", "work", "user"}));
  EXPECT_EQ(plans[2].argv, (std::vector<std::string>{"/bin/bulkhead-gui-daemon", "--domain", "5", "--name", "work", "--label", "blue", "--color", "0x3465a4",
                                                     "--window-memory-fd", "10", "--hatched"}));
  EXPECT_TRUE(plans[2].wants_window_memory);
}

TEST_F(PlanTest, WithoutADisplayThereIsNoGuiDaemonAndUnderKvmNoHatching) {
  EXPECT_EQ(plan_children({qube, inventory, DomainId(5), true, false}, paths, "/bin").size(), 2U);
  EXPECT_EQ(plan_children({qube, inventory, DomainId(5), false, true}, paths, "/bin")[2].argv.back(), "10");
}

TEST_F(PlanTest, GuestEnvironmentIsTheContracts) {
  EXPECT_EQ(guest_environment({qube, inventory, DomainId(5), true, true}, 1700000000),
            "QUBE_NAME=work\nQUBE_TYPE=AppVM\nVCHAN_DOMAIN=5\nVCHAN_SOCKET_DIR=/run/bulkhead/vchan\nDEFAULT_USER=user\nKEYBOARD_LAYOUT=us++\n"
            "GUI_TRANSPORT=window-memory\nTIME=1700000000\nNETWORK_ADDRESS=10.137.0.2\nNETWORK_GATEWAY=10.137.0.0\nNETWORK_DNS=10.139.1.1,10.139.1.2\n");
}

TEST(RunRecord, RoundTrips) {
  ProcessRecords const records{{"qemu", {1234, 567890}}, {"hub", {99, 1}}};
  EXPECT_EQ(*parse_processes(format_processes(records)), records);
  RunState const state{DomainId(7), 1700000000, "tcg", true};
  EXPECT_EQ(*parse_state(format_state(state)), state);
}

TEST(RunRecord, DamageIsAnErrorNeverAWrongProcess) {
  for (char const* text : {"", "[]", "{", R"({"qemu":1})", R"({"qemu":{"pid":0,"start_time":1}})", R"({"qemu":{"pid":1,"start_time":1}})",
                           R"({"qemu":{"pid":-5,"start_time":1}})", R"({"qemu":{"pid":99999999999,"start_time":1}})", R"({"qemu":{"pid":"7","start_time":1}})"}) {
    EXPECT_FALSE(parse_processes(text)) << text;
  }
  for (char const* text : {"", "{}", R"({"format":2,"domain":1,"started":1,"accel":"tcg","up":true})", R"({"format":1,"domain":0,"started":1,"accel":"tcg","up":true})",
                           R"({"format":1,"domain":40000,"started":1,"accel":"tcg","up":true})", R"({"format":1,"domain":1,"started":1,"accel":"x","up":true})"}) {
    EXPECT_FALSE(parse_state(text)) << text;
  }
  EXPECT_FALSE(parse_processes(std::string(65537, ' ')));
}

TEST(StrayProcesses, AreKnownByUuidOrRunFolderAndByNothingLess) {
  std::string const uuid = "01234567-89ab-cdef-0123-456789abcdef";
  auto const belongs = [&](std::vector<std::string> const& argv) {
    std::string text;
    for (auto const& argument : argv) text += argument + std::string(1, '\0');
    return belongs_to_run(text, uuid, "/r/run/qubes/work");
  };
  EXPECT_TRUE(belongs({"qemu-system-x86_64", "-name", "guest=work", "-uuid", uuid, "-machine", "q35"}));
  EXPECT_TRUE(belongs({"/bin/qrexec-daemon", "--direct", "--uuid=" + uuid, "5", "work", "user"}));
  EXPECT_TRUE(belongs({"/bin/bulkhead-hub", "host", "--port-socket", "/r/run/qubes/work/mux.sock"}));
  EXPECT_FALSE(belongs({"/bin/bulkhead-hub", "host", "--port-socket", "/r/run/qubes/work2/mux.sock"}));
  EXPECT_FALSE(belongs({"less", "/r/run/qubes/work/mux.sock"}));
  EXPECT_FALSE(belongs({"qemu-system-x86_64", "-name", uuid}));
  EXPECT_FALSE(belongs({"grep", uuid}));
  EXPECT_FALSE(belongs_to_run("", uuid, "/r/run/qubes/work"));
  EXPECT_FALSE(belongs_to_run("-uuid", uuid, "/r/run/qubes/work"));
}

TEST(HelperLog, IsCutAtItsLimitWhileItsWriterGoesOn) {
  TempDir const folder = *TempDir::create("bh-log-");
  auto const log = folder.path() / "work-hub.log";
  keep_short(log, 10);
  EXPECT_FALSE(std::filesystem::exists(log));
  std::ofstream writer(log, std::ios::app);
  writer << "0123456789" << std::flush;
  keep_short(log, 10);
  EXPECT_EQ(*read_file(log, 100), "0123456789");
  writer << "AB" << std::flush;
  keep_short(log, 10);
  EXPECT_EQ(*read_file(log, 100), "");
  EXPECT_EQ(*read_file(log.string() + ".old", 100), "23456789AB");
  writer << "more" << std::flush;
  EXPECT_EQ(*read_file(log, 100), "more");
}

TEST(GuestComplaint, APanicIsQuotedLikewise) {
  auto const panic = [](std::string text) { return guest_panic(Untrusted<std::string>(std::move(text))); };
  EXPECT_EQ(panic("[ 9.1] Kernel panic - not syncing: sysrq triggered crash\r\n[ 9.2] CPU: 0\r\n"), "sysrq triggered crash");
  EXPECT_EQ(panic("Kernel panic - not syncing: \x1b[31m" + std::string(900, 'y') + "\n")->size(), 200U);
  EXPECT_EQ(panic("BULKHEAD-ERROR: x\n"), std::nullopt);
}

TEST(GuestComplaint, IsTheLastOneCappedAndFitToBeShown) {
  auto const complaint = [](std::string text) { return guest_complaint(Untrusted<std::string>(std::move(text))); };
  EXPECT_EQ(complaint("boot\r\nBULKHEAD-ERROR: a\r\n[1.2] BULKHEAD-ERROR: initrd: no root disk\r\nReboot: Power down\r\n"), "initrd: no root disk");
  EXPECT_EQ(complaint("BULKHEAD-ERROR: \x1b]0;evil\x07 x"), "_]0;evil_ x");
  EXPECT_EQ(complaint("BULKHEAD-ERROR: " + std::string(5000, 'x'))->size(), 200U);
  EXPECT_EQ(complaint("all is well"), std::nullopt);
  EXPECT_EQ(complaint("BULKHEAD-ERROR:   \r\nnext"), std::nullopt);
  EXPECT_EQ(complaint("BULKHEAD-ERROR:"), std::nullopt);
}

}  // namespace
}  // namespace bh::dom0
