// What clones of one snapshot must not have in common, and that no clone is anybody's before its generator was reseeded.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <set>

#include "base/number.h"
#include "base/temp_dir.h"
#include "hypervisor/machine/wait_for_event.h"
#include "hypervisor/qemu/snapshot_store.h"
#include "tests/e2e/hypervisor/personal/warm_machine.h"
#include "tests/integration/hypervisor/qemu/guest.h"

namespace bh::test {
namespace {

namespace fs = std::filesystem;
using namespace machine;
using qemu::SnapshotStore;

constexpr std::uint64_t kPrivateSize = 64U << 20;
constexpr std::uint64_t kLongAgo = 1'600'000'000;  // the snapshot's clock: 2020
constexpr std::size_t kAtOnce = 3;

std::size_t number_of(char const* variable, std::size_t otherwise) {
  char const* const text = std::getenv(variable);
  auto const value = text == nullptr ? std::nullopt : parse_decimal(text, 10000);
  return value ? *value : otherwise;
}

Deadline soon() { return Clock::now() + std::chrono::seconds(120); }

// NAME=VALUE lines.
std::map<std::string, std::string> values(std::string const& text) {
  std::map<std::string, std::string> found;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    std::string const line = text.substr(at, end - at);
    at = end + 1;
    if (auto const equals = line.find('='); equals != std::string::npos) found[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return found;
}

constexpr char const* kProbe = R"sh(
hex() { od -An -v -tx1 | tr -d ' \n'; }
echo urandom=$(head -c 32 /dev/urandom | hex)
echo random=$(head -c 32 /dev/random | hex)
echo uuid=$(cat /proc/sys/kernel/random/uuid)
echo boot_id=$(cat /proc/sys/kernel/random/boot_id)
echo machine_id=$(cat /etc/machine-id)
echo dbus_machine_id=$(cat /var/lib/dbus/machine-id)
echo system_bus=$(dbus-send --system --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId)
echo session_bus=$(setpriv --reuid=user --regid=user --init-groups dbus-send --bus=unix:path=/run/user/1000/bus --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId)
echo layout=$(head -n 1 /proc/self/maps | cut -d- -f1)
echo temporary=$(mktemp -u)
echo name=$(hostname)
echo time=$(date +%s)
echo home=$(stat -c %U /home/user)
echo private=$(findmnt -no SOURCE /home)
umount /proc/sys/kernel/random/boot_id
echo kernels_boot_id=$(cat /proc/sys/kernel/random/boot_id)
)sh";
constexpr char const* kMustDiffer[] = {"urandom", "random", "uuid", "boot_id", "machine_id", "system_bus", "session_bus", "layout", "temporary"};

class Clones : public testing::Test {
 protected:
  void SetUp() override {
    auto const image = qemu::test::find_template();
    if (!image) GTEST_SKIP() << qemu::test::kNoTemplate;
    temp_.emplace(*TempDir::create("bh-clones"));
    spec_ = qemu::test::spec_in(*temp_, *image);
    spec_.name = "snapshot";
    spec_.memory = Mebibytes(400);
    spec_.vcpus = VcpuCount(2);
    spec_.cmdline = image->cmdline;
    spec_.root_image = image->root;
    spec_.window_memory = mebibytes(32);
    spec_.private_volume = make_volume("placeholder");
    store_.emplace(*SnapshotStore::open(temp_->path() / "snapshots"));
    auto key = qemu::snapshot_key(spec_, {.template_hash = image->hash, .tag = "e2e"});
    ASSERT_TRUE(key.ok()) << key.error().message;
    key_ = *std::move(key);
  }
  fs::path make_volume(std::string const& name) {
    fs::path const path = temp_->path() / (name + ".img");
    auto const file = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
    EXPECT_TRUE(file.ok() && ::ftruncate(file->borrow(), kPrivateSize) == 0);
    return path;
  }
  void prepare(std::string const& facts) {
    WarmMachine machine(temp_->path() / "prepare", DomainId(3));
    ASSERT_NO_FATAL_FAILURE(machine.start(vmm_, spec_, "WARM=prepare\nTIME=" + std::to_string(kLongAgo) + "\n" + facts));
    ASSERT_NO_FATAL_FAILURE(machine.start_hub());
    ASSERT_TRUE(machine.wait_for_server(511, Clock::now() + std::chrono::seconds(300))) << machine.console();
    EXPECT_FALSE(machine.serves(512)) << "no call may reach a machine that is nobody's";
    ::sleep(static_cast<unsigned>(number_of("BH_SNAPSHOT_AGE", 0)));
    auto const target = store_->begin(key_);
    ASSERT_TRUE(target.ok()) << target.error().message;
    ASSERT_TRUE(machine.machine().save(*target).ok());
    auto const saved = wait_for_event<MachineSaved>(machine.machine(), soon());
    ASSERT_TRUE(saved.ok()) << saved.error().message;
    machine.kill();
    auto const committed = store_->commit(key_, "e2e");
    ASSERT_TRUE(committed.ok()) << committed.error().message;
  }
  std::unique_ptr<WarmMachine> begin_clone(std::size_t number, std::string const& facts = "") {
    std::string const name = "clone" + std::to_string(number);
    auto clone = std::make_unique<WarmMachine>(temp_->path() / name, DomainId(static_cast<std::uint16_t>(100 + number)));
    MachineSpec spec = spec_;
    spec.name = name;
    spec.private_volume = make_volume(name);
    auto files = store_->find(key_);
    EXPECT_TRUE(files.ok()) << files.error().message;
    if (!files) return clone;
    spec.restore_from = *std::move(files);
    clone->start(vmm_, spec, "QUBE_NAME=" + name + "\nPRIVATE_BYTES=" + std::to_string(kPrivateSize) + "\n" + facts);
    return clone;
  }
  static void await_restored(WarmMachine& clone) {
    auto const restored = wait_for_event<MachineRestored>(clone.machine(), soon());
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    ASSERT_TRUE(clone.machine().resize_volume(Volume::private_volume, ByteCount(kPrivateSize)).ok());
  }

