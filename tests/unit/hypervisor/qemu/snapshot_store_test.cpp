// A snapshot is given out only while it is exactly what was committed. Each test spoils one thing.
#include "hypervisor/qemu/snapshot_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/mapping.h"
#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "hypervisor/qemu/content_hash.h"
#include "hypervisor/qemu/overlay_header.h"
#include "hypervisor/volumes/root_overlay.h"

namespace bh::qemu {
namespace {

namespace fs = std::filesystem;
using namespace machine;

constexpr std::uint64_t kMemory = std::uint64_t{20} << 20;  // more than one segment of the hash

class SnapshotStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    temp_.emplace(*TempDir::create("bh-store"));
    reopen();
    key_ = SnapshotKey{text_hash("one machine"), Kilohertz(2'000'000)};
    commit(key_);
  }
  // Another life of the daemon: nothing is known to be verified.
  void reopen() {
    auto store = SnapshotStore::open(folder());
    ASSERT_TRUE(store.ok()) << store.error().message;
    store_.emplace(*std::move(store));
  }
  void commit(SnapshotKey const& key) {
    auto const target = store_->begin(key);
    ASSERT_TRUE(target.ok()) << target.error().message;
    auto const memory = open_file(target->folder / kSnapshotMemory, O_RDWR | O_CREAT);
    ASSERT_TRUE(memory.ok() && ::ftruncate(memory->borrow(), kMemory) == 0);
    ASSERT_EQ(::pwrite(memory->borrow(), "data", 4, kMemory - 100), 4);
    ASSERT_TRUE(write_file_atomically(target->folder / kSnapshotState, "state of the devices").ok());
    auto const overlay = volumes::empty_qcow2(mebibytes(64));
    ASSERT_TRUE(overlay.ok() && write_file_atomically(target->folder / kSnapshotOverlay, as_text(*overlay)).ok());
    auto const committed = store_->commit(key, "a note");
    ASSERT_TRUE(committed.ok()) << committed.error().message;
  }
  fs::path folder() const { return temp_->path() / "snapshots"; }
  fs::path file(char const* name) const { return folder() / key_.text / name; }
  void expect_refused(std::string const& part_of_the_reason) {
    auto const found = store_->find(key_);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().errno_value, EBADMSG) << found.error().message;
    EXPECT_NE(found.error().message.find(part_of_the_reason), std::string::npos) << found.error().message;
  }
  void flip_byte(char const* name, std::uint64_t at) {
    auto const opened = open_file(file(name), O_RDWR);
    ASSERT_TRUE(opened.ok());
    char byte = 0;
    ASSERT_EQ(::pread(opened->borrow(), &byte, 1, static_cast<off_t>(at)), 1);
    byte = static_cast<char>(byte ^ 1);
    ASSERT_EQ(::pwrite(opened->borrow(), &byte, 1, static_cast<off_t>(at)), 1);
  }
  std::optional<TempDir> temp_;
  std::optional<SnapshotStore> store_;
  SnapshotKey key_;
};

TEST_F(SnapshotStoreTest, CommittedOneIsFoundInThisLifeAndTheNext) {
  for (int life = 0; life < 2; ++life) {
    auto const found = store_->find(key_);
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_TRUE(found->memory->open() && found->state->open() && found->overlay->open());
    reopen();
  }
}

TEST_F(SnapshotStoreTest, UnknownKeyIsNotThere) {
  auto const found = store_->find({text_hash("another machine"), key_.tsc});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().errno_value, ENOENT);
  for (std::string const& key : std::vector<std::string>{"", "..", "../snapshots", std::string(64, 'A')}) EXPECT_FALSE(store_->find({key, key_.tsc}).ok()) << key;
}

