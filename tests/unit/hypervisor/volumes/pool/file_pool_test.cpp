// The driver `file`: a volume is its last commit, whatever a machine does to its working copy; old states can be had back.
#include "hypervisor/volumes/pool/file_pool.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

#include "base/temp_dir.h"
#include "tests/unit/hypervisor/volumes/pool/pattern.h"

namespace bh::volumes {
namespace {

namespace fs = std::filesystem;

class FilePoolTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(pool_.ok()) << pool_.error().message;
    ASSERT_TRUE(pool().create(id_, mebibytes(16), Content::blank).ok());
    ASSERT_TRUE(write_pattern(pool().committed(id_), 1));
  }
  Pool& pool() { return **pool_; }
  static KeepRevisions keep(int number) { return *KeepRevisions::make(number); }
  // One run of a machine that leaves this state.
  void run_machine(std::uint8_t state, int revisions = 2) {
    auto const path = pool().begin(id_, keep(revisions));
    ASSERT_TRUE(path.ok()) << path.error().message;
    ASSERT_TRUE(write_pattern(*path, state));
    ASSERT_TRUE(pool().commit(id_, keep(revisions)).ok());
  }
  std::vector<RevisionId> revisions() { return pool().look(id_)->revisions; }
  Result<TempDir> temp_ = TempDir::create("bh-pool");
  Result<std::unique_ptr<FilePool>> pool_ = FilePool::open(temp_->path());
  VolumeId id_ = *VolumeId::make("work", "private");
};

TEST_F(FilePoolTest, AMachineWritesToACopyUntilItStops) {
  auto const path = pool().begin(id_, keep(1));
  ASSERT_TRUE(path.ok());
  EXPECT_NE(*path, pool().committed(id_));
  ASSERT_TRUE(write_pattern(*path, 2));
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
  EXPECT_TRUE(pool().look(id_)->dirty);
  ASSERT_TRUE(pool().commit(id_, keep(1)).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 2);
  EXPECT_FALSE(pool().look(id_)->dirty);
  ASSERT_EQ(revisions().size(), 1U);
}

TEST_F(FilePoolTest, InPlaceMeansNoCopyAndNoRevision) {
  auto const path = pool().begin(id_, KeepRevisions::in_place());
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(*path, pool().committed(id_));
  ASSERT_TRUE(pool().commit(id_, KeepRevisions::in_place()).ok());
  EXPECT_TRUE(revisions().empty());
}

TEST_F(FilePoolTest, NoMoreRevisionsAreKeptThanAsked) {
  for (std::uint8_t state = 2; state < 7; ++state) run_machine(state, 3);
  ASSERT_EQ(revisions().size(), 3U);
  EXPECT_EQ(revisions()[0].number(), 3U);
  EXPECT_EQ(revisions()[2].number(), 5U);
  ASSERT_TRUE(pool().prune(id_, keep(1)).ok());
  EXPECT_EQ(revisions().size(), 1U);
  ASSERT_TRUE(pool().prune(id_, keep(0)).ok());
  EXPECT_TRUE(revisions().empty());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 6);
}

