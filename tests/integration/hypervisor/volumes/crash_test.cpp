// Killed with -9 at every single system call of every operation on a volume: the volume is always wholly what it was before or wholly what it
// should become, its revisions are whole, and it can be started. And killed at random moments of a long life, with writes under way.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include "base/temp_dir.h"
#include "hypervisor/volumes/pool/file_pool.h"
#include "hypervisor/volumes/template_revisions.h"
#include "tests/integration/hypervisor/volumes/syscall_killer.h"
#include "tests/unit/hypervisor/volumes/pool/pattern.h"

namespace bh::volumes {
namespace {

namespace fs = std::filesystem;

VolumeId const kWork = *VolumeId::make("work", "private");
VolumeId const kCopy = *VolumeId::make("copy", "private");
KeepRevisions const kTwo = *KeepRevisions::make(2);

// States of the volume: 1 and 2 are revisions, 3 the last commit; 4 is what the operation may bring.
struct Operation {
  char const* name;
  void (*prepare)(Pool&);
  void (*work)(Pool&);
  std::set<int> allowed;  // states the volume may be in after a crash
  int after;              // and after success
};

// A killed process loses nothing that it wrote, so what counts here is the order of calls and not the disk, whose fsync makes thousands of rounds slow.
Result<TempDir> folder_in_memory() {
  std::error_code error;
  if (fs::is_directory("/dev/shm", error)) ::setenv("TMPDIR", "/dev/shm", 1);
  return TempDir::create("bh-crash");
}

void nothing(Pool&) {}
void must(bool good) {
  if (!good) ::_exit(7);
}

void begin_and_write(Pool& pool) {
  auto const path = pool.begin(kWork, kTwo);
  must(path.ok() && write_pattern(*path, 4));
}
void begin_import(Pool& pool) {
  auto const path = pool.import_begin(kWork, std::nullopt);
  must(path.ok() && write_pattern(*path, 4));
}

Operation const kOperations[] = {
    {"start and write", nothing, begin_and_write, {3}, 3},
    {"commit after stop", begin_and_write, [](Pool& pool) { must(pool.commit(kWork, kTwo).ok()); }, {3, 4}, 4},
    {"commit, no revisions wanted", begin_and_write, [](Pool& pool) { must(pool.commit(kWork, *KeepRevisions::make(0)).ok()); }, {3, 4}, 4},
    {"discard", begin_and_write, [](Pool& pool) { must(pool.discard(kWork).ok()); }, {3}, 3},
    {"revert", nothing, [](Pool& pool) { must(pool.revert(kWork, std::nullopt, kTwo).ok()); }, {2, 3}, 2},
    {"revert of a dirty volume", begin_and_write, [](Pool& pool) { must(pool.revert(kWork, std::nullopt, kTwo).ok()); }, {3, 4}, 3},
    {"import", nothing, begin_import, {3}, 3},
    {"end of an import", begin_import, [](Pool& pool) { must(pool.import_end(kWork, true, kTwo).ok()); }, {3, 4}, 4},
    {"import given up", begin_import, [](Pool& pool) { must(pool.import_end(kWork, false, kTwo).ok()); }, {3}, 3},
    {"grow while in use", begin_and_write, [](Pool& pool) { must(pool.resize(kWork, mebibytes(32)).ok()); }, {3}, 3},
    {"prune", nothing, [](Pool& pool) { must(pool.prune(kWork, *KeepRevisions::make(1)).ok()); }, {3}, 3},
    {"clone", nothing, [](Pool& pool) { must(pool.create_copy(kCopy, pool, kWork).ok()); }, {3}, 3},
    {"clone into another", [](Pool& pool) { must(pool.create(kCopy, mebibytes(16), Content::blank).ok() && write_pattern(pool.committed(kCopy), 4)); },
     [](Pool& pool) { must(pool.replace_by_copy(kWork, pool, kCopy, kTwo).ok()); }, {3, 4}, 4},
};

Result<std::unique_ptr<FilePool>> fresh_pool(fs::path const& folder) {
  BH_TRY(pool, FilePool::open(folder));
  BH_CHECK(pool->create(kWork, mebibytes(16), Content::blank));
  must(write_pattern(pool->committed(kWork), 1));
  for (std::uint8_t state = 2; state <= 3; ++state) {
    BH_TRY(path, pool->begin(kWork, kTwo));
    must(write_pattern(path, state));
    BH_CHECK(pool->commit(kWork, kTwo));
  }
  return pool;
}

// What a daemon does that comes up after the crash.
void check_after(fs::path const& folder, std::set<int> const& allowed) {
  auto opened = FilePool::open(folder);
  ASSERT_TRUE(opened.ok());
  Pool& pool = **opened;
  auto const state = read_pattern(pool.committed(kWork));
  ASSERT_TRUE(state) << "the volume holds a mixture";
  EXPECT_TRUE(allowed.contains(*state)) << "state " << *state;
  auto const facts = pool.look(kWork);
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  for (auto const& revision : facts->revisions) {
    auto const old = read_pattern(folder / "work" / ("private." + revision.text() + ".img"));
    ASSERT_TRUE(old) << revision.text();
    EXPECT_GE(*old, 1);
    EXPECT_LE(*old, 4);
  }
  if (fs::exists(pool.committed(kCopy))) {
    EXPECT_TRUE(read_pattern(pool.committed(kCopy)) == 3 || read_pattern(pool.committed(kCopy)) == 4);
  }
  // It starts, and what is written then becomes the next commit.
  auto const path = pool.begin(kWork, kTwo);
  ASSERT_TRUE(path.ok()) << path.error().message;
  EXPECT_GE(fs::file_size(*path), facts->size.value());
  ASSERT_TRUE(write_pattern(*path, 9));
  EXPECT_EQ(read_pattern(pool.committed(kWork)), state) << "a start must not touch the last commit";
  ASSERT_TRUE(pool.commit(kWork, kTwo).ok());
  EXPECT_EQ(read_pattern(pool.committed(kWork)), 9);
  ASSERT_TRUE(pool.revert(kWork, std::nullopt, kTwo).ok());
  EXPECT_EQ(read_pattern(pool.committed(kWork)), state);
}

TEST(VolumeCrash, LeavesEveryVolumeAtACommitWhateverCallItHits) {
  auto const temp = folder_in_memory();
  ASSERT_TRUE(temp.ok());
  int points = 0;
  for (auto const& operation : kOperations) {
    for (int stop = 1;; ++stop) {
      SCOPED_TRACE(std::string(operation.name) + ", killed at stop " + std::to_string(stop));
      fs::path const folder = temp->path() / "pool";
      fs::create_directory(folder);
      auto pool = fresh_pool(folder);
      ASSERT_TRUE(pool.ok()) << pool.error().message;
      operation.prepare(**pool);
      Fate const fate = run_and_kill_at([&] { operation.work(**pool); }, stop);
      if (fate == Fate::untraceable && points == 0) GTEST_SKIP() << "processes cannot be traced here, so the exact points are not shown";
      ASSERT_NE(fate, Fate::untraceable);
      check_after(folder, fate == Fate::finished ? std::set<int>{operation.after} : operation.allowed);
      fs::remove_all(folder);
      if (HasFatalFailure()) return;
      if (fate == Fate::finished) break;
      ++points;
    }
  }
  std::printf("killed at %d points\n", points);
  EXPECT_GE(points, 200);
}

fs::path made_template(fs::path const& root, std::string const& content) {
  fs::path const folder = root / ("made-" + content);
  fs::create_directories(folder);
  must(write_file_atomically(folder / "manifest.json", "{}").ok() && write_file_atomically(folder / "root.img", content).ok());
  return folder;
}

TEST(VolumeCrash, LeavesEveryTemplateAtARevisionWhateverCallItHits) {
  auto const temp = folder_in_memory();
  ASSERT_TRUE(temp.ok());
  int points = 0;
  for (int stop = 1;; ++stop) {
    SCOPED_TRACE(stop);
    fs::path const root = temp->path() / "root";
    fs::create_directories(root / "templates");
    TemplateRevisions revisions(root / "templates", root / "revisions");
    for (char const* content : {"one", "two"}) ASSERT_TRUE(revisions.commit("debian", made_template(root, content), 1).ok());
    auto const third = made_template(root, "three");
    Fate const fate = run_and_kill_at([&] { must(revisions.commit("debian", third, 1).ok()); }, stop);
    if (fate == Fate::untraceable && points == 0) GTEST_SKIP() << "processes cannot be traced here, so the exact points are not shown";
    ASSERT_NE(fate, Fate::untraceable);
    auto const now = read_file(root / "templates/debian/root.img", 100).value_or("(gone)");
    EXPECT_TRUE(now == "three" || (now == "two" && fate == Fate::killed)) << now;
    EXPECT_TRUE(revisions.current("debian").value_or(std::nullopt).has_value());
    ASSERT_TRUE(revisions.commit("debian", made_template(root, "four"), 1).ok());
    EXPECT_EQ(read_file(root / "templates/debian/root.img", 100).value_or(""), "four");
    ASSERT_TRUE(revisions.revert("debian", std::nullopt).ok());
    auto const before = read_file(root / "templates/debian/root.img", 100).value_or("(gone)");
    EXPECT_TRUE(before == "two" || before == "three") << before;
    fs::remove_all(root);
    if (fate == Fate::finished) break;
    ++points;
  }
  EXPECT_GE(points, 30);
}

// A long life: start, write, stop, revert, import, clone, in an order by chance.
[[noreturn]] void live(Pool& pool, unsigned seed) {
  std::mt19937 random(seed);
  for (;;) {
    auto const state = static_cast<std::uint8_t>(1 + random() % 250);
    switch (random() % 5) {
      case 0: (void)pool.revert(kWork, std::nullopt, kTwo); break;
      case 1: {
        auto const path = pool.import_begin(kWork, std::nullopt);
        must(path.ok() && write_pattern(*path, state) && pool.import_end(kWork, random() % 2 == 0, kTwo).ok());
        break;
      }
      case 2: must(pool.remove(kCopy).ok() && pool.create_copy(kCopy, pool, kWork).ok()); break;
      default: {
        auto const path = pool.begin(kWork, kTwo);
        // As a guest that rewrites its disk while it runs.
        must(path.ok() && write_pattern(*path, static_cast<std::uint8_t>(state ^ 1)) && write_pattern(*path, state) && pool.commit(kWork, kTwo).ok());
      }
    }
  }
}

TEST(VolumeCrash, LeavesEveryVolumeWholeAtRandomMoments) {
  auto const temp = folder_in_memory();
  ASSERT_TRUE(temp.ok());
  auto pool = fresh_pool(temp->path());
  ASSERT_TRUE(pool.ok()) << pool.error().message;
  std::random_device source;
  unsigned const seed = source();
  std::mt19937 random(seed);
  std::set<int> states;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    auto const child_seed = static_cast<unsigned>(random());
    pid_t const child = ::fork();
    if (child == 0) live(**pool, child_seed);
    ASSERT_GT(child, 0);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the life ended by itself: an operation failed";
    auto const state = read_pattern((*pool)->committed(kWork));
    ASSERT_TRUE(state) << "the volume holds a mixture";
    states.insert(*state);
    auto const facts = (*pool)->look(kWork);
    ASSERT_TRUE(facts.ok());
    for (auto const& revision : facts->revisions) ASSERT_TRUE(read_pattern(temp->path() / "work" / ("private." + revision.text() + ".img"))) << revision.text();
    if (fs::exists((*pool)->committed(kCopy))) {
      ASSERT_TRUE(read_pattern((*pool)->committed(kCopy)));
    }
    // What was cut off while it ran may be a mixture, as a disk is whose power is cut; a working copy that was not written to yet is not.
    bool const cut_in_a_write = facts->dirty && !read_pattern((*pool)->begin(kWork, kTwo).value_or({}));
    if (cut_in_a_write || random() % 2 == 0) {
      ASSERT_TRUE((*pool)->discard(kWork).ok());
    }
  }
  EXPECT_GT(states.size(), 3U) << "nothing was ever committed between the kills";
}

}  // namespace
}  // namespace bh::volumes