TEST_F(SnapshotStoreTest, FlippedByteAnywhereIsFound) {
  struct Place {
    char const* name;
    std::uint64_t at;
  };
  for (Place const place : {Place{kSnapshotMemory, 0}, Place{kSnapshotMemory, kMemory - 1}, Place{kSnapshotMemory, kMemory - 100}, Place{kSnapshotState, 3}, Place{kSnapshotOverlay, 65536 * 2}}) {
    flip_byte(place.name, place.at);
    reopen();
    expect_refused(place.name);
    flip_byte(place.name, place.at);
    reopen();
    EXPECT_TRUE(store_->find(key_).ok()) << "and mended";
  }
}

TEST_F(SnapshotStoreTest, FileThatChangesAfterItWasVerifiedIsReadAgain) {
  ASSERT_TRUE(store_->find(key_).ok());
  flip_byte(kSnapshotMemory, 5);
  expect_refused(kSnapshotMemory);
}

TEST_F(SnapshotStoreTest, CutOrGrownFilesAreRefused) {
  for (char const* name : {kSnapshotMemory, kSnapshotState, kSnapshotOverlay}) {
    auto const size = fs::file_size(file(name));
    fs::resize_file(file(name), size - 1);
    expect_refused(name);
    fs::resize_file(file(name), size + 1);
    expect_refused(name);
    commit(key_);
  }
}

TEST_F(SnapshotStoreTest, MissingFilesAreRefused) {
  for (char const* name : {kSnapshotMemory, kSnapshotState, kSnapshotOverlay, "manifest.json"}) {
    fs::remove(file(name));
    expect_refused(name);
    commit(key_);
  }
}

TEST_F(SnapshotStoreTest, LinkOrPipeInPlaceOfAFileIsRefused) {
  for (char const* name : {kSnapshotMemory, kSnapshotState, kSnapshotOverlay, "manifest.json"}) {
    fs::rename(file(name), temp_->path() / "elsewhere");
    fs::create_symlink(temp_->path() / "elsewhere", file(name));
    expect_refused("");
    fs::remove(file(name));
    ASSERT_EQ(::mkfifo(file(name).c_str(), 0600), 0);
    expect_refused("");
    commit(key_);
  }
  fs::rename(folder() / key_.text, temp_->path() / "moved");
  fs::create_directory_symlink(temp_->path() / "moved", folder() / key_.text);
  EXPECT_FALSE(store_->find(key_).ok());
}

TEST_F(SnapshotStoreTest, WhatOthersCouldHaveWrittenIsRefused) {
  ASSERT_EQ(::chmod(file(kSnapshotState).c_str(), 0666), 0);
  expect_refused("others");
  ASSERT_EQ(::chmod(file(kSnapshotState).c_str(), 0600), 0);
  ASSERT_EQ(::chmod((folder() / key_.text).c_str(), 0777), 0);
  expect_refused("others");
}

TEST_F(SnapshotStoreTest, SnapshotOfAnotherMachineUnderThisNameIsRefused) {
  SnapshotKey const other{text_hash("another machine"), key_.tsc};
  commit(other);
  fs::remove_all(folder() / key_.text);
  fs::rename(folder() / other.text, folder() / key_.text);
  expect_refused("another machine");
}

TEST_F(SnapshotStoreTest, ManifestThatIsNoneIsRefused) {
  for (char const* text : {"", "{", "[]", "{}", "{\"format\":2}", "{\"format\":1,\"key\":7}"}) {
    ASSERT_TRUE(write_file_atomically(file("manifest.json"), text).ok());
    expect_refused("manifest");
  }
  ASSERT_TRUE(write_file_atomically(file("manifest.json"), std::string(20000, ' ')).ok());
  expect_refused("too long");
}

TEST_F(SnapshotStoreTest, OtherClockIsRefusedAndOneMeasuredAnewIsNot) {
  EXPECT_TRUE(store_->find({key_.text, Kilohertz(2'000'900)}).ok());
  EXPECT_FALSE(store_->find({key_.text, Kilohertz(2'010'000)}).ok());
  EXPECT_FALSE(store_->find({key_.text, std::nullopt}).ok());
}