TEST_F(FilePoolTest, RevertGoesBackAndCanBeUndone) {
  run_machine(2);
  run_machine(3);
  ASSERT_TRUE(pool().revert(id_, std::nullopt, keep(2)).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 2);
  ASSERT_TRUE(pool().revert(id_, std::nullopt, keep(2)).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 3);
  auto const oldest = revisions().front();
  ASSERT_TRUE(pool().revert(id_, oldest, keep(2)).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
  EXPECT_EQ(pool().revert(id_, oldest, keep(2)).error().errno_value, ENOENT) << "it was used up";
}

TEST_F(FilePoolTest, RevertWithoutRevisionsIsRefused) {
  auto const result = pool().revert(id_, std::nullopt, keep(2));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
}

TEST_F(FilePoolTest, WhatAPowerCutLeftIsTakenUpAgain) {
  auto path = pool().begin(id_, keep(1));
  ASSERT_TRUE(write_pattern(*path, 2));
  auto fresh = FilePool::open(temp_->path());  // the next daemon
  path = (*fresh)->begin(id_, keep(1));
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(read_pattern(*path), 2);
  // The same for a qube that has been set to be used in place meanwhile: its last work is not forgotten.
  path = (*fresh)->begin(id_, KeepRevisions::in_place());
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(read_pattern(*path), 2);
}

TEST_F(FilePoolTest, WhatAPowerCutLeftSurvivesARevertToTheLastCommit) {
  auto const path = pool().begin(id_, keep(1));
  ASSERT_TRUE(write_pattern(*path, 2));
  ASSERT_TRUE(pool().revert(id_, std::nullopt, keep(1)).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
  EXPECT_FALSE(pool().look(id_)->dirty);
  ASSERT_EQ(revisions().size(), 1U);
  ASSERT_TRUE(pool().revert(id_, std::nullopt, keep(1)).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 2);
}

TEST_F(FilePoolTest, ADisposableWorksOnACopyOfItsTemplate) {
  auto const disposable = *VolumeId::make("disp1", "private");
  auto const path = pool().begin_from(id_, disposable);
  ASSERT_TRUE(path.ok()) << path.error().message;
  EXPECT_EQ(read_pattern(*path), 1);
  ASSERT_TRUE(write_pattern(*path, 9));
  ASSERT_TRUE(pool().discard(disposable).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
  EXPECT_FALSE(pool().look(disposable).ok());
  ASSERT_TRUE(pool().remove(disposable).ok());
  EXPECT_FALSE(fs::exists(temp_->path() / "disp1"));
}

TEST_F(FilePoolTest, ARevisionOfACommitThatWasCutOffIsNotOne) {
  fs::create_hard_link(pool().committed(id_), temp_->path() / "work/private.7-20261122T165800Z.img");
  EXPECT_TRUE(revisions().empty());
  auto const path = pool().begin(id_, KeepRevisions::in_place());
  ASSERT_TRUE(path.ok());
  EXPECT_FALSE(fs::exists(temp_->path() / "work/private.7-20261122T165800Z.img")) << "the machine would write to both";
}

TEST_F(FilePoolTest, RemoveTakesAllOfTheVolumeAndNothingElse) {
  run_machine(2);
  (void)pool().begin(id_, keep(1));
  (void)pool().import_begin(id_, std::nullopt);
  auto const other = *VolumeId::make("work", "root");
  ASSERT_TRUE(pool().create(other, mebibytes(16), Content::blank).ok());
  EXPECT_EQ(pool().list()->size(), 2U);
  ASSERT_TRUE(pool().remove(id_).ok());
  ASSERT_EQ(pool().list()->size(), 1U);
  EXPECT_EQ(pool().list()->front(), other);
  EXPECT_EQ(std::distance(fs::directory_iterator(temp_->path() / "work"), fs::directory_iterator()), 1);
  ASSERT_TRUE(pool().remove(other).ok());
  EXPECT_FALSE(fs::exists(temp_->path() / "work"));
  EXPECT_TRUE(pool().remove(other).ok());
}

TEST_F(FilePoolTest, LinksInAVolumesPlaceAreNotFollowed) {
  auto const victim = temp_->path() / "victim";
  std::ofstream(victim) << std::string(mebibytes(16).value(), 'v');
  fs::remove(pool().committed(id_));
  fs::create_symlink(victim, pool().committed(id_));
  EXPECT_FALSE(pool().look(id_).ok());
  EXPECT_FALSE(pool().begin(id_, keep(1)).ok());
  EXPECT_FALSE(pool().begin(id_, KeepRevisions::in_place()).ok());
  EXPECT_FALSE(pool().resize(id_, mebibytes(32)).ok());
  EXPECT_FALSE(pool().create(id_, mebibytes(32), Content::blank).ok());
  EXPECT_EQ(fs::file_size(victim), mebibytes(16).value());
}

}  // namespace
}  // namespace bh::volumes