  std::optional<TempDir> temp_;
  MachineSpec spec_;
  std::optional<SnapshotStore> store_;
  qemu::SnapshotKey key_;
  qemu::QemuVmm vmm_{qemu::test::built_jail()};
};

TEST_F(Clones, HaveNothingRandomInCommonAndWereReseededFirst) {
  ASSERT_NO_FATAL_FAILURE(prepare(""));
  std::size_t const count = number_of("BH_CLONES", 50);
  std::map<std::string, std::map<std::string, std::size_t>> seen;  // what, value, which clone
  std::size_t reseeded_first = 0;
  for (std::size_t begun = 0; begun < count;) {
    std::vector<std::unique_ptr<WarmMachine>> batch;
    std::size_t const first = begun;
    for (; begun < count && batch.size() < kAtOnce; ++begun) batch.push_back(begin_clone(begun));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::size_t const number = first + i;
      SCOPED_TRACE("clone " + std::to_string(number));
      WarmMachine& clone = *batch[i];
      ASSERT_NO_FATAL_FAILURE(await_restored(clone));
      ASSERT_NO_FATAL_FAILURE(clone.start_hub());
      ASSERT_TRUE(clone.wait_for_server(511, soon())) << clone.console();
      EXPECT_FALSE(clone.serves(512)) << "a call could come before the orders";
      auto orders = clone.personalise();
      bool const reseeded = orders.line(soon()) == "reseeded";
      reseeded_first += reseeded ? 1 : 0;
      ASSERT_TRUE(reseeded) << clone.console();
      ASSERT_EQ(orders.line(soon()), "personalised") << clone.console();
      ASSERT_NO_FATAL_FAILURE(clone.start_qrexec());
      auto const told = values(clone.call(kProbe, "root"));
      for (char const* what : kMustDiffer) {
        ASSERT_TRUE(told.contains(what) && told.at(what).size() >= 8) << what << " is '" << (told.contains(what) ? told.at(what) : "") << "'";
        auto const [other, fresh] = seen[what].emplace(told.at(what), number);
        EXPECT_TRUE(fresh) << what << " is that of clone " << other->second << ": " << told.at(what);
      }
      seen["kernels_boot_id"].emplace(told.at("kernels_boot_id"), number);
      EXPECT_EQ(told.at("name"), "clone" + std::to_string(number));
      EXPECT_EQ(told.at("dbus_machine_id"), told.at("machine_id"));
      EXPECT_EQ(told.at("home"), "user");
      EXPECT_NE(told.at("private").find("[/home]"), std::string::npos) << told.at("private");
      auto const clock = parse_decimal(told.at("time"));
      ASSERT_TRUE(clock);
      EXPECT_NEAR(static_cast<double>(*clock), static_cast<double>(::time(nullptr)), 120) << "the snapshot's clock stood at 2020";
      EXPECT_FALSE(clone.serves(511)) << "orders are taken once";
    }
  }
  EXPECT_EQ(reseeded_first, count);
  // The control: these are clones indeed, and what the kernel drew before the snapshot is what all have in common.
  EXPECT_EQ(seen["kernels_boot_id"].size(), 1U);
}

TEST_F(Clones, BringTheirProgramsAndAnIdentityThatDom0Chose) {
  ASSERT_NO_FATAL_FAILURE(prepare("WARM_PROGRAMS=foot\n"));
  std::string const id = "0123456789abcdef0123456789abcdef";
  auto const clone = begin_clone(0, "MACHINE_ID=" + id + "\n");
  ASSERT_NO_FATAL_FAILURE(await_restored(*clone));
  ASSERT_NO_FATAL_FAILURE(clone->start_hub());
  auto orders = clone->personalise();
  ASSERT_EQ(orders.line(soon()), "reseeded") << clone->console();
  ASSERT_EQ(orders.line(soon()), "personalised") << clone->console();
  ASSERT_NO_FATAL_FAILURE(clone->start_qrexec());
  auto const told = values(clone->call(R"sh(
echo machine_id=$(cat /etc/machine-id)
for process in $(pgrep -x foot); do echo foot=$(readlink /proc/$process/cwd); done
tries=0
until [ -n "$(pgrep -x -P "$(pgrep -x foot)" bash)" ] || [ $tries -ge 300 ]; do tries=$((tries + 1)); sleep 0.1; done
shell=$(pgrep -x -P "$(pgrep -x foot)" bash)
echo shell=$(readlink /proc/$shell/cwd)
echo qube=$(tr '\0' '\n' < /proc/$shell/environ | sed -n 's/^QUBE_NAME=//p')
)sh", "root"));
  EXPECT_EQ(told.at("machine_id"), id);
  EXPECT_EQ(told.at("foot"), "/");
  EXPECT_EQ(told.at("shell"), "/home/user");
  EXPECT_EQ(told.at("qube"), "clone0");
  EXPECT_TRUE(clone->serves(6000)) << "windows can be shown";
}

TEST_F(Clones, ThatCannotFollowTheirOrdersSayWhyAndServeNothing) {
  ASSERT_NO_FATAL_FAILURE(prepare(""));
  auto const clone = begin_clone(0, "VOLATILE_BYTES=1\nMACHINE_ID=short\n");
  ASSERT_NO_FATAL_FAILURE(await_restored(*clone));
  ASSERT_NO_FATAL_FAILURE(clone->start_hub());
  auto orders = clone->personalise();
  ASSERT_EQ(orders.line(soon()), "reseeded") << clone->console();
  EXPECT_EQ(orders.line(soon()), "failed the clone says: MACHINE_ID is not 32 lower hex digits");
  auto const ended = orders.child.wait(soon());
  ASSERT_TRUE(ended.ok() && *ended);
  EXPECT_EQ((*ended)->code, 1);
  EXPECT_FALSE(clone->serves(512));
}

}  // namespace
}  // namespace bh::test