TEST_F(SnapshotStoreTest, OverlayThatNamesAFileIsNeitherCommittedNorFound) {
  // The attack: a backing file name in the header, which the next QEMU would open.
  auto const target = store_->begin(key_);
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE(write_file_atomically(target->folder / kSnapshotMemory, "m").ok());
  ASSERT_TRUE(write_file_atomically(target->folder / kSnapshotState, "s").ok());
  auto overlay = *volumes::empty_qcow2(mebibytes(64));
  overlay[15] = std::byte{112};  // backing_file_offset
  overlay[19] = std::byte{11};   // backing_file_size
  std::string const name = "/etc/shadow";
  for (std::size_t i = 0; i < name.size(); ++i) overlay[112 + i] = static_cast<std::byte>(name[i]);
  ASSERT_TRUE(write_file_atomically(target->folder / kSnapshotOverlay, as_text(overlay)).ok());
  auto const committed = store_->commit(key_, "");
  ASSERT_FALSE(committed.ok());
  EXPECT_NE(committed.error().message.find("header of its overlay"), std::string::npos) << committed.error().message;
  EXPECT_TRUE(store_->find(key_).ok()) << "the one before stays";
}

TEST_F(SnapshotStoreTest, HeaderIsOursToTheLastByte) {
  auto const check = [&](auto&& spoil) {
    auto overlay = *volumes::empty_qcow2(mebibytes(64));
    spoil(overlay);
    auto const path = temp_->path() / "overlay";
    EXPECT_TRUE(write_file_atomically(path, as_text(overlay)).ok());
    return check_overlay_header(*open_file(path, O_RDONLY));
  };
  auto const good = check([](Bytes&) {});
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(*good, mebibytes(64));
  for (std::size_t const at : {0U, 4U, 8U, 19U, 24U, 32U, 35U, 39U, 47U, 55U, 63U, 71U, 79U, 87U, 95U, 99U, 103U, 104U, 112U, 65535U}) {
    EXPECT_FALSE(check([&](Bytes& bytes) { bytes[at] ^= std::byte{1}; }).ok()) << at;
  }
  EXPECT_FALSE(check([](Bytes& bytes) { bytes.resize(65535); }).ok());
  EXPECT_FALSE(check([](Bytes& bytes) { std::fill_n(bytes.begin() + 24, 8, std::byte{0xFF}); }).ok());
}

TEST_F(SnapshotStoreTest, BegunAndNotCommittedIsForgottenByTheNextLife) {
  SnapshotKey const other{text_hash("another machine"), key_.tsc};
  auto const target = store_->begin(other);
  ASSERT_TRUE(target.ok() && write_file_atomically(target->folder / kSnapshotMemory, "half").ok());
  EXPECT_FALSE(store_->find(other).ok());
  EXPECT_EQ(store_->list()->size(), 1U);
  reopen();
  EXPECT_FALSE(fs::exists(target->folder));
  EXPECT_TRUE(store_->find(key_).ok());
}

TEST_F(SnapshotStoreTest, CommitWithoutFilesIsRefused) {
  SnapshotKey const other{text_hash("another machine"), key_.tsc};
  EXPECT_FALSE(store_->commit(other, "").ok()) << "nothing was begun";
  ASSERT_TRUE(store_->begin(other).ok());
  EXPECT_FALSE(store_->commit(other, "").ok()) << "nothing was saved";
  store_->abandon(other);
  EXPECT_FALSE(store_->find(other).ok());
}

TEST_F(SnapshotStoreTest, NewerReplacesOlderAndClonesKeepTheirFiles) {
  auto const before = store_->find(key_);
  ASSERT_TRUE(before.ok());
  commit(key_);
  EXPECT_TRUE(store_->find(key_).ok());
  EXPECT_EQ(store_->list()->size(), 1U);
  char data[4];
  EXPECT_EQ(::pread((*before).memory->borrow(), data, 4, kMemory - 100), 4);
}

