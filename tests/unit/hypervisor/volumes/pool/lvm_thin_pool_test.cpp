// The driver `lvm_thin` on a stand-in for LVM that keeps volumes as numbers, and that can be cut off after any command. With LVM itself: only
// where device-mapper is (LvmThinReal).
#include "hypervisor/volumes/pool/lvm_thin_pool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

namespace bh::volumes {
namespace {

// What lvm(8) would do with these command lines; a volume's content is a number.
class FakeLvm {
 public:
  struct Volume {
    std::uint64_t size;
    int content;
  };
  std::map<std::string, Volume> volumes;
  int commands_left = -1;  // so many changes more; -1: any number
  int changes = 0;

  Result<std::string> run(lvm::Words const& words) {
    std::string const& command = words[1];
    if (command == "lvs") return print();
    ++changes;
    if (commands_left == 0) return Failure{Error{"the power is gone", EIO}};
    if (commands_left > 0) --commands_left;
    auto const last = words.back().substr(words.back().find('/') + 1);
    if (command == "lvrename") return rename(words[words.size() - 2], words.back());
    if (command == "lvremove") return volumes.erase(last) == 1 ? Result<std::string>("") : no(last);
    if (command == "lvextend") return extend(last, size_in(words, "--size"));
    auto const name = words[words.size() - 2];
    if (volumes.contains(name)) return no(name);
    if (std::find(words.begin(), words.end(), "--snapshot") == words.end()) {
      volumes[name] = {size_in(words, "--virtualsize"), 0};
    } else {
      if (!volumes.contains(last)) return no(last);
      volumes[name] = volumes[last];
    }
    return std::string();
  }

 private:
  static Failure<Error> no(std::string const& name) { return Failure{Error{"LVM refuses " + name, EIO}}; }
  static std::uint64_t size_in(lvm::Words const& words, std::string const& option) { return std::stoull(*(std::find(words.begin(), words.end(), option) + 1)); }
  std::string print() const {
    std::string text = "  thin|1000000000|10.00|4000000|20.00\n  root|5000||| \n";
    for (auto const& [name, volume] : volumes) text += "  " + name + "|" + std::to_string(volume.size) + "|50.00||\n";
    return text;
  }
  Result<std::string> rename(std::string const& from, std::string const& to) {
    if (!volumes.contains(from) || volumes.contains(to)) return no(from);
    volumes[to] = volumes[from];
    volumes.erase(from);
    return std::string();
  }
  Result<std::string> extend(std::string const& name, std::uint64_t size) {
    if (!volumes.contains(name) || volumes[name].size >= size) return no(name);
    volumes[name].size = size;
    return std::string();
  }
};

class LvmThin : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(pool_.ok()) << pool_.error().message;
    ASSERT_TRUE(pool().create(id_, mebibytes(16), Content::blank).ok());
    lvm_.volumes.at("vm+work+private").content = 1;
  }
  Pool& pool() { return **pool_; }
  static KeepRevisions keep(int number) { return *KeepRevisions::make(number); }
  void run_machine(int state) {
    ASSERT_TRUE(pool().begin(id_, keep(2)).ok());
    lvm_.volumes.at("vm+work+private+dirty").content = state;
    ASSERT_TRUE(pool().commit(id_, keep(2)).ok());
  }
  int content() { return lvm_.volumes.at("vm+work+private").content; }
  FakeLvm lvm_;
  Result<std::unique_ptr<LvmThinPool>> pool_ = LvmThinPool::open("qubes", "thin", [this](lvm::Words const& words) { return lvm_.run(words); });
  VolumeId id_ = *VolumeId::make("work", "private");
};

TEST_F(LvmThin, WorksOnSnapshotsAndKeepsRevisions) {
  auto const path = pool().begin(id_, keep(2));
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(path->string(), "/dev/qubes/vm+work+private+dirty");
  lvm_.volumes.at("vm+work+private+dirty").content = 2;
  EXPECT_EQ(content(), 1);
  EXPECT_TRUE(pool().look(id_)->dirty);
  ASSERT_TRUE(pool().commit(id_, keep(2)).ok());
  EXPECT_EQ(content(), 2);
  run_machine(3);
  run_machine(4);
  EXPECT_EQ(pool().look(id_)->revisions.size(), 2U);
  ASSERT_TRUE(pool().revert(id_, std::nullopt, keep(2)).ok());
  EXPECT_EQ(content(), 3);
  ASSERT_TRUE(pool().revert(id_, std::nullopt, keep(2)).ok());
  EXPECT_EQ(content(), 4);
  EXPECT_EQ(pool().begin(id_, KeepRevisions::in_place())->string(), "/dev/qubes/vm+work+private");
}