TEST_F(SnapshotStoreTest, ListRemoveAndPrune) {
  for (char const* machine : {"2", "3", "4"}) commit({text_hash(machine), std::nullopt});
  auto const all = store_->list();
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 4U);
  EXPECT_EQ((*all)[0].note, "a note");
  EXPECT_GT((*all)[0].size.value(), 0U);
  EXPECT_LT((*all)[0].size.value(), kMemory) << "sparse";
  ASSERT_TRUE(store_->remove(key_.text).ok());
  EXPECT_TRUE(store_->remove(key_.text).ok()) << "none is no error";
  EXPECT_FALSE(store_->remove("../snapshots").ok());
  EXPECT_FALSE(store_->find(key_).ok());
  auto const gone = store_->prune(ByteCount((*all)[0].size.value() * 2));
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(gone->size(), 1U);
  EXPECT_EQ(store_->list()->size(), 2U);
  EXPECT_EQ(store_->prune(ByteCount(0))->size(), 2U);
}

TEST_F(SnapshotStoreTest, SharedMemoryCannotBeChangedByAnyoneWhoHoldsIt) {
  auto const files = store_->find_shared(key_);
  ASSERT_TRUE(files.ok()) << files.error().message;
  auto const again = store_->find_shared(key_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(files->shared_memory, again->shared_memory) << "one copy for all";
  // As a QEMU that was taken over would: through a descriptor of its own, opened for writing.
  auto const held = open_file("/proc/self/fd/" + std::to_string(files->shared_memory->borrow()), O_RDWR);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(::fallocate(held->borrow(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kMemory), -1) << "what a balloon does";
  EXPECT_EQ(::pwrite(held->borrow(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(held->borrow(), 0), -1);
  EXPECT_FALSE(Mapping::map(*held, kMemory, Mapping::Access::read_write).ok());
  auto const mapped = Mapping::map(*held, kMemory, Mapping::Access::read);
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(::madvise(mapped->bytes().data(), kMemory, MADV_REMOVE), -1);
  EXPECT_EQ(mapped->bytes()[kMemory - 100], std::byte{'d'}) << "all there";
}

TEST_F(SnapshotStoreTest, SharedMemoryIsThatOfTheNewestSnapshot) {
  auto const before = store_->find_shared(key_);
  ASSERT_TRUE(before.ok());
  commit(key_);
  auto const after = store_->find_shared(key_);
  ASSERT_TRUE(after.ok());
  EXPECT_NE(before->shared_memory, after->shared_memory);
}

TEST(ContentHash, DependsOnContentAndPlaceNotOnHoles) {
  auto const make = [](std::uint64_t at, char const* text, bool touched) {
    UniqueFd file = *make_sealed_memory("file", kMemory);
    if (touched) {
      EXPECT_EQ(::pwrite(file.borrow(), std::string(70000, '\0').data(), 70000, 0), 70000);
    }
    EXPECT_EQ(::pwrite(file.borrow(), text, 4, static_cast<off_t>(at)), 4);
    return file;
  };
  auto const hash = [](UniqueFd const& file, unsigned threads) { return content_hash(file, ByteCount(kMemory), threads).value_or("?"); };
  std::string const one = hash(make(1000000, "data", false), 1);
  EXPECT_EQ(one.size(), 64U);
  EXPECT_EQ(hash(make(1000000, "data", false), 2), one);
  EXPECT_EQ(hash(make(1000000, "data", true), 2), one);
  EXPECT_NE(hash(make(1065536, "data", false), 2), one) << "moved by a chunk";
  EXPECT_NE(hash(make(1000000, "date", false), 2), one);
  EXPECT_FALSE(content_hash(make(0, "data", false), ByteCount(kMemory + 1), 1).ok());
}

}  // namespace
}  // namespace bh::qemu