TEST_F(LvmThin, GrowsImportsClonesAndRemoves) {
  ASSERT_TRUE(pool().begin(id_, keep(1)).ok());
  ASSERT_TRUE(pool().resize(id_, mebibytes(32)).ok());
  EXPECT_EQ(lvm_.volumes.at("vm+work+private+dirty").size, mebibytes(32).value());
  EXPECT_FALSE(pool().resize(id_, mebibytes(16)).ok());
  ASSERT_TRUE(pool().commit(id_, keep(1)).ok());
  ASSERT_TRUE(pool().import_begin(id_, mebibytes(64)).ok());
  lvm_.volumes.at("vm+work+private+import").content = 7;
  ASSERT_TRUE(pool().import_end(id_, true, keep(1)).ok());
  EXPECT_EQ(content(), 7);
  EXPECT_EQ(pool().look(id_)->size, mebibytes(64));
  auto const copy = *VolumeId::make("copy", "private");
  ASSERT_TRUE(pool().create_copy(copy, pool(), id_).ok());
  EXPECT_EQ(lvm_.volumes.at("vm+copy+private").content, 7);
  EXPECT_EQ(pool().create(copy, mebibytes(16), Content::blank).error().errno_value, EEXIST);
  EXPECT_EQ(pool().list()->size(), 2U);
  ASSERT_TRUE(pool().remove(id_).ok());
  ASSERT_TRUE(pool().remove(copy).ok());
  EXPECT_TRUE(lvm_.volumes.empty());
  EXPECT_EQ(pool().look(id_).error().errno_value, ENOENT);
}

TEST_F(LvmThin, TellsDataAndMetadata) {
  auto const usage = pool().usage();
  ASSERT_TRUE(usage.ok());
  EXPECT_EQ(usage->used, ByteCount(100000000));
  EXPECT_EQ(usage->metadata_used, ByteCount(800000));
  EXPECT_FALSE(LvmThinPool::open("qubes", "other", [this](lvm::Words const& words) { return lvm_.run(words); }).ok());
  EXPECT_FALSE(LvmThinPool::open("--help", "thin", [this](lvm::Words const& words) { return lvm_.run(words); }).ok());
}

// Cut off after each command of each operation: the volume is whole afterwards, and starts.
TEST_F(LvmThin, CutOffAnywhereItIsAtACommit) {
  run_machine(2);
  run_machine(3);
  ASSERT_TRUE(pool().begin(id_, keep(2)).ok());
  lvm_.volumes.at("vm+work+private+dirty").content = 4;
  ASSERT_TRUE(pool().import_begin(id_, std::nullopt).ok());
  lvm_.volumes.at("vm+work+private+import").content = 5;
  auto const before = lvm_.volumes;
  struct Operation {
    char const* name;
    std::function<Result<void>(Pool&)> work;
    std::vector<int> allowed;
  };
  Operation const operations[] = {
      {"commit", [&](Pool& pool) { return pool.commit(id_, keep(2)); }, {3, 4}},
      {"revert", [&](Pool& pool) { return pool.revert(id_, std::nullopt, keep(2)); }, {3, 4}},
      {"import", [&](Pool& pool) { return pool.import_end(id_, true, keep(2)); }, {3, 4, 5}},
      {"discard", [&](Pool& pool) { return pool.discard(id_); }, {3}},
      {"prune", [&](Pool& pool) { return pool.prune(id_, keep(0)); }, {3}},
  };
  int points = 0;
  for (auto const& operation : operations) {
    for (int after = 0;; ++after) {
      SCOPED_TRACE(std::string(operation.name) + " cut off after " + std::to_string(after));
      lvm_.volumes = before;
      lvm_.commands_left = after;
      bool const whole = operation.work(pool()).ok();
      lvm_.commands_left = -1;
      auto const facts = pool().look(id_);
      ASSERT_TRUE(facts.ok()) << facts.error().message;
      EXPECT_NE(std::find(operation.allowed.begin(), operation.allowed.end(), content()), operation.allowed.end()) << content();
      int const committed = content();
      ASSERT_TRUE(pool().begin(id_, keep(2)).ok());
      ASSERT_TRUE(pool().commit(id_, keep(2)).ok());
      ASSERT_TRUE(pool().revert(id_, std::nullopt, keep(2)).ok());
      EXPECT_EQ(content(), committed);
      if (whole) break;
      ++points;
    }
  }
  EXPECT_GE(points, 9);
}

TEST(LvmThinReal, WorksWithLvmItself) {
  if (!std::filesystem::exists("/dev/mapper/control") || !std::filesystem::exists("/usr/sbin/lvm")) {
    GTEST_SKIP() << "no device-mapper or no LVM here: that real logical volumes follow these command lines is not shown";
  }
  char const* const group = std::getenv("BULKHEAD_TEST_VOLUME_GROUP");
  if (group == nullptr) GTEST_SKIP() << "set BULKHEAD_TEST_VOLUME_GROUP to a volume group with a thin pool named bulkhead-test: real logical volumes are not shown";
  auto const pool = LvmThinPool::open(group, "bulkhead-test", run_lvm);
  ASSERT_TRUE(pool.ok()) << pool.error().message;
  auto const id = *VolumeId::make("bulkhead-test", "private");
  ASSERT_TRUE((*pool)->remove(id).ok());
  ASSERT_TRUE((*pool)->create(id, mebibytes(64), Content::blank).ok());
  ASSERT_TRUE((*pool)->begin(id, *KeepRevisions::make(1)).ok());
  ASSERT_TRUE((*pool)->resize(id, mebibytes(128)).ok());
  ASSERT_TRUE((*pool)->commit(id, *KeepRevisions::make(1)).ok());
  EXPECT_EQ((*pool)->look(id)->size, mebibytes(128));
  EXPECT_EQ((*pool)->look(id)->revisions.size(), 1U);
  EXPECT_TRUE((*pool)->remove(id).ok());
}

}  // namespace
}  // namespace bh::volumes
